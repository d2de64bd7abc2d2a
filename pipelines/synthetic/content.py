"""The medicine, the wording and the layouts, read once from the YAML files beside this module."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

_FOLDER = Path(__file__).parent
_Item = TypeVar("_Item")


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """One diagnosis and what it looks like; the fields are explained in `diagnoses.yaml`."""

    name: str
    code: str  # ICD-10-CM
    complaints: tuple[str, ...]
    frequency: int
    severity: int  # 0 minor, 1 ordinary, 2 life-threatening
    ages: tuple[int, int]
    symptoms: tuple[str, ...]
    exam: tuple[str, ...]
    tests: tuple[str, ...]
    risks: tuple[str, ...]
    treatment: tuple[str, ...]
    dispo: str
    sex: str = ""  # "F" or "M" where only one sex has it
    aliases: tuple[str, ...] = ()
    _named: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = "|".join(re.escape(name) for name in (self.name, *self.aliases))
        object.__setattr__(self, "_named", re.compile(rf"\b(?:{names})(?:e?s)?\b", re.IGNORECASE))

    def is_named_in(self, text: str) -> bool:
        """True where `text` holds the name or an alias as a word of its own."""
        return self._named.search(text) is not None

    def fits(self, age: int, sex: str) -> bool:
        """True where a patient of this age and sex may have it."""
        return self.ages[0] <= age <= self.ages[1] and self.sex in ("", sex)


def _read(name: str) -> Any:
    return yaml.safe_load((_FOLDER / name).read_text(encoding="utf-8"))


@cache
def diagnoses() -> tuple[Diagnosis, ...]:
    """Every diagnosis of the hospital, in file order."""
    rows: list[dict[str, Any]] = _read("diagnoses.yaml")
    for row in rows:
        row.update({key: tuple(value) for key, value in row.items() if isinstance(value, list)})
    return tuple(Diagnosis(**row) for row in rows)


@cache
def complaints() -> Mapping[str, list[str]]:
    """Complaint → its wordings."""
    return _read("complaints.yaml")


@cache
def arrests() -> Mapping[str, Any]:
    """Words, places and sentences about cardiac arrest; see `arrests.yaml`."""
    return _read("arrests.yaml")


@cache
def wording() -> Mapping[str, Any]:
    """Phrases of the chart and parts of made-up identifiers; see `wording.yaml`."""
    return _read("wording.yaml")


@cache
def layouts() -> Mapping[str, Any]:
    """Header styles, section names and reasoning headers; see `layouts.yaml`."""
    return _read("layouts.yaml")


@cache
def siblings(complaint: str) -> tuple[Diagnosis, ...]:
    """The diagnoses that may bring a patient in with this complaint."""
    return tuple(diagnosis for diagnosis in diagnoses() if complaint in diagnosis.complaints)


def draw(rng: random.Random, weighted: Mapping[_Item, float]) -> _Item:
    """One key, drawn by weight."""
    return rng.choices(list(weighted), list(weighted.values()))[0]


def several(rng: random.Random, pool: Sequence[_Item], num_items: int) -> list[_Item]:
    """Up to `num_items` different items of the pool, in random order."""
    return rng.sample(pool, min(num_items, len(pool)))
