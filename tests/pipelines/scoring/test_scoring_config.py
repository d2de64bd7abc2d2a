from pathlib import Path

import jsonargparse
import pytest

from pipelines.scoring.config import BenchmarkSource, DiagnosisTaskConfig, ScoringConfig
from schemas.errors import ConfigError


def test_yaml_gives_nested_settings(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        "scoring:\n"
        "  max_items_per_task: 7\n"
        "  diagnosis: {num_choices: 3}\n"
        "  rivals: {qwen3-32b: Qwen/Qwen3-32B}\n"
        "  benchmarks:\n"
        "    - {name: pubmedqa, path: a.parquet, prompt: '{q}', choices: ['yes', 'no'], answer_column: final}\n"
    )
    parser = jsonargparse.ArgumentParser()
    parser.add_argument("--config", action="config")
    parser.add_argument("--scoring", type=ScoringConfig, default=ScoringConfig())
    scoring = parser.instantiate_classes(parser.parse_args(["--config", str(file), "--scoring.seed", "5"])).scoring
    assert scoring == ScoringConfig(
        max_items_per_task=7,
        seed=5,
        diagnosis=DiagnosisTaskConfig(num_choices=3),
        rivals={"qwen3-32b": "Qwen/Qwen3-32B"},
        benchmarks=[
            BenchmarkSource(
                name="pubmedqa", path="a.parquet", prompt="{q}", choices=["yes", "no"], answer_column="final"
            )
        ],
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_tokens": 1024}, "batch_tokens is 1024: give at least"),
        ({"num_actors": 0}, "num_actors is 0"),
        ({"num_bootstrap": 100}, "num_bootstrap is 100"),
        ({"rivals": {"a/b": "x"}}, "rivals name 'a/b'"),
        ({"benchmarks": [BenchmarkSource(name="a", path="x", format="items")] * 2}, "named twice"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ScoringConfig(**settings)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"prompt": "{q}"}, "either choices or choice_columns"),
        ({"prompt": "{q}", "choices": ["a", "b"], "choice_columns": ["c"]}, "either choices or choice_columns"),
        ({"prompt": "q", "choices": ["a", "b"]}, "name at least one column"),
        ({"prompt": "{q!r}", "choices": ["a", "b"]}, "a column's name and nothing else"),
        ({"prompt": "{q", "choices": ["a", "b"]}, "write a brace as"),
        ({"prompt": "{q}", "choices": ["a", "a"]}, "all different"),
    ],
)
def test_mappings_that_cannot_work_are_refused(mapping: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        BenchmarkSource(name="task", path="x.parquet", **mapping)


def test_task_name_must_make_a_file_name() -> None:
    with pytest.raises(ConfigError, match="letters, digits and underscores"):
        BenchmarkSource(name="med-qa", path="x.parquet", format="items")
