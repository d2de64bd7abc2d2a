"""Canaries: made-up identifiers planted in shadow copies of notes, to bound what the screen misses.

```
note ──shadow──▶ copy with 5 identifiers ──the actor's own screener──▶ findings ──trial──▶ missed or not ──rates──▶ gate
                 (memory alone)                                         a row a plant: kind, cue, form
```

What it shows: the share of identifiers, in the kinds, cues and forms of `wording.yaml`, that the screen would leave in
notes like these. What it does not: how often a hospital writes which form, and forms that nobody thought of. A bound on
what is left in the notes needs a sample of passed notes that people have read.
"""
