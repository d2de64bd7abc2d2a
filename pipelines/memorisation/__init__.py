"""The privacy audit of a trained model: whether notes, or what stands in them, come back out of it.

```
canaries ──beside the examples──▶ train ──▶ model ─┬─ losses of canaries and alternatives ─────▶ exposure
                                                   ├─ losses of trained and held-out patients ─▶ membership
                                                   └─ greedy continuations ─┬─ as the target ──▶ extraction
                                                                            └─ screened ───────▶ disclosure
```

What it shows: what these four attacks get out of the model, with intervals. What it does not: that no other attack gets
more. Held-out examples are the baseline of each measure, since clinical prose repeats itself without any memory of a
patient. What leaves the process that decodes is counts; no generated text is written anywhere.
"""
