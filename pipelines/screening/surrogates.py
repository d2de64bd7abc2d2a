"""Surrogates: another value of the same form, the same one wherever a patient's value stands, another for each patient.

    Okonkwo, Robert → Feradin, Jolvane      (617) 555-0143 → (482) 555-0117      MRN-04857211 → MRN-09310267

Each is a function of the audit key, the patient and the value: nothing is stored, and without the key none leads back.
Two patients share a surrogate as often as its form allows: names less often than one time in 100,000,
dates one time in 82, a three-digit extension one time in a thousand.

What they are, and what they are not:

- Names are made of syllables and are refused where the recognisers' word lists have them. Names from a list would be
  those of living people, and the list would tell surrogates (in it) from identifiers that were missed (not in it).
  Made-up names are told from real ones by a reader all the same: surrogates keep a note readable and its references
  together, and are no hiding place for what was missed. Where that matters more, let the policy redact.
- Telephone numbers are of the range 555-0100 to 555-0199, which no exchange gives to a subscriber; social security
  numbers of an area never issued; e-mail addresses of a domain reserved for examples (RFC 2606). Record numbers have
  no such range: a surrogate may be the number of someone else, to whom nothing in the note points.
- A patient's dates all move back by the same number of whole weeks: intervals, weekdays and forms stay. Whoever knows
  one true date of a patient knows all. Years that stand alone are no findings and stay.
"""

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import count
from types import MappingProxyType

import regex

from pipelines.screening.date_shift import shift_date
from pipelines.screening.entities import EntityType
from pipelines.screening.lexicon import words

# Weeks back. None near a whole year, after which month and day would be the old ones again.
_WEEKS_BACK = tuple(weeks for weeks in range(6, 99) if not 46 < weeks < 58)
# A form with few values may draw the original many times over; after that the tag takes its place.
_MAX_DRAWS = 32
# What 256 bits can fill with letters.
_MAX_IDENTIFIER_CHARS = 50

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea")
_MIDDLES = (
    *("b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z"),
    *("dr", "ld", "lm", "nd", "nt", "rd", "rl", "rm", "rn", "rv", "st"),
)
_ENDS = ("", "l", "m", "n", "r", "s", "t", "ck", "ld", "nd", "ne", "th", "ve", "y")
_NAME_LISTS = ("first_names", "surnames", "ambiguous_names", "eponyms", "drugs", "places", "not_names")
_PARTICLES = frozenset(
    (
        *("de", "la", "las", "los", "van", "der", "den", "von", "del", "della", "di", "da", "dos", "du", "ten", "ter"),
        *("le", "el", "al", "bin", "ibn", "ben", "abu", "y"),
    )
)
_TITLES = frozenset(["dr", "mr", "mrs", "ms", "miss", "mx", "prof", "sir"])
_CREDENTIALS = frozenset(
    ["MD", "DO", "RN", "NP", "PA", "PhD", "PharmD", "LPN", "CRNA", "Jr", "JR", "Sr", "SR", "II", "III", "IV"]
)
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*")
_NAME = regex.compile(r"[\p{L}\p{M}\s.,&/()'’\"“”‐‑-]+")
_PHONE = regex.compile(
    r"(?P<number>[+()\d\s./-]*\d)(?:[\s,]*(?:ext\.?|extension|x)[\s.]*(?P<extension>\d+))?",
    regex.IGNORECASE | regex.ASCII,
)
_PAGER = regex.compile(r"[#xX]?(?P<number>[0-9-]{1,8})")
_MAX_PAGER_DIGITS = 6
_EMAIL = regex.compile(r"(?P<local>[\w.%+'-]+)@(?P<domain>[\w-]+(?:\.[\w-]+)+)")
_ID_LABEL = regex.compile(
    r"(?:MRN|MR|PAT|PT|PID|ACCT|ACC|FIN|CSN|VISIT|ENC|INV|INS|POL|CLM|MBR|MEM|GRP|SN|LOT)(?=[-_#\d])"
)


