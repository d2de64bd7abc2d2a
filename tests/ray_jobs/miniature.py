"""The whole pipeline in miniature, and jobs run as a user runs them: as processes of their own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml  # type: ignore[import-untyped]

REPOSITORY = Path(__file__).resolve().parents[2]

_CONFIG = """
storage: {root}/storage
demo:
  directory: {root}/demo
  hospital: {{num_patients: 120, seed: 17, in_hospital_share: 0.3}}
  model:
    {{vocab_size: 1000, hidden_size: 64, intermediate_size: 128, num_layers: 2, num_heads: 4, num_kv_heads: 2, head_dim: 16}}
ingest:
  notes: {root}/demo/notes
  carry: [in_hospital_arrest]
  rows_per_shard: 30
  validation_share: 0.2
  test_share: 0.2
model:
  path: {root}/demo/model
packing:
  pack_tokens: 1024
  packs_per_step: 2
  window_examples: 40
training:
  num_workers: 2
  learning_rate: 3.0e-3
  validate_every_steps: 10
  checkpoint_every_steps: 5
  log_every_steps: 1
tuning:
  task:
    name: cardiac_arrest
    question: Does this note mention a cardiac arrest of this patient in the hospital? Answer yes or no.
    label_column: in_hospital_arrest
    labels: ["yes", "no"]
    positive: "yes"
  num_trials: 4
  epochs: 1
  learning_rate_range: [3.0e-4, 5.0e-3]
  max_train_examples: 64
  max_validation_examples: 20
  validate_every_steps: 5
scoring:
  max_items_per_task: 40
  max_item_tokens: 1024
  num_bootstrap: 1000
  benchmarks:
    - {{name: general, path: {root}/demo/benchmarks/general.parquet, format: items}}
    - {{name: biomedical, path: {root}/demo/benchmarks/biomedical.parquet, format: items}}
cluster:
  local_cpus: 10
"""


def write_config(root: Path) -> Path:
    """Write the miniature's configuration for a folder of its own, and return the YAML file."""
    text = _CONFIG.format(root=root)
    yaml.safe_load(text)
    path = root / "miniature.yaml"
    path.write_text(text)
    return path
