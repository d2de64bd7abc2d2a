"""Where the headers of a note stand.

Layouts: alone on a line (capitals, Title case, markdown); before a colon or a dash with the text after it; in capitals
before a colon in the middle of a line, where a note lost its line breaks; SOAP letters where a note has several.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.splitting.lexicon import MAX_HEADER_CHARS, OTHER, Entry, Family, Kind, Lexicon


@dataclass(frozen=True)
class Header:
    """A header of the lexicon in a note.

    Args:
        kind: what it opens.
        start: code point at which its words, or the bullet and markdown before them, begin.
        is_strong: set in capitals or markdown; abbreviations say nothing and are not.
        is_own_line: nothing follows on its line.
        is_letter: a SOAP letter.
    """

    kind: Kind
    start: int
    is_strong: bool
    is_own_line: bool
    is_letter: bool = False


# Runs of blanks are bounded: a note of a million of them must take no longer than one of words.
# Runs of blanks are bounded: a note of a million of them must take no longer than one of words.
_LINE = re.compile(r"[^\r\n]+")
_PREFIX = re.compile(r"\s*(?P<bullet>(?:[-•●*–]|\d{1,2}[.)])\s+)?(?P<mark>#{1,6}\s*|\*\*\s*|__\s*)?")
_COLON = re.compile(rf"(?P<words>[^:\r\n]{{1,{MAX_HEADER_CHARS}}}?)[ \t]{{0,3}}(?:\*\*|__)?[ \t]{{0,3}}:")
_DASH = re.compile(
    rf"(?P<words>[A-Za-z][A-Za-z0-9&/ ]{{1,{MAX_HEADER_CHARS}}}?)(?:[ \t]{{1,3}}[-–—][ \t]*|[-–—][ \t]+)(?=\S)"
)
_MID_LINE = re.compile(r"(?:(?<=[.,;:)!?])[ \t]{0,3}|(?<=[ \t]{2}))(?P<words>[A-Z][A-Z0-9&/() -]{1,60}?)[ \t]{0,3}:")
_MID_LINE_ANY_CASE = re.compile(r"(?<=[.;)!?])[ \t]{1,3}(?P<words>[A-Z][A-Za-z&/ ]{1,40}?)[ \t]{0,3}(?::|[-–—]\s)")
_UNKNOWN = re.compile(r"[ \t]*(?P<words>[A-Z][A-Z0-9&/(),'’ -]{3,60}):")
_PULSE = re.compile(r"\s*\d{2,3}\b(?![.)])")


def find_headers(text: str, lexicon: Lexicon) -> list[Header]:
    """Headers in the order of the text."""
    headers: list[Header] = []
    for line in _LINE.finditer(text):
        headers += _of_line(line.group(), line.start(), lexicon)
    letters = {header.kind for header in headers if header.is_letter}
    reasons = any(kind.family in (Family.REASONING, Family.PLAN) for kind in letters)
    if len(letters) < 2 or not reasons:  # one letter alone is an enumeration, a pulse or a person
        headers = [header for header in headers if not header.is_letter]
    return headers


def find_bare_headers(text: str, lexicon: Lexicon) -> list[Header]:
    """Headers of reasoning and plans in layouts too weak to trust where a note has better ones.

    "Plan we will ..." without a colon, and "Imp: ..." in Title case in the middle of a line.
    """
    headers = []
    for line in _LINE.finditer(text):
        for match in _MID_LINE_ANY_CASE.finditer(line.group()):
            entry = lexicon.lookup(match["words"])
            if entry and entry.kind.family in (Family.REASONING, Family.PLAN) and len(match["words"]) > 1:
                headers.append(Header(entry.kind, line.start() + match.start("words"), False, False))
        words = line.group().split(maxsplit=2)
        entry = lexicon.lookup(words[0]) if len(words) > 1 and words[0][:1].isupper() else None
        if entry and words[1].casefold().startswith(lexicon.bare_headers.get(entry.kind, ())):
            headers.append(Header(entry.kind, line.start() + line.group().index(words[0]), False, False))
    return sorted(headers, key=lambda header: header.start)


def find_unknown_headers(text: str) -> list[Header]:
    """Lines that open with capitals and a colon, known or not: what bounds a section that must be dropped."""
    matches = ((line, _UNKNOWN.match(line.group())) for line in _LINE.finditer(text))
    return [Header(OTHER, line.start() + match.start("words"), True, False) for line, match in matches if match]


def _of_line(line: str, offset: int, lexicon: Lexicon) -> Iterator[Header]:
    prefix = _PREFIX.match(line)
    assert prefix is not None  # every part of it is optional
    start, is_marked = prefix.end(), bool(prefix["mark"])
    rest = line[start:]
    if lexicon.signature_line.match(rest):
        yield Header(lexicon.kinds["signature"], offset + start, True, False)
        return
    if not prefix["bullet"] or is_marked:  # an item of a list is a sub-heading unless set in bold
        opening = next(index for index, char in enumerate(line) if not char.isspace()) if is_marked else start
        header = _at_start(rest, offset + opening, is_marked, lexicon)
        if header:
            yield header
    for match in _MID_LINE.finditer(line):
        entry = lexicon.lookup(match["words"])
        if entry and not _is_letter(match["words"]):
            yield Header(entry.kind, offset + match.start("words"), not entry.is_abbreviation, False)


def _at_start(rest: str, start: int, is_marked: bool, lexicon: Lexicon) -> Header | None:
    for pattern in (_COLON, _DASH):
        match = pattern.match(rest)
        entry = lexicon.lookup(match["words"]) if match else None
        if match and entry:
            words, after = match["words"], rest[match.end() :]
            if _is_letter(words):
                if pattern is _DASH or words.islower() or _PULSE.match(after):
                    return None
                return Header(entry.kind, start, False, not after.strip(), is_letter=True)
            if pattern is _DASH and words.islower():
                return None
            return Header(entry.kind, start, _is_strong(words, is_marked, entry), not after.strip(" \t*_"))
    words = rest.strip(" \t*_#")
    entry = lexicon.lookup(words)
    if entry and words[0].isupper() and not _is_letter(words):
        return Header(entry.kind, start, _is_strong(words, is_marked, entry), True)
    return None


def _is_strong(words: str, is_marked: bool, entry: Entry) -> bool:
    return is_marked or (words.isupper() and not entry.is_abbreviation)


def _is_letter(words: str) -> bool:
    return len(words.strip()) == 1
