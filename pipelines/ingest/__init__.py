"""Ingest: from note tables as hospitals have them to notes in the contract's columns, with one outcome for each row.

    files ──plan_ingest──▶ shards (pieces of files) ──read_shard──▶ accepted notes
      columns and row counts alone                     └ one INGEST ledger row for each row read

    plan = plan_ingest(IngestConfig(notes="notes/*.csv.gz"))
    ledger = LedgerRows()
    notes = read_shard(plan.shards[0], config, plan.carried, ledger)

Parts: `config` the settings; `sources` paths, globs and URIs to files and their bytes; `formats` Parquet, CSV, JSON
lines and FHIR behind one interface; `columns` how a file's columns meet the contract; `plan` what is read and in which
pieces; `read` one shard; `mojibake` text that was decoded wrongly; `patient_split` train, validation or test. Tables
whose notes are not ready to read have `presets`, `joins`, `compose` and `fhir`; `profile` looks at an unknown one.

The outcome of a row at this stage, and its reason; where several apply, the first of them:

    accepted
    unknown      unreadable_file     its part of the file turned out damaged, and `on_bad_file` is `skip`
    rejected     malformed_row       it cannot be taken apart: fields too few or too many, broken quotation, no object
    quarantined  mojibake            a column that is read holds bytes that are not UTF-8
    rejected     missing_note_id     null or blank
    rejected     missing_patient_id  null or blank
    rejected     empty_text          null or blank
    quarantined  oversize            text longer than `max_note_bytes`
    quarantined  mojibake            text that was decoded with the wrong codec
    rejected     bad_written_at      no date and time that can be read without a guess
    rejected     bad_age             no whole number of years from 0 to 130, and no top code
"""
