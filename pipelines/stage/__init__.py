"""What every stage stands on: its output directory, its ledger, the guard around note text, and Ray."""
