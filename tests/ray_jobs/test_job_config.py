"""One configuration: what it refuses, and that nothing in it is idle."""

import ast
import dataclasses
import inspect
import textwrap
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from miniature import REPOSITORY, write_config

from ray_jobs.config import JobConfig, parse
from schemas.errors import ConfigError

SHIPPED = sorted((REPOSITORY / "ray_jobs" / "configs").glob("*.yaml"))


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return write_config(tmp_path)


def refusal(config_file: Path, edit: Callable[[dict[str, Any]], None], *argv: str) -> str:
    """The message with which an edited configuration is refused."""
    values = yaml.safe_load(config_file.read_text())
    edit(values)
    config_file.write_text(yaml.safe_dump(values))
    with pytest.raises(ConfigError) as refused:
        parse(["--config", str(config_file), *argv])
    return str(refused.value)


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """An edit that sets one key; numbers in the path are places in a list."""

    def edit(values: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        target: Any = values
        for name in parents:
            target = target[int(name)] if name.isdigit() else target.setdefault(name, {})
        target[last] = value

    return edit


def unchanged(values: dict[str, Any]) -> None:
    pass


@pytest.mark.parametrize(
    ("path", "section", "valid"),
    [
        ("storge", "the configuration", ["storage", "num_screening_actors", "tuning"]),
        ("training.learning_rat", "training", ["learning_rate", "zero_stage"]),
        ("tuning.task.lables", "tuning.task", ["labels", "label_column"]),
        ("scoring.benchmarks.1.pth", "scoring.benchmarks", ["path", "answer_column"]),
        ("demo.hospital.num_patient", "demo.hospital", ["num_patients", "leak_share"]),
        ("demo.hospitl", "demo", ["directory", "hospital"]),
    ],
)
def test_an_unknown_key_in_the_file_is_refused_with_the_valid_ones(
    config_file: Path, path: str, section: str, valid: list[str]
) -> None:
    message = refusal(config_file, put(path, 1))
    assert path.rpartition(".")[2] in message
    listed = message.rpartition(f"valid keys of {section}: ")[2].split(", ")
    assert set(valid) <= set(listed), message


@pytest.mark.parametrize(
    ("option", "section", "valid"),
    [
        ("--storge", "the configuration", "storage"),
        ("--trainin.epochs", "the configuration", "training"),
        ("--training.learning_rat", "training", "learning_rate"),  # a prefix of a valid key is no valid key
        ("--tuning.task.lables", "tuning.task", "labels"),
        ("--demo.hospital.num_patient", "demo.hospital", "num_patients"),
    ],
)
def test_an_unknown_key_on_the_command_line_is_refused_with_the_valid_ones(
    config_file: Path, option: str, section: str, valid: str
) -> None:
    message = refusal(config_file, unchanged, option, "1")
    assert option.rpartition(".")[2].lstrip("-") in message
    assert valid in message.rpartition(f"valid keys of {section}: ")[2].split(", "), message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("training.learning_rate", "fast"),
        ("training.epochs", 1.5),
        ("training.source", "files"),
        ("training", 3),
        ("tuning.task", "arrest"),
        ("tuning.task.labels", "yes"),
        ("screening.actions", {"PERSON": "delete"}),
        ("scoring.benchmarks.0.format", "itms"),
        ("demo.hospital.num_patients", "many"),
    ],
)
def test_a_wrong_type_is_refused_by_key_and_value(config_file: Path, path: str, value: Any) -> None:
    message = refusal(config_file, put(path, value))
    assert path.rpartition(".")[2] in message
    assert str(value if not isinstance(value, dict) else "delete") in message
    assert "functools" not in message


def test_a_wrong_type_on_the_command_line_is_refused(config_file: Path) -> None:
    message = refusal(config_file, unchanged, "--training.epochs", "many")
    assert "training.epochs" in message
    assert "many" in message


def test_a_missing_key_a_missing_file_and_broken_yaml_are_refused(config_file: Path, tmp_path: Path) -> None:
    def drop(values: dict[str, Any]) -> None:
        del values["model"]

    assert "model.path" in refusal(config_file, drop)
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        parse(["--config", str(tmp_path / "absent.yaml")])
    config_file.write_text("training: [1,\n  {")
    with pytest.raises(ConfigError, match="line"):
        parse(["--config", str(config_file)])


