"""Ingest: from Parquet as a hospital writes it to notes in the contract's columns, with one outcome for each row.

    files ──plan_ingest──▶ shards (row ranges) ──read_shard──▶ accepted notes
      footers + note ids only                       └ one INGEST ledger row for each row read

Parts: `config` the settings; `sources` paths, globs and URIs to files; `columns` how a file's columns meet the
contract; `plan` what is read and in which pieces; `read` one piece; `mojibake` text that was decoded wrongly;
`patient_split` train, validation or test.

    plan = plan_ingest(IngestConfig(notes="notes/*.parquet"))
    ledger = LedgerRows()
    notes = read_shard(plan.shards[0], config, plan.carried, ledger)
"""
