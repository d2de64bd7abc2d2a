"""Shadow notes: copies of notes with made-up identifiers between their sentences.

A kind is planted at most once in a note, so that the plants of one kind stand in as many different notes: their misses
are as independent as notes are, and exact binomial bounds hold without a correction for clusters within a note.
"""

import hashlib
import random
import re
from dataclasses import dataclass, field

from pipelines.canaries.identifiers import compose
from pipelines.canaries.wording import Kind, Stratum, strata

KINDS_PER_NOTE = 5
PLACE = "<>"  # of the identifier in a sentence

# Four letters before the stop keep abbreviations from counting as an end: "Dr. Lee" would be cut in two, and the canary
# between would borrow the title.
_SENTENCE_END = re.compile(r"(?<=[a-z]{4}[.!?])(?=\s)")


@dataclass(frozen=True, kw_only=True)
class Plant:
    """An identifier in a shadow note: `stratum` says what it is, `start` and `end` where, in code points."""

    stratum: Stratum
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class ShadowNote:
    """A copy of a note and what was planted in it, in text order. It holds note text and stays in its process."""

    text: str = field(repr=False)
    plants: tuple[Plant, ...]


def is_drawn(note_id: str, *, seed: int, share: float) -> bool:
    """Whether a note is shadowed: a function of seed and id alone, so that a rerun shadows the same notes.

    Args:
        note_id: of the note.
        seed: of the trial.
        share: of all notes to draw, 1 or more for all of them.
    """
    digest = hashlib.blake2b(f"canary\x1f{seed}\x1f{note_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64


def shadow(text: str, *, note_id: str, seed: int) -> ShadowNote:
    """Plant one identifier of each of `KINDS_PER_NOTE` kinds between a note's sentences.

    Args:
        text: of the note.
        note_id: of the note; with the seed it decides kinds, forms, cues, values and places.
        seed: of the trial.

    Returns:
        The copy. What was in `text` is in it unchanged and in order.
    """
    rng = random.Random(f"canary\x1f{seed}\x1f{note_id}")
    chosen = [rng.choice(_by_cue(kind, rng)) for kind in rng.sample(list(Kind), KINDS_PER_NOTE)]
    ends = [match.end() for match in _SENTENCE_END.finditer(text)] + [len(text)]
    places = sorted(rng.choices(ends, k=len(chosen)))
    copy, plants, done = "", [], 0
    for place, stratum in zip(places, chosen, strict=True):
        copy += text[done:place]
        done = place
        before, after = rng.choice(stratum.sentences).split(PLACE)
        # a line of its own at the end of a line, as a form's field stands; else one more sentence
        copy += ("\n" if text[place : place + 1] in ("", "\n", "\r") else " ") + before
        value = compose(stratum.pattern, rng)
        plants.append(Plant(stratum=stratum, start=len(copy), end=len(copy) + len(value)))
        copy += value + after
    return ShadowNote(text=copy + text[done:], plants=tuple(plants))


def _by_cue(kind: Kind, rng: random.Random) -> list[Stratum]:
    """The strata of one cue, cues being equally likely: else a cue with many forms would hide one with few."""
    of_kind = strata(kind)
    cue = rng.choice(sorted({stratum.cue for stratum in of_kind}))
    return [stratum for stratum in of_kind if stratum.cue == cue]
