"""Splitting: from a safe note to a prompt (the patient's presentation) and a target (the physician's reasoning).

    text ──headers──▶ headers ──sections──▶ sections ──target──▶ roles ──split──▶ prompt, target | rejection
            └ lexicon.yaml        └ layout             └ preference        └ leak guard

Parts: `lexicon` what headers are called (data: lexicon.yaml); `headers` where they stand; `sections` the note cut at
those that count; `target` which run of sections is the target and what becomes of the others; `copying` how much of a
target its prompt gives away; `split` one note, and a table of notes.

    split_note("HPI: Fever and cough for three days.\nIMPRESSION: Pneumonia.\nPLAN: Amoxicillin.", "clinic")
"""
