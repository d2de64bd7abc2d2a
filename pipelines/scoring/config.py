"""Settings of scoring."""

import re
import string
from dataclasses import dataclass, field
from typing import Literal

from schemas.errors import ConfigError

# A predictions file is `<model>-<task>.parquet`: without a hyphen in the task, the name says which is which.
TASK_NAME = re.compile(r"[A-Za-z0-9_]+")
MODEL_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")


@dataclass(frozen=True, kw_only=True)
class DiagnosisTaskConfig:
    """The diagnosis that was assigned to the patient, against diagnoses of other patients.

    Attributes:
        instruction: what the user's turn asks, after the presentation.
        answer_prefix: begins the assistant's turn, so that a diagnosis is the natural continuation.
        num_choices: the true diagnosis and its distractors.
    """

    instruction: str = "What is the most likely diagnosis for this patient?"
    answer_prefix: str = "The most likely diagnosis is"
    num_choices: int = 4

    def __post_init__(self) -> None:
        if not self.instruction.strip():
            raise ConfigError("scoring.diagnosis.instruction is empty: say what the model is asked")
        if not 2 <= self.num_choices <= 10:
            raise ConfigError(f"scoring.diagnosis.num_choices is {self.num_choices}: give 2 to 10")


@dataclass(frozen=True, kw_only=True)
class BenchmarkSource:
    """A benchmark in a Parquet file, and how its columns become items.

    `choices: [A, B, C, D]` with the options written into `prompt` asks for a letter; `choice_columns` without them in
    the prompt asks for the likeliest text.

    Attributes:
        name: of the task: letters, digits and underscores.
        path: the Parquet file.
        format: `items` is a file in the BENCHMARK_ITEMS schema, which needs nothing below; `columns` is any other.
        id_column: unique in the file.
        group_column: rows that share its value are resampled together, such as questions on one passage; null where
            every row stands alone.
        prompt: template of the user's turn, such as "{contexts}\\n\\nQuestion: {question}"; a list is joined by
            newlines.
        instruction: follows the prompt and is never cut.
        answer_prefix: begins the assistant's turn.
        system: system message.
        choices: the choices, where they are the same for every row.
        choice_columns: columns that hold one choice each, or one column that holds a list of them.
        answer_column: holds the right choice.
        answer_format: its text, its letter (A is the first), or its index counted from 0 or from 1.
    """

    name: str
    path: str
    format: Literal["items", "columns"] = "columns"
    id_column: str = "id"
    group_column: str | None = None
    prompt: str = ""
    instruction: str = ""
    answer_prefix: str = ""
    system: str = ""
    choices: list[str] = field(default_factory=list)
    choice_columns: list[str] = field(default_factory=list)
    answer_column: str = "answer"
    answer_format: Literal["text", "letter", "index", "index_from_1"] = "text"

    def __post_init__(self) -> None:
        if not TASK_NAME.fullmatch(self.name):
            raise ConfigError(f"scoring.benchmarks name {self.name!r}: use letters, digits and underscores")
        where = f"scoring.benchmarks[{self.name}]"
        if not self.path.strip():
            raise ConfigError(f"{where}.path is empty: give a Parquet file")
        if self.format == "items":
            return
        if bool(self.choices) == bool(self.choice_columns):
            raise ConfigError(f"{where}: give either choices or choice_columns, not both and not neither")
        if self.choices and (
            len(set(self.choices)) < max(2, len(self.choices)) or not all(map(str.strip, self.choices))
        ):
            raise ConfigError(f"{where}.choices is {self.choices}: give two or more, all different and none empty")
        if not self.prompt_columns:
            raise ConfigError(f"{where}.prompt is {self.prompt!r}: name at least one column in braces, as {{question}}")

    @property
    def prompt_pieces(self) -> list[tuple[str, str | None]]:
        """The template as (literal text, column that follows it or None).

        Raises:
            ConfigError: the template cannot be read, or holds more than plain column names in its braces.
        """
        try:
            pieces = list(string.Formatter().parse(self.prompt))
        except ValueError as error:
            raise ConfigError(
                f"scoring.benchmarks[{self.name}].prompt: {error}; write a brace as {{{{ or }}}}"
            ) from None
        if any(column == "" or spec or conversion for _, column, spec, conversion in pieces):
            raise ConfigError(f"scoring.benchmarks[{self.name}].prompt: braces hold a column's name and nothing else")
        return [(literal, column) for literal, column, _, _ in pieces]

    @property
    def prompt_columns(self) -> list[str]:
        """Columns that the template names, in its order."""
        return [column for _, column in self.prompt_pieces if column is not None]


@dataclass(frozen=True, kw_only=True)
class ScoringConfig:
    """How models are scored and compared.

    Attributes:
        max_items_per_task: a larger task is sampled, the same items for every model.
        seed: of the sample, the distractors and the resampling.
        batch_tokens: tokens of one packed forward pass; whole documents only, so at least `max_item_tokens`.
        max_item_tokens: the longest prompt and choice together. A prompt is cut in its middle to fit.
        num_actors: copies of a model that score side by side.
        cpus_per_actor: logical CPUs of an actor, and its torch threads.
        gpus_per_actor: 0 scores on CPUs; a fraction shares a card between actors.
        num_bootstrap: resamples behind each interval.
        diagnosis: the assigned-diagnosis task.
        benchmarks: what else to score on, for what the model may have lost.
        rivals: name → model path (as `model.path`) of larger models to compare with.
    """

    max_items_per_task: int = 500
    seed: int = 0
    batch_tokens: int = 4096
    max_item_tokens: int = 2048
    num_actors: int = 1
    cpus_per_actor: int = 1
    gpus_per_actor: float = 0.0
    num_bootstrap: int = 2000
    diagnosis: DiagnosisTaskConfig = field(default_factory=DiagnosisTaskConfig)
    benchmarks: list[BenchmarkSource] = field(default_factory=list)
    rivals: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("max_items_per_task", "num_actors", "cpus_per_actor"):
            if getattr(self, name) < 1:
                raise ConfigError(f"scoring.{name} is {getattr(self, name)}: give at least 1")
        if self.gpus_per_actor < 0:
            raise ConfigError(f"scoring.gpus_per_actor is {self.gpus_per_actor}: give 0 for CPUs, or more")
        if self.max_item_tokens < 64:
            raise ConfigError(f"scoring.max_item_tokens is {self.max_item_tokens}: give at least 64")
        if self.batch_tokens < self.max_item_tokens:
            raise ConfigError(
                f"scoring.batch_tokens is {self.batch_tokens}: give at least scoring.max_item_tokens "
                f"({self.max_item_tokens}), since a document is never split over two passes"
            )
        if self.num_bootstrap < 1000:
            raise ConfigError(f"scoring.num_bootstrap is {self.num_bootstrap}: give 1000 or more for 95 % intervals")
        names = [source.name for source in self.benchmarks]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ConfigError(f"scoring.benchmarks: {repeated} named twice; give each benchmark a name of its own")
        for name, path in self.rivals.items():
            if not MODEL_NAME.fullmatch(name):
                raise ConfigError(f"scoring.rivals name {name!r}: use letters, digits, '.', '_' and '-'")
            if not path.strip():
                raise ConfigError(f"scoring.rivals.{name} is empty: give a model path")
