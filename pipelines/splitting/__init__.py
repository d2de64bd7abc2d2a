"""Splitting: from a safe note to a prompt (the patient's presentation) and a target (the physician's reasoning).

    text ──headers──▶ headers ──sections──▶ sections ──target──▶ roles ──leaks──▶ pieces ──split──▶ prompt, target
            └ lexicon.yaml        └ layout             └ preference       └ leaks.yaml      └ thresholds | rejection

Parts: `lexicon` what headers are called (data: lexicon.yaml); `headers` where they stand; `sections` the note cut at
those that count; `target` which run of sections is the target and what becomes of the others; `sentences` a section's
sentences; `leaks` which of them give the target away (data: leaks.yaml); `copying` how much of a target stands in its
prompt; `split` one note, and a table of notes.

    split_note("HPI: Fever and cough for three days.\nIMPRESSION: Pneumonia.\nPLAN: Amoxicillin.", "clinic")
"""
