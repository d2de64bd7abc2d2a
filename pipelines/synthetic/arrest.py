"""Cardiac arrest in notes: in hospital, before arrival, denied, long ago, in the family, or only in similar words."""

import enum
import random
from typing import Any

from pipelines.synthetic.content import arrests, draw
from pipelines.synthetic.markup import sentence


class ArrestKind(enum.StrEnum):
    """What a note says of cardiac arrest. Only IN_HOSPITAL answers the task's question with yes."""

    NONE = "none"
    IN_HOSPITAL = "in_hospital"  # this patient, in hospital, at this encounter; also after an arrest before arrival
    OUT_OF_HOSPITAL = "out_of_hospital"
    NEGATED = "negated"  # denied, feared, hypothetical, or another patient's
    HISTORICAL = "historical"
    FAMILY = "family"


def arrest_sentence(rng: random.Random, kind: ArrestKind) -> tuple[str, str]:
    """A sentence of this kind and the section that it stands in ("hpi", "course", "mdm", "history" or "family")."""
    content = arrests()
    words: dict[str, Any] = content["words"]
    drawn = {name: rng.choice(options) for name, options in words.items()}
    text = rng.choice(content["sentences"][kind.value])
    numbers = {"n": rng.randint(2, 9), "age": rng.randint(41, 79)}
    drawn = {name: word.format(**numbers) for name, word in drawn.items()}
    text = text.format(**drawn, **numbers, event_base=rng.choice(content["event_base"]))
    return ". ".join(sentence(part) for part in text.rstrip(".").split(". ")).replace("..", "."), draw(
        rng, content["places"][kind.value]
    )
