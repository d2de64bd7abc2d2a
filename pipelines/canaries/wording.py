"""The wording of canaries, from `wording.yaml`: each kind's written forms, and sentences with and without a cue."""

import enum
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml


class Kind(enum.StrEnum):
    """Kinds of identifier of 45 CFR 164.514(b)(2)(i): (A)–(R), names and geography by what bears them."""

    NAME = "NAME"
    EMPLOYER = "EMPLOYER"
    FACILITY = "FACILITY"
    LOCATION = "LOCATION"
    DATE = "DATE"
    AGE = "AGE"
    PHONE = "PHONE"
    FAX = "FAX"
    EMAIL = "EMAIL"
    SSN = "SSN"
    MRN = "MRN"
    HEALTH_PLAN = "HEALTH_PLAN"
    ACCOUNT = "ACCOUNT"
    LICENSE = "LICENSE"
    VEHICLE = "VEHICLE"
    DEVICE = "DEVICE"
    URL = "URL"
    IP = "IP"
    BIOMETRIC = "BIOMETRIC"
    PHOTO = "PHOTO"
    UNIQUE_ID = "UNIQUE_ID"


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """A kind in one written form under one cue.

    Attributes:
        kind: of identifier.
        cue: what around it names its kind, "bare" for nothing.
        format: name of the written form.
        pattern: of the written form.
        sentences: that carry it, the identifier at `<>`.
    """

    kind: Kind
    cue: str
    format: str
    pattern: str
    sentences: tuple[str, ...]


@cache
def _wording() -> dict[str, Any]:
    return yaml.safe_load(resources.files("pipelines.canaries").joinpath("wording.yaml").read_text(encoding="utf-8"))


def words(slot: str) -> list[str]:
    """Entries of a list of words.

    Raises:
        KeyError: no list has this name.
    """
    return _wording()["words"][slot]


@cache
def strata(kind: Kind) -> tuple[Stratum, ...]:
    """Every form of a kind under every cue that leaves it recognisable."""
    entry = _wording()["kinds"][kind.value]
    return tuple(
        Stratum(kind=kind, cue=cue, format=name, pattern=entry["formats"][name], sentences=tuple(use["sentences"]))
        for cue, use in entry["cues"].items()
        for name in use.get("formats", entry["formats"])
    )
