"""Made-up identifiers, composed from a pattern: digits, letters, words and parts that must be valid to be believed.

Telephone numbers are of the range kept free for fiction, domains and addresses of those reserved for documentation,
social security numbers of areas that were not in use before they were drawn at random. Check digits hold where the real
thing has them: a rule that checks them must be met by a number that passes.
"""

import random
import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipelines.canaries.wording import words

# Letters that occur in record numbers, Medicare numbers and vehicle numbers alike: none that looks like a digit.
CODE_LETTERS = "ACDEFGHJKMNPRTUVWXY"

_TOKEN = re.compile(r"\{(?P<slot>\w+)\}|(?P<symbol>[#%])")


def compose(pattern: str, rng: random.Random) -> str:
    """One value of a pattern.

    Args:
        pattern: `#` is a digit, not 0 where it begins a run of digits; `%` a capital letter; `{slot}` a word of that
            list or a computed part; anything else stands for itself.
        rng: the only source of chance.

    Raises:
        KeyError: a slot is neither a list nor a computed part.
    """
    value = ""
    end = 0
    for token in _TOKEN.finditer(pattern):
        value += pattern[end : token.start()]
        end = token.end()
        if token["slot"]:
            value += _fill(token["slot"], rng)
        elif token["symbol"] == "%":
            value += rng.choice(CODE_LETTERS)
        else:
            value += rng.choice("0123456789" if value[-1:].isdigit() else "123456789")
    return value + pattern[end:]


def _fill(slot: str, rng: random.Random) -> str:
    if slot in _COMPUTED:
        return _COMPUTED[slot](rng)
    return rng.choice(words(slot))


def _ascii(text: str) -> str:
    """Letters as they go into an address: no accents, no capitals, no punctuation."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(char for char in folded if char.isalpha()).lower()


def _luhn_card(rng: random.Random) -> str:
    """Sixteen digits whose last one is the check digit of ISO/IEC 7812, in groups of four."""
    digits = [4, *(rng.randrange(10) for _ in range(14))]
    doubled = [sum(divmod(2 * digit, 10)) if place % 2 == 0 else digit for place, digit in enumerate(digits)]
    number = "".join(map(str, [*digits, -sum(doubled) % 10]))
    return " ".join(number[at : at + 4] for at in range(0, 16, 4))


def _dea_digits(rng: random.Random) -> str:
    """Seven digits; the last is that of the odd places' sum plus twice the even places' sum."""
    digits = [rng.randrange(10) for _ in range(6)]
    return "".join(map(str, [*digits, (sum(digits[::2]) + 2 * sum(digits[1::2])) % 10]))


def _number(low: int, high: int, width: int = 0) -> Callable[[random.Random], str]:
    return lambda rng: f"{rng.randint(low, high):0{width}d}"


_COMPUTED: Mapping[str, Callable[[random.Random], str]] = MappingProxyType(
    {
        "GIVEN": lambda rng: rng.choice(words("given")).upper(),
        "FAMILY": lambda rng: rng.choice(words("family")).upper(),
        "lower_given": lambda rng: rng.choice(words("given")).lower(),
        "lower_family": lambda rng: rng.choice(words("family")).lower(),
        "ascii_given": lambda rng: _ascii(rng.choice(words("given"))),
        "ascii_family": lambda rng: _ascii(rng.choice(words("family"))),
        "ASCII_FAMILY": lambda rng: _ascii(rng.choice(words("family"))).upper(),
        "letter": lambda rng: rng.choice(CODE_LETTERS),
        "m": _number(1, 12),
        "mm": _number(1, 12, 2),
        "d": _number(1, 28),  # every month has these days
        "dd": _number(1, 28, 2),
        "yy": _number(10, 24),
        "yyyy": _number(1938, 2024),
        "zip": _number(10001, 99950),
        "serial": _number(1, 99, 2),
        "octet": _number(1, 254),
        "hex": lambda rng: f"{rng.randrange(16, 256):02x}",
        "card": _luhn_card,
        "dea_digits": _dea_digits,
    }
)