class Surrogates:
    """The surrogates of one patient.

    Args:
        key: the audit key.
        patient_id: as in the notes table.
    """

    def __init__(self, key: bytes, patient_id: str):
        self._key = hmac.digest(key, json.dumps(["surrogates of", patient_id]).encode(), hashlib.sha256)

    def replace(self, entity_type: str, value: str) -> str | None:
        """A surrogate for a value.

        Args:
            entity_type: one of SURROGATE_TYPES.
            value: as it stands in the note.

        Returns:
            Never the value itself; None where its form is not understood, so that the tag must take its place.
        """
        surrogate = _MAKERS[entity_type](self, value)
        return None if surrogate is None or _bare(surrogate) == _bare(value) else surrogate

    @cached_property
    def days(self) -> int:
        """Days by which the patient's dates move; negative."""
        return -7 * _WEEKS_BACK[self._number("dates") % len(_WEEKS_BACK)]

    def _number(self, *what: str | int) -> int:
        return int.from_bytes(hmac.digest(self._key, json.dumps(what).encode(), hashlib.sha256))

    def _date(self, value: str) -> str | None:
        return shift_date(value, self.days)

    # ---- names ----

    def _name(self, value: str) -> str | None:
        """Every name word replaced; titles, credentials, particles and all between the words kept."""
        if not _NAME.fullmatch(value):
            return None
        pieces, end, is_replaced = [], 0, False
        for match in _WORD.finditer(value):
            word = match.group()
            new = word if _is_kept(word, value, match) else self._name_word(word)
            if new is None:
                return None
            is_replaced |= new != word
            pieces += [value[end : match.start()], new]
            end = match.end()
        return "".join([*pieces, value[end:]]) if is_replaced else None

    def _name_word(self, word: str) -> str | None:
        letters = _latin(word)
        if not letters:
            return None
        initial = self._initials[letters[0]]
        if len(letters) == 1:
            return initial.upper() if word.isupper() else initial
        return _cased(self._invented(letters, initial), word)

    def _invented(self, letters: str, initial: str) -> str:
        for draw in range(_MAX_DRAWS):
            number = self._number("name", letters, draw)
            parts = [initial + ("u" if initial == "q" else "")]
            choices = [_MIDDLES, _VOWELS, _ENDS] if initial in "aeiou" else [_VOWELS, _MIDDLES, _VOWELS, _ENDS]
            if len(letters) > 6:
                choices = [*choices[:-1], _MIDDLES, _VOWELS, _ENDS]
            for options in choices:
                number, index = divmod(number, len(options))
                parts.append(options[index])
            name = "".join(parts)
            if not any(name in words(listed) for listed in _NAME_LISTS):
                return name
        raise AssertionError("the syllables make listed names only")

    @cached_property
    def _initials(self) -> dict[str, str]:
        """Letter → first letter of the surrogates: never itself, and so that "J." stays with "Jane"."""
        order = sorted(_LETTERS, key=lambda letter: self._number("initial", letter))
        return dict(zip(order, [*order[1:], order[0]], strict=True))

    # ---- numbers ----

    def _identifier(self, value: str) -> str | None:
        """Digits become digits and letters letters of the same case, but for a label that belongs to the value."""
        label = _ID_LABEL.match(value)
        kept = label.end() if label else 0
        body = value[kept:]
        if not body.isascii() or len(body) > _MAX_IDENTIFIER_CHARS:
            return None
        for draw in range(_MAX_DRAWS):
            surrogate = self._drawn_alike(body, draw)
            if _bare(surrogate) != _bare(body):
                return value[:kept] + surrogate
        return None

    def _drawn_alike(self, body: str, draw: int) -> str:
        # Drawn from the letters and digits alone: "4857-2113" and "48572113" keep one surrogate.
        number = self._number("identifier", _bare(body), draw)
        drawn, is_first = [], True
        for char in body:
            if char in "0123456789":
                # a number that began with no zero still begins with none
                low = 1 if is_first and char != "0" else 0
                number, digit = divmod(number, 10 - low)
                char, is_first = str(low + digit), False
            elif char.isalpha() and char.isascii():
                number, index = divmod(number, 26)
                char = _LETTERS[index].upper() if char.isupper() else _LETTERS[index]
            drawn.append(char)
        return "".join(drawn)

    def _file(self, value: str) -> str | None:
        """A picture's file: another name, the same folders' depth and kind."""
        name, dot, kind = value.rpartition(".")
        surrogate = self._identifier(name) if dot else None
        return None if surrogate is None else f"{surrogate}.{kind}"

    def _phone(self, value: str) -> str | None:
        match = _PHONE.fullmatch(value)
        digits = _digits(match["number"]) if match else ""
        if match is None or len(digits) <= _MAX_PAGER_DIGITS:
            pager = _PAGER.fullmatch(value)
            number = self._identifier(pager["number"]) if pager else None
            return None if number is None else value.removesuffix(pager["number"]) + number
        country = "1" if len(digits) == 11 and digits[0] == "1" else ""
        digits = digits.removeprefix(country)
        if len(digits) not in (7, 10):
            return None
        # The line hangs on the last seven digits alone: a number keeps its surrogate with and without the area code.
        area = 200 + self._number("area", digits) % 800
        line = next(line for line in self._lines(digits[-7:]) if not digits.endswith(line))
        drawn = f"{area}{line}"[-len(digits) :]
        extension = match["extension"] or ""
        new_extension = self._drawn_alike(extension, 0)
        return _digits_replaced(value, country + drawn + new_extension)

    def _lines(self, digits: str) -> Iterator[str]:
        for draw in count():
            yield f"55501{self._number('line', digits, draw) % 100:02}"

    def _social_security(self, value: str) -> str | None:
        digits = _digits(value)
        if not digits or not value.isascii():
            return None
        if len(digits) != 9:  # the last four alone, say, behind a mask of letters that stays
            return _digits_replaced(value, self._drawn_alike(digits, 0))
        number = self._number("social security", digits)
        # Areas 900 to 999 are never issued, and with groups below 50 they are no taxpayer's number either.
        return _digits_replaced(value, f"{900 + number % 100}{1 + number // 100 % 49:02}{number // 4900 % 10_000:04}")

    def _email(self, value: str) -> str | None:
        match = _EMAIL.fullmatch(value)
        if match is None:
            return None
        parts = regex.split(r"(\d+|[^\W\d_]+)", match["local"])
        new = [self._identifier(p) if p.isdigit() else self._name(p) if p.isalpha() else p for p in parts]
        return None if any(part is None for part in new) else "".join(map(str, new)) + "@example.org"