def test_the_label_column_must_be_carried(config_file: Path) -> None:
    message = refusal(config_file, put("ingest.carry", []))
    assert "in_hospital_arrest" in message
    assert "ingest.carry" in message


def test_the_command_line_overrides_the_file(config_file: Path) -> None:
    argv = ["--config", str(config_file), "--training.epochs", "3", "--tuning.task.positive", "no"]
    config = parse([*argv, "--demo.hospital.num_patients", "7", "--ingest.rows_per_shard=50", "--training.max_steps=9"])
    assert (config.training.epochs, config.training.max_steps) == (3, 9)
    assert config.tuning is not None
    assert config.demo is not None
    assert config.tuning.task.positive == "no"
    assert config.demo.hospital.num_patients == 7
    assert config.ingest.rows_per_shard == 50
    assert config.tuning.num_trials == 4, "what is not overridden stays as in the file"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_shipped_configurations_are_valid(path: Path) -> None:
    assert isinstance(parse(["--config", str(path)]), JobConfig)


def test_configurations_are_shipped() -> None:
    assert "quickstart.yaml" in [path.name for path in SHIPPED]


def test_print_config_prints_the_whole(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    optional = ["--replay", "{path: general.parquet, rate: 0.1}"]  # the miniature has no such file to train on
    with pytest.raises(SystemExit) as ended:
        parse(["--config", str(config_file), *optional, "--training.epochs", "3", "--print_config"])
    assert ended.value.code in (0, None)
    printed = yaml.safe_load(capsys.readouterr().out)
    assert printed["training"]["epochs"] == 3
    for cls, path in sections(JobConfig):
        section: Any = printed
        for name in path:
            section = section[name]
        if section == []:
            continue  # nothing is configured of which keys could be shown
        section = section[0] if isinstance(section, list) else section
        assert {item.name for item in dataclasses.fields(cls)} <= section.keys(), f"{'.'.join(path)} is not whole"


def sections(cls: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """A settings dataclass and all those inside it, also in lists and optional ones, each with its path."""
    yield cls, path
    for name, hint in typing.get_type_hints(cls).items():
        for candidate in (hint, *typing.get_args(hint)):
            if isinstance(candidate, type) and dataclasses.is_dataclass(candidate):
                yield from sections(candidate, (*path, name))


class _Reads(ast.NodeVisitor):
    """Names read as attributes in a module, each with the classes that the reads stand in ("" outside of any)."""

    def __init__(self) -> None:
        self._class = ""
        self.found: set[tuple[str, str]] = set()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        around, self._class = self._class, node.name
        self.generic_visit(node)
        self._class = around

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            self.found.add((node.attr, self._class))
        self.generic_visit(node)


# Read by `getattr` with a computed name, which no attribute access shows: field → the module that does.
READ_BY_COMPUTED_NAME = {
    f"SyntheticConfig.{kind}_share": "pipelines/synthetic/notes.py"
    for kind in ("in_hospital", "out_of_hospital", "negated", "historical", "family")
}


def test_every_setting_is_read_by_something() -> None:
    reads: set[tuple[str, str]] = set()
    for folder in ("pipelines", "ray_jobs"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            visitor = _Reads()
            visitor.visit(ast.parse(path.read_text()))
            reads |= visitor.found
    idle = set()
    for cls in {cls for cls, _ in sections(JobConfig)}:
        for item in dataclasses.fields(cls):
            is_read = any(name == item.name and where != cls.__name__ for name, where in reads)
            if not is_read and not _has_public_reader(cls, item.name, reads):
                idle.add(f"{cls.__name__}.{item.name}")
    assert idle == READ_BY_COMPUTED_NAME.keys(), "settings that nothing reads, or exceptions that are none"
    for module in READ_BY_COMPUTED_NAME.values():
        assert "getattr(config, f" in (REPOSITORY / module).read_text()


def _has_public_reader(cls: Any, name: str, reads: set[tuple[str, str]]) -> bool:
    """True where a public method or property of the class reads the field, and something outside the class uses it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or function.name.startswith("_"):
            continue
        visitor = _Reads()
        visitor.visit(function)
        if any(read == name for read, _ in visitor.found) and any(
            read == function.name and where != cls.__name__ for read, where in reads
        ):
            return True
    return False
