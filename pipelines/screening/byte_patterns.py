"""Regular expressions of the `regex` module as expressions over bytes that match wherever the original does.

The prefilter scans one byte a code point: an ASCII character is itself, any other word character becomes "_" and any
other character 0x80. "_" is a word character too, so `\\b` and `\\w` mean the same before and after, offsets stay, and
a class of letters needs nothing but "_" added.

A translation asks for less than the original: lookarounds are left out, but for one character that must not stand
before, and so is the tail of a match that the original may do without. Whatever has no safe translation is refused, and
its pattern then runs on every note.
"""

import codecs
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import regex

OTHER = b"\x80"
WORD = b"_"
_CODEC = "wardround-one-byte-a-character"

# in IGNORECASE these four match an ASCII letter, which their byte would hide
_FOLDS_TO_ASCII = regex.compile("[\u0130\u0131\u017f\u212a]")
_WORD_CHARACTER = regex.compile(r"\w")
_UNKNOWN_FLAGS = regex.VERBOSE | regex.VERSION1 | regex.ASCII | regex.LOCALE | regex.WORD | regex.REVERSE

_PROPERTIES = {"L": "A-Za-z", "Lu": "A-Z", "Ll": "a-z", "M": "", "N": "0-9", "Nd": "0-9"}
_SHORTHANDS = {"d": "0-9", "w": "A-Za-z0-9_", "s": " \\t\\n\\r\\f\\v"}
_BEYOND_ASCII = {"d": "_", "w": "_", "s": "\\x80"}
_NEGATED_SHORTHANDS = {"D": "[^0-9]", "W": "[^A-Za-z0-9_]", "S": "[^ \\t\\n\\r\\f\\v]"}
_KEPT_ESCAPES = frozenset("bBtnrfv")

_PROPERTY = regex.compile(r"\\p\{(\w+)\}")
_OPENING = regex.compile(r"\((?:\?(?:(?P<flags>i?:)|(?P<around>=|!|<=|<!)|P?<\w+>))?(?!\?)")
_LEADING_FLAG = regex.compile(r"\(\?i\)")
_REPEAT = regex.compile(r"(?:(?P<sign>[*+?])|\{(?P<least>\d*)(?P<comma>,(?P<most>\d*))?\})(?P<mode>[?+]?)")
_LEADING_NOT_AFTER = regex.compile(r"\(\?<!(?:(?P<member>\\[wd])|\[(?P<members>(?:[^\]\[\\^]|\\.)+)\])\)")


class UntranslatableError(ValueError):
    """The expression uses what has no safe counterpart over bytes."""


@dataclass(frozen=True, kw_only=True)
class BytePattern:
    """A translated expression.

    Attributes:
        expression: in the syntax of PCRE, in ASCII. Each match of the original holds one of its matches.
        max_line_feeds: most line feeds that a match of the original, with all that its lookarounds look at, can take
            in; infinite where nothing in the expression bounds them.
    """

    expression: str
    max_line_feeds: float


@dataclass
class _Element:
    """A character, class, escape or group, and how often it is repeated.

    Attributes:
        text: translation of what is no group; of a group, how it opens.
        alternatives: of a group, the sequences between its bars.
        line_feeds: how many line feeds it can take in, once.
    """

    text: str
    alternatives: "list[list[_Element]]" = field(default_factory=list)
    line_feeds: float = 0.0
    least: int = 1
    most: float = 1
    repeat: str = ""

    @property
    def is_lookaround(self) -> bool:
        return self.text in ("(?=", "(?!", "(?<=", "(?<!")


def encode(text: str) -> bytes | None:
    """The text at one byte a code point; None where a character would hide an ASCII letter that it folds to."""
    if text.isascii():
        return text.encode("ascii")
    return None if _FOLDS_TO_ASCII.search(text) else text.encode("ascii", _CODEC)


