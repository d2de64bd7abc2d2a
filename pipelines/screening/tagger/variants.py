"""Training documents, another way each epoch: other names and places in the same sentences, other capital letters.

A sentence is worth as many examples as there are names to put into it. Without this the tagger learns who is in its
training text; with it, what stands around a name.
"""

import calendar
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import regex

from pipelines.screening.gazetteer import fold, name_lists
from pipelines.screening.lexicon import words
from pipelines.screening.tagger.corpus import Document, Label, Piece
from pipelines.screening.towns import towns

# shares of identifiers, of words and of documents that are changed
OTHER_NAME = 0.7
OTHER_VALUE = 0.4
OTHER_WORD = 0.5  # in the name of a place, a facility or a firm
OTHER_DATE = 0.5
FROM_TOWNS = 0.4  # such a word's source, beside the names
COMMON_NAME = 0.5
LOWER_CASE = 0.1
UPPER_CASE = 0.06
DEIDENTIFIED = 0.06  # its identifiers are placeholders, which identify nobody

_PLACEHOLDERS = ("___", "[**{}**]", "[{}]", "<{}>", "[**{} 12**]", "XXXX", "[REDACTED]")
_NAME_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]+")
_DATE_PART = regex.compile(r"\p{L}+|(?<!\d)(?:\d{1,2}|(?:19|20)\d\d)(?!\d)")
_MONTHS = tuple(calendar.month_name[1:])
_SHORT_MONTHS = tuple(calendar.month_abbr[1:])
_LAST_MONTH, _LAST_DAY, _YEARS, _GREAT_AGES = 12, 31, (1990, 2026), (90, 106)


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
        common = sorted(words("first_names", "surnames", "name_words"))
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
        if piece.label is Label.DATE and self._rng.random() < OTHER_DATE:
            return replace(piece, text=_DATE_PART.sub(lambda match: self._date_part(match.group()), piece.text))
        if piece.label is Label.AGE and piece.text.isdecimal():
            return replace(piece, text=str(self._rng.randint(*_GREAT_AGES)))
        values = self._values.get(piece.label)
        if not values:
            return piece
        text = self._rng.choice(values) if self._rng.random() < OTHER_VALUE else piece.text
        if self._rng.random() < OTHER_WORD:
            text = _NAME_WORD.sub(lambda match: self._proper_word(match.group()), text)
        return replace(piece, text=text)

    def _proper_word(self, old: str) -> str:
        """Another surname or town for a word that is nothing else: "Halvorsen Dialysis", "Carrick Castings"."""
        plain = fold(old)
        if not old[0].isupper() or len(old) < 3 or plain in name_lists().ordinary or plain in words("facility_words"):
            return old
        new = self._rng.choice(self._towns if self._rng.random() < FROM_TOWNS else self._listed)
        return new.upper() if old.isupper() else new.title()

    def _date_part(self, old: str) -> str:
        """Another month, in the same form, or another number that a month, a day or a year may have."""
        if old.isdigit():
            if len(old) > 2:
                return str(self._rng.randint(*_YEARS))
            is_month = int(old) <= _LAST_MONTH  # or may be one
            number = self._rng.randint(1, _LAST_MONTH) if is_month else self._rng.randint(_LAST_MONTH + 1, _LAST_DAY)
            return str(number).zfill(len(old) if old[0] == "0" else 1)
        for months in (_MONTHS, _SHORT_MONTHS):
            if old.title() in months:
                new = self._rng.choice(months)
                return new.upper() if old.isupper() else new.lower() if old.islower() else new
        return old

    def _name(self, old: str) -> str:
        """Another word of a name in the old one's case; a particle or a suffix stays."""
        if old.lower() in words("particles") or old in ("Jr", "Sr", "II", "III", "IV") or len(old) < 3:
            return old
        new = self._rng.choice(self._common if self._rng.random() < COMMON_NAME else self._listed)
        return new.upper() if old.isupper() else new if old.islower() else new.capitalize()
