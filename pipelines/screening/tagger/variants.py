"""Training documents, another way each epoch: other names and places in the same sentences, other capital letters.

A sentence is worth as many examples as there are names to put into it. Without this the tagger learns who is in its
training text; with it, what stands around a name.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import regex

from pipelines.screening.gazetteer import name_lists
from pipelines.screening.lexicon import words
from pipelines.screening.tagger.corpus import Document, Label, Piece
from pipelines.screening.towns import towns

OTHER_NAME = 0.7  # shares of identifiers and documents that are changed
OTHER_VALUE = 0.5
FROM_TOWNS = 0.3
COMMON_NAME = 0.5
LOWER_CASE = 0.1
UPPER_CASE = 0.06
DEIDENTIFIED = 0.06  # its identifiers are placeholders, which identify nobody

_PLACEHOLDERS = ("___", "[**{}**]", "[{}]", "<{}>", "[**{} 12**]", "XXXX", "[REDACTED]")
_NAME_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]+")


class Variants:
    """Makes variants of documents.

    Args:
        documents: whose values are exchanged with one another.
        rng: source of all choices.
    """

    def __init__(self, documents: Sequence[Document], rng: random.Random):
        self._rng = rng
        self._values: Mapping[Label, list[str]] = {
            label: sorted({p.text for document in documents for p in document if p.label is label})
            for label in (Label.FACILITY, Label.EMPLOYER, Label.PLACE)
        }
        common = sorted(words("first_names") | words("surnames") | words("name_words"))
        self._common = [name for name in common if name.isalpha()]
        lists = name_lists()
        self._listed = sorted(name for name in lists.given | lists.family if name.isalpha() and len(name) > 2)
        self._towns = sorted(town for town in towns() if len(town) > 3)

    def of(self, document: Document) -> Document:
        """A variant of a document."""
        if self._rng.random() < DEIDENTIFIED:
            form = self._rng.choice(_PLACEHOLDERS)
            return tuple(Piece(form.format(p.label.name), Label.NONE) if p.label else p for p in document)
        changed = [self._changed(piece) for piece in document]
        case = self._rng.random()
        if case < LOWER_CASE:
            changed = [replace(piece, text=piece.text.lower()) for piece in changed]
        elif case < LOWER_CASE + UPPER_CASE:
            changed = [replace(piece, text=piece.text.upper()) for piece in changed]
        return tuple(changed)

    def _changed(self, piece: Piece) -> Piece:
        if piece.label is Label.NAME and self._rng.random() < OTHER_NAME:
            return replace(piece, text=_NAME_WORD.sub(lambda match: self._name(match.group()), piece.text))
        others = self._values.get(piece.label)
        if others and self._rng.random() < OTHER_VALUE:
            if (
                piece.label is Label.PLACE
                and not any(c.isdigit() for c in piece.text)
                and self._rng.random() < FROM_TOWNS
            ):
                return replace(piece, text=self._rng.choice(self._towns).title())
            return replace(piece, text=self._rng.choice(others))
        return piece

    def _name(self, old: str) -> str:
        """Another word of a name in the old one's case; a particle or a suffix stays."""
        if old.lower() in words("particles") or old in ("Jr", "Sr", "II", "III", "IV") or len(old) < 3:
            return old
        new = self._rng.choice(self._common if self._rng.random() < COMMON_NAME else self._listed)
        return new.upper() if old.isupper() else new if old.islower() else new.capitalize()