def _encode_others(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    others = error.object[error.start : error.end]
    return b"".join(WORD if _WORD_CHARACTER.match(char) else OTHER for char in others), error.end


codecs.register_error(_CODEC, _encode_others)


def translate(pattern: "regex.Pattern[str]") -> BytePattern:
    """The pattern over the bytes of `encode`.

    Args:
        pattern: compiled in the version 0 behaviour of `regex`.

    Raises:
        UntranslatableError: a construct is not known to be safe, or the pattern may match nothing at all.
    """
    if pattern.flags & _UNKNOWN_FLAGS:
        raise UntranslatableError("flags")
    parser = _Parser(pattern.pattern, pattern.flags)
    alternatives = parser.parse()
    line_feeds = sum(_line_feeds(sequence) for sequence in alternatives)
    expressions = [_render(sequence, whole=parser.has_backreference) for sequence in alternatives]
    if not all(expressions):
        raise UntranslatableError("an expression that needs no character")
    return BytePattern(expression=parser.prefix + "|".join(expressions), max_line_feeds=line_feeds)


def _line_feeds(sequence: list[_Element]) -> float:
    return sum(
        once * element.most
        for element in sequence
        if (once := element.line_feeds + sum(map(_line_feeds, element.alternatives)))
    )


def _render(sequence: list[_Element], *, whole: bool) -> str:
    """The sequence, without what a match may end without; `whole`: with it, and with the numbers of its groups."""
    if whole:
        return "".join(_render_element(element) for element in sequence)
    kept = [element for element in sequence if not element.is_lookaround]
    while kept and kept[-1].least == 0:
        kept.pop()
    if not kept:
        return ""
    *before, last = kept
    head = "".join(_render_element(element) for element in before)
    repeat = f"{{{last.least}}}" if last.least > 1 else ""
    if last.alternatives and not repeat:
        alternatives = [_render(alternative, whole=False) for alternative in last.alternatives]
        # where one alternative needs nothing, neither does the group
        return f"{head}{last.text}{'|'.join(alternatives)})" if all(alternatives) else _render(before, whole=False)
    return head + _render_element(last, repeat)


def _render_element(element: _Element, repeat: str | None = None) -> str:
    if element.is_lookaround:
        return ""
    text = element.text
    if element.alternatives:
        text += "|".join("".join(map(_render_element, sequence)) for sequence in element.alternatives) + ")"
    return text + (element.repeat if repeat is None else repeat)


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, source: str, flags: int):
        self._source = source
        self._flags = flags
        self._at = 0
        self.prefix = ""
        self.has_backreference = False

    def parse(self) -> list[list[_Element]]:
        """Alternatives of the whole expression, each a sequence of elements."""
        if match := _LEADING_FLAG.match(self._source):
            self.prefix, self._at = match[0], match.end()
        alternatives = self._alternatives()
        if self._at < len(self._source):
            raise UntranslatableError("a closing bracket too many")
        if self.has_backreference and any(_lookarounds_with_groups(alternatives)):
            raise UntranslatableError("a reference to a group, and a group in a lookaround")
        return alternatives

    def _alternatives(self) -> list[list[_Element]]:
        alternatives: list[list[_Element]] = [[]]
        while self._at < len(self._source) and self._source[self._at] != ")":
            if self._source[self._at] == "|":
                self._at += 1
                alternatives.append([])
                continue
            element = self._element()
            self._repeat(element)
            alternatives[-1].append(element)
        return alternatives

    def _element(self) -> _Element:
        char = self._source[self._at]
        if char == "\\":
            return self._escape()
        if char == "[":
            start = self._at
            text = self._class()
            return _Element(text, line_feeds=_takes_line_feed(self._source[start : self._at]))
        if char == "(":
            return self._group()
        self._at += 1
        if char in "^$" and not self._flags & regex.MULTILINE:
            return _Element(char, line_feeds=math.inf)  # an end of the whole text, not of a line
        line_feeds = char == "\n" or (char == "." and bool(self._flags & regex.DOTALL))
        return _Element(char if char.isascii() else _literal(char), line_feeds=line_feeds)

    def _repeat(self, element: _Element) -> None:
        match = _REPEAT.match(self._source, self._at)
        if not match:
            return
        if match["mode"] == "+" or element.is_lookaround:
            raise UntranslatableError("a repetition of an unknown kind")
        if sign := match["sign"]:
            element.least, element.most = {"*": (0, math.inf), "+": (1, math.inf), "?": (0, 1)}[sign]
        else:
            element.least = int(match["least"] or 0)
            element.most = element.least if match["comma"] is None else float(match["most"] or math.inf)
        # a repetition without a least number has none in PCRE
        element.repeat = match[0].removesuffix("?") if not match["sign"] else match["sign"]
        if element.repeat.startswith("{,"):
            element.repeat = "{0" + element.repeat[1:]
        self._at = match.end()

    def _group(self) -> _Element:
        match = _LEADING_NOT_AFTER.match(self._source, self._at) if self._at == 0 else None
        if match:
            self._at = match.end()
            outside, _ = _translated_class(f"[^{match['member'] or match['members']}]", 0)
            return _Element(f"(?:^|{outside})")
        match = _OPENING.match(self._source, self._at)
        if not match:
            raise UntranslatableError("a group of an unknown kind")
        self._at = match.end()
        named_or_plain = match["flags"] is None and match["around"] is None
        group = _Element("(" if named_or_plain else match[0], self._alternatives())
        if not self._source.startswith(")", self._at):
            raise UntranslatableError("a group without an end")
        self._at += 1
        return group

    def _class(self) -> str:
        text, self._at = _translated_class(self._source, self._at)
        return text

    def _escape(self) -> _Element:
        if match := _PROPERTY.match(self._source, self._at):
            self._at = match.end()
            return _Element(f"[{_property(match)}_\\x80]")
        char = self._source[self._at + 1 : self._at + 2]
        self._at += 2
        if char in _SHORTHANDS:
            return _Element(f"[{_SHORTHANDS[char]}{_BEYOND_ASCII[char]}]", line_feeds=char == "s")
        if char in _NEGATED_SHORTHANDS:
            return _Element(_NEGATED_SHORTHANDS[char], line_feeds=char in "WD")
        if char in "123456789" and char:
            self.has_backreference = True
            return _Element(f"\\{char}")
        if char in _KEPT_ESCAPES or (char and not char.isalnum()):
            return _Element(f"\\{char}" if char.isascii() else _literal(char), line_feeds=char in "n\n")
        raise UntranslatableError(f"escape \\{char}")


