"""Known layouts of note tables, each a file in `presets/`: column mapping, joins and composition ready to use.

    ingest:
      preset: mimic-iv-ed
      notes: /data/ed/triage.csv.gz
      tables: {diagnosis: /data/ed/diagnosis.csv.gz}

What the user sets goes before what the preset says: column by column in `columns` and `constants`, `joins` and
`compose` as a whole.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

import yaml

from pipelines.ingest.compose import ComposedLine
from pipelines.ingest.joins import Join
from schemas.errors import ConfigError

_FOLDER = resources.files("pipelines.ingest").joinpath("presets")


@dataclass(frozen=True, kw_only=True)
class TableMapping:
    """How tables become notes: what a preset and a user's settings have in common.

    Attributes:
        columns: contract column → column of the file.
        constants: contract column → literal.
        joins: side tables, by name or path.
        compose: lines of the note's text; empty where the file has the text.
    """

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    joins: list[Join] = field(default_factory=list)
    compose: list[ComposedLine] = field(default_factory=list)

    def over(self, preset: "TableMapping") -> "TableMapping":
        """This mapping, and the preset's where this says nothing."""
        said = {*self.columns, *self.constants, *(name for join in self.joins for name in join.added)}
        said |= {"text"} if self.compose else set()
        columns = {name: source for name, source in preset.columns.items() if name not in said}
        constants = {name: value for name, value in preset.constants.items() if name not in said}
        return TableMapping(
            columns=columns | self.columns,
            constants=constants | self.constants,
            joins=self.joins or preset.joins,
            compose=self.compose or ([] if "text" in said else preset.compose),
        )


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A known layout.

    Attributes:
        name: of the preset.
        title: what it reads.
        shape: columns by which a table is known to have this layout.
        values: column → the one value that it has; tells tables of one shape apart.
        mapping: how the tables become notes.
        optional_tables: side tables whose joins are left out where `ingest.tables` does not name them.
    """

    name: str
    title: str
    shape: tuple[str, ...]
    values: dict[str, str]
    mapping: TableMapping
    optional_tables: frozenset[str]

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of its side tables."""
        return tuple(join.table for join in self.mapping.joins)

    def given(self, tables: Mapping[str, str]) -> "TableMapping":
        """The mapping without the joins of optional tables that are not given.

        Raises:
            ConfigError: a table that is needed is not given, or one is given that the preset does not know.
        """
        unknown = sorted(tables.keys() - set(self.tables))
        if unknown:
            known = ", ".join(self.tables) or "none"
            raise ConfigError(f"tables names {unknown[0]!r}: the side tables of preset {self.name} are {known}")
        for name in self.tables:
            if name not in tables and name not in self.optional_tables:
                raise ConfigError(
                    f"preset {self.name} needs a side table: give its path with `tables: {{{name}: ...}}`"
                )
        return replace(self.mapping, joins=[join for join in self.mapping.joins if join.table in tables])


def preset_names() -> list[str]:
    """Names of all presets."""
    return sorted(file.name.removesuffix(".yaml") for file in _FOLDER.iterdir() if file.name.endswith(".yaml"))


@functools.cache
def load_preset(name: str) -> Preset:
    """The preset of this name.

    Raises:
        ConfigError: there is none; the message lists all.
    """
    if name not in preset_names():
        raise ConfigError(f"preset is {name!r}: presets are {', '.join(preset_names())}")
    data: dict[str, Any] = yaml.safe_load(_FOLDER.joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    mapping = TableMapping(
        columns=data.pop("columns", {}),
        constants=data.pop("constants", {}),
        joins=[Join(**join) for join in data.pop("joins", [])],
        compose=[ComposedLine(**line) for line in data.pop("compose", [])],
    )
    return Preset(
        name=name,
        title=data.pop("title"),
        shape=tuple(data.pop("shape")),
        values=data.pop("values", {}),
        mapping=mapping,
        optional_tables=frozenset(data.pop("optional_tables", [])),
        **data,
    )


def resolve_mapping(own: TableMapping, preset: str | None, tables: Mapping[str, str]) -> TableMapping:
    """What the user has set, over what the preset says, with the path of every side table.

    Resolving what is resolved changes nothing.

    Args:
        own: as the user has set it.
        preset: name of a preset.
        tables: name of a side table → its path.

    Raises:
        ConfigError: no such preset, a needed table is not given, or a path is given for a name that no join has.
    """
    mapping = own
    if preset is not None:
        known = load_preset(preset)
        mapping = own.over(known.mapping if own.joins else known.given(tables))
    used = {join.table for join in mapping.joins}
    unused = [name for name, path in tables.items() if name not in used and path not in used]
    if unused:
        raise ConfigError(f"tables names {unused[0]!r}, which no join uses: leave it out, or name it in `joins`")
    joins = [replace(join, table=tables.get(join.table, join.table)) for join in mapping.joins]
    return replace(mapping, joins=joins)