def _is_kept(word: str, value: str, match: "regex.Match[str]") -> bool:
    before, after = value[: match.start()], value[match.end() :]
    if not before.strip() and word.lower() in _TITLES and after[:1] in (".", " "):
        return True
    if word in _CREDENTIALS and before.strip():
        return True
    # the "s" of a possessive, the "O" of O'Neill, the "van der" of a surname
    is_possessive = word in ("s", "S") and before[-1:] in ("'", "’")
    is_particle = word in _PARTICLES and bool(after) and not value.islower()
    return is_possessive or is_particle or (word in ("O", "D") and after[:1] in ("'", "’"))


def _latin(word: str) -> str:
    """Lower-case letters a to z of a word, accents taken off; empty where it has others."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))
    return folded if folded.isascii() and folded.isalpha() else ""


def _cased(name: str, like: str) -> str:
    if like.isupper():
        return name.upper()
    return name if like.islower() else name.capitalize()


def _bare(value: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", value).casefold() if char.isalnum())


def _digits(value: str) -> str:
    return "".join(char for char in value if char in "0123456789")


def _digits_replaced(value: str, digits: str) -> str:
    rest = iter(digits)
    return "".join(next(rest) if char in "0123456789" else char for char in value)


_MAKERS: MappingProxyType[str, Callable[[Surrogates, str], str | None]] = MappingProxyType(
    {
        EntityType.PERSON: Surrogates._name,
        EntityType.DATE_TIME: Surrogates._date,
        EntityType.PHONE_NUMBER: Surrogates._phone,
        EntityType.FAX_NUMBER: Surrogates._phone,
        EntityType.EMAIL_ADDRESS: Surrogates._email,
        EntityType.PHOTO: Surrogates._file,
        EntityType.US_SSN: Surrogates._social_security,
        **dict.fromkeys(
            (
                EntityType.MEDICAL_RECORD_NUMBER,
                EntityType.HEALTH_PLAN_NUMBER,
                EntityType.ACCOUNT_NUMBER,
                EntityType.LICENSE_NUMBER,
                EntityType.VEHICLE_ID,
                EntityType.DEVICE_ID,
                EntityType.BIOMETRIC,
                EntityType.UNIQUE_ID,
            ),
            Surrogates._identifier,
        ),
    }
)
SURROGATE_TYPES = frozenset(_MAKERS)