def _lookarounds_with_groups(alternatives: list[list[_Element]], inside: bool = False) -> Iterator[bool]:
    for element in (element for sequence in alternatives for element in sequence):
        if inside and element.text == "(":
            yield True
        yield from _lookarounds_with_groups(element.alternatives, inside or element.is_lookaround)


def _literal(char: str) -> str:
    return "_" if _WORD_CHARACTER.match(char) else "\\x80"


def _property(match: "regex.Match[str]") -> str:
    if match[1] not in _PROPERTIES:
        raise UntranslatableError(f"property {match[1]}")
    return _PROPERTIES[match[1]]


def _takes_line_feed(class_source: str) -> bool:
    named = "\n" in class_source or "\\n" in class_source or "\\s" in class_source
    if class_source.startswith("[^"):
        return not named
    return named or "\\W" in class_source or "\\D" in class_source


def _translated_class(source: str, at: int) -> tuple[str, int]:
    """The class that begins here, and where it ends. A negated one loses what is beyond ASCII, and so matches more."""
    at += 1
    negated = source.startswith("^", at)
    at += negated
    members: list[str] = []
    first = at
    while at < len(source) and (at == first or source[at] != "]"):
        if source[at] == "\\":
            member, at = _class_escape(source, at, negated)
        else:
            member, at = _class_member(source, at, negated)
        members.append(member)
    if at >= len(source):
        raise UntranslatableError("a class without an end")
    body = "".join(members)
    if not body:
        return ("[\\x00-\\xff]" if negated else "[_\\x80]"), at + 1
    return f"[{'^' if negated else ''}{body}]", at + 1


def _class_member(source: str, at: int, negated: bool) -> tuple[str, int]:
    char, after = source[at], source[at + 1 : at + 3]
    is_range = after.startswith("-") and after[1:] not in ("", "]")
    if is_range and not (char + after).isascii():
        raise UntranslatableError("a range beyond ASCII")
    if char.isascii():
        return "\\[" if char == "[" else "" if negated and char == "_" else char, at + 1
    return "" if negated else _literal(char), at + 1


def _class_escape(source: str, at: int, negated: bool) -> tuple[str, int]:
    if match := _PROPERTY.match(source, at):
        return _property(match) + ("" if negated else "_\\x80"), match.end()
    char = source[at + 1 : at + 2]
    if char and char in _SHORTHANDS:
        return (_SHORTHANDS[char].removesuffix("_") if negated else _SHORTHANDS[char] + _BEYOND_ASCII[char]), at + 2
    if char in _KEPT_ESCAPES and source.startswith("-", at + 2) and source[at + 3 : at + 4] != "]":
        raise UntranslatableError("a range of control characters")
    if char in _KEPT_ESCAPES - {"b", "B"} or (char and not char.isalnum()):
        return (f"\\{char}" if char.isascii() else "" if negated else _literal(char)), at + 2
    raise UntranslatableError(f"escape \\{char} in a class")
