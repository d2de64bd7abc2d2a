"""Selection: which of the accepted notes are used. Decided over all notes before any is screened.

    notes of a shard ──fingerprints──▶ SURVEY rows (keyed hashes, no text) ──┐
    notes of a shard ──fingerprints──▶ SURVEY rows ──────────────────────────┴─decisions─▶ DECISIONS, shard by shard
                                                                                              │
    notes of a shard ──────────────────────────apply──────────────────────────────────────────┘──▶ notes that are used
    examples ──leakage──▶ EXAMPLE_KEYS ──▶ no patient and no text is on two sides of the split

`config`         which copies are dropped, and how the sides are cut
`fingerprints`   keyed hashes and the MinHash signature of a note
`near_twins`     locality-sensitive hashing: which notes are near copies of one that is kept
`decisions`      the rules and their order
`apply`          the decisions about one shard, done to its notes and recorded in the ledger
`leakage`        the proof, from the finished examples

Reasons in the ledger: `duplicate` with `duplicate_note_id`, `same_text` or `near_text`; `rejected` with
`missing_written_at` or `patient_in_later_split` (a split by time alone).
"""
