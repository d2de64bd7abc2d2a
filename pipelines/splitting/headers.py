"""Where the headers of a note stand.

Layouts that are certain: alone on a line (capitals, Title case, markdown, underlined); at the start of a line before a
colon, a dash, a bar or a tab, or in bold, with the text after it; in capitals before a colon in the middle of a line.
Layouts that need company, because one alone may be something else: SOAP letters; headers that are items of a list;
Title case in the middle of a line, and capitals without a colon, where a note lost its line breaks.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipelines.splitting.lexicon import MAX_HEADER_CHARS, OTHER, Entry, Family, Kind, Lexicon


@dataclass(frozen=True)
class Header:
    """A header of the lexicon in a note.

    Args:
        kind: what it opens.
        start: code point at which its words, or the bullet and markdown before them, begin.
        end: code point after its words, colon and markdown.
        is_strong: set in capitals or markdown; abbreviations say nothing and are not.
        is_own_line: nothing follows on its line.
        is_letter: a SOAP letter.
        is_listed: an item of a list, numbered or with a bullet.
        mark: markdown before it, such as "**", or "#", which problem lists use as well.
    """

    kind: Kind
    start: int
    end: int
    is_strong: bool = False
    is_own_line: bool = False
    is_letter: bool = False
    is_listed: bool = False
    mark: str = ""


# Runs of blanks are bounded: a note of a million of them must take no longer than one of words.
_LINE = re.compile(r"[^\r\n]+")
_PREFIX = re.compile(
    r"\s*\|?\s*(?P<bullet>(?:[-•●▪◦*–—>]|\d{1,2}[.)]|[IVX]{1,4}[.)]|[A-H]\))\s+)?(?P<mark>#{1,6}\s*|\*{2,3}\s*|_{2}\s*|=+\s*)?"
)
_END_MARK = r"[ \t]{0,3}(?:\*{2,3}|__)?[ \t]{0,3}"
_COLON = re.compile(rf"(?P<words>[^:\r\n]{{1,{MAX_HEADER_CHARS}}}?){_END_MARK}:(?:\*{{2,3}}|__)?")
_CELL = re.compile(rf"(?P<words>[^|\t\r\n]{{1,{MAX_HEADER_CHARS}}}?)(?:\*\*)?[ ]{{0,3}}(?:\||\t)")
_BOLD = re.compile(rf"(?P<words>[^*_\r\n]{{1,{MAX_HEADER_CHARS}}})(?:\*{{2,3}}|__)")
_DASH = re.compile(
    rf"(?P<words>[A-Za-z][A-Za-z0-9&/ ]{{1,{MAX_HEADER_CHARS}}}?)(?:[ \t]{{1,3}}[-–—][ \t]*|[-–—][ \t]+)(?=\S)"
)
_CAPITALS = re.compile(r"[A-Z][A-Z'’]+(?:[ /&,-]{1,3}[A-Z][A-Z'’]*)*(?![a-z])")
_UNKNOWN = re.compile(r"[ \t]*(?P<words>[A-Z][A-Z0-9&/(),'’ -]{3,60}):")
_END_MARK_AFTER = re.compile(r"\*\*|__")
_STOP = re.compile(":")
_STOP_OR_DASH = re.compile(r":|[ \t][-–—](?=[ \t])|[-–—](?=[ \t])")
_WORD = re.compile(r"\S+")
_PULSE = re.compile(r"\s*\d{2,3}\b(?![.)])")
_DECORATION = " \t*_#=~|[]:"
_MAX_WORDS = 9
_BEFORE_CAPITALS = frozenset(".,;:)!?|")
_BEFORE_ANY_CASE = frozenset(".;)!?|")
# Their headers show how a note sets its headers.
_STYLE_SETTERS = frozenset(
    {"chief_complaint", "history_of_present_illness", "past_history", "social_history", "case_presentation"}
    | {"article_frame"}
)
_LOST_LINE_BREAKS = 3


def find_headers(text: str, lexicon: Lexicon) -> list[Header]:
    """Headers in the order of the text."""
    certain: list[Header] = []
    loose: list[Header] = []
    num_lines_headed = 0
    for line in _LINE.finditer(text):
        opening = _line_header(line.group(), line.start(), lexicon)
        num_lines_headed += opening is not None
        if opening:
            certain.append(opening)
        after = opening.end - line.start() if opening else 0
        for header, is_certain in _inside_line(line.group(), line.start(), after, lexicon):
            (certain if is_certain else loose).append(header)
    if len({header.kind.name for header in loose}) >= _LOST_LINE_BREAKS and len(loose) > num_lines_headed:
        certain = _merged(certain, loose)
    return _trusted(certain)


def find_bare_headers(text: str, lexicon: Lexicon) -> list[Header]:
    """Headers of reasoning and plans in layouts too weak to trust where a note has better ones.

    "Plan we will ..." without a colon, and "Imp: ..." in Title case in the middle of a line.
    """
    headers = []
    for line in _LINE.finditer(text):
        for header, _ in _inside_line(line.group(), line.start(), 0, lexicon, _STOP_OR_DASH):
            before = text[line.start() : header.start].rstrip(" \t")[-1:]
            is_reason = header.kind.family in (Family.REASONING, Family.PLAN)
            if is_reason and before in _BEFORE_ANY_CASE and not header.is_letter:
                headers.append(replace(header, is_strong=False))
        words = line.group().split(maxsplit=2)
        entry = lexicon.lookup(words[0]) if len(words) > 1 and words[0][:1].isupper() else None
        if entry and words[1].casefold().startswith(lexicon.bare_headers.get(entry.kind, ())):
            start = line.start() + line.group().index(words[0])
            headers.append(Header(entry.kind, start, start + len(words[0])))
    return sorted(headers, key=lambda header: header.start)


def find_unknown_headers(text: str) -> list[Header]:
    """Lines that open with capitals and a colon, known or not: what bounds a section that must be dropped."""
    matches = ((line.start(), _UNKNOWN.match(line.group())) for line in _LINE.finditer(text))
    return [
        Header(OTHER, start + match.start("words"), start + match.end(), is_strong=True)
        for start, match in matches
        if match
    ]


def _line_header(line: str, offset: int, lexicon: Lexicon) -> Header | None:
    """The header that opens a line."""
    prefix = _PREFIX.match(line)
    assert prefix is not None  # every part of it is optional
    rest, mark = line[prefix.end() :], (prefix["mark"] or "").strip()
    for pattern, name in ((lexicon.signature_line, "signature"), (lexicon.salutation_line, "letter")):
        if match := pattern.match(rest):
            start = offset + prefix.end()
            return Header(lexicon.kinds[name], start, start + match.end(), is_strong=True)
    found = _words_at_start(rest, bool(mark), lexicon)
    if not found:
        return None
    entry, words, length = found
    is_letter = _is_letter(words)
    start = len(line) - len(line.lstrip())
    if is_letter and (words.islower() or prefix["bullet"] or _PULSE.match(rest[length:])):
        return None
    return Header(
        entry.kind,
        offset + start,
        offset + prefix.end() + length,
        is_strong=bool(mark) or (words.isupper() and not entry.is_abbreviation),
        is_own_line=not rest[length:].strip(_DECORATION),
        is_letter=is_letter,
        is_listed=bool(prefix["bullet"]),
        mark=mark,
    )


def _words_at_start(rest: str, is_marked: bool, lexicon: Lexicon) -> tuple[Entry, str, int] | None:
    """(what they mean, the words, their length with what ends them) of a header that opens `rest`."""
    for pattern in (_COLON, _BOLD if is_marked else _CELL, _DASH):
        match = pattern.match(rest)
        words = match["words"].strip(_DECORATION) if match else ""
        entry = lexicon.lookup(words) if words else None
        if match and entry and not (pattern is _DASH and (words.islower() or len(words) == 1)):
            return entry, words, match.end()
    words = rest.strip(_DECORATION + "-")
    entry = lexicon.lookup(words) if words[:1].isupper() and len(words) > 1 else None
    if entry:
        return entry, words, len(rest)
    capitals = _CAPITALS.match(rest)
    return _among_capitals(capitals.group(), rest[capitals.end() :], lexicon) if capitals else None


def _among_capitals(run: str, after: str, lexicon: Lexicon) -> tuple[Entry, str, int] | None:
    """A header that opens a run of capitals and has no colon: "ASSESSMENT COPD worsened".

    Not in notes that are all capitals, and not of what plans are sub-divided by.
    """
    words = list(_WORD.finditer(run))
    if len(words) > _MAX_WORDS or not after.strip():
        return None
    for last in reversed(words[-3:]):
        entry = lexicon.lookup(run[: last.end()])
        if entry and last.end() >= 4 and not entry.is_abbreviation and not entry.kind.inside_plan:
            return entry, run[: last.end()], last.end()
    return None


def _inside_line(
    line: str, offset: int, after: int, lexicon: Lexicon, stop: re.Pattern[str] = _STOP
) -> Iterator[tuple[Header, bool]]:
    """Headers in a line behind the code point `after`, and whether each is certain."""
    previous = after
    for match in stop.finditer(line, after):
        base = max(previous, match.start() - MAX_HEADER_CHARS)
        previous = match.end()
        found = _before_stop(line[base : match.start()], lexicon)
        if not found:
            continue
        entry, start, words = found
        is_letter = _is_letter(words)
        if is_letter and _PULSE.match(line, match.end()):
            continue
        start += base
        before = line[max(0, start - 3) : start]
        is_bold = before.endswith(("**", "__"))
        is_set_off = before.rstrip(" \t")[-1:] in _BEFORE_CAPITALS or before.endswith(("  ", "\t"))
        end_mark = _END_MARK_AFTER.match(line, match.end()) if is_bold else None
        header = Header(
            entry.kind,
            offset + start - (2 if is_bold else 0),
            offset + (end_mark or match).end(),
            is_strong=is_bold or (words.isupper() and not entry.is_abbreviation),
            is_letter=is_letter,
        )
        yield header, is_bold or (words.isupper() and is_set_off and not is_letter)
    for run in _CAPITALS.finditer(line, after):
        opening = _among_capitals(run.group(), line[run.end() : run.end() + 2], lexicon)
        if opening:
            entry, _, length = opening
            yield Header(entry.kind, offset + run.start(), offset + run.start() + length, is_strong=True), False


def _before_stop(segment: str, lexicon: Lexicon) -> tuple[Entry, int, str] | None:
    """(what they mean, where they start, the words) of the longest header that a piece of a line ends in."""
    segment = segment.rstrip(" \t*_")
    sentence = max(segment.rfind(mark) for mark in ".;!?|") + 1
    if not lexicon.can_end(segment[max(sentence, segment.rfind(" ") + 1) :]):
        return None
    for word in list(_WORD.finditer(segment, sentence))[-_MAX_WORDS:]:
        words = segment[word.start() :].lstrip("*_")
        if words[:1].isupper() and (entry := lexicon.lookup(words)):
            return entry, len(segment) - len(words), words
    return None


def _is_letter(words: str) -> bool:
    """Whether it is one of SOAP's: "Δ" is no letter but a diagnosis."""
    return len(words) == 1 and words.isascii()


def _merged(certain: Sequence[Header], loose: Sequence[Header]) -> list[Header]:
    """Both in the order of the text, without what overlaps."""
    merged: list[Header] = []
    for header in sorted([*certain, *loose], key=lambda header: (header.start, -header.end)):
        if not merged or header.start >= merged[-1].end:
            merged.append(header)
    return merged


def _trusted(headers: Sequence[Header]) -> list[Header]:
    """Without letters and items of lists that stand alone: an enumeration, a pulse, a person, a sub-heading."""
    letters = {header.kind for header in headers if header.is_letter}
    are_soap = len(letters) > 1 and any(kind.family in (Family.REASONING, Family.PLAN) for kind in letters)
    setters = [header.is_listed for header in headers if header.kind.name in _STYLE_SETTERS]
    are_listed = any(setters) and 2 * sum(setters) >= len(setters)
    return [h for h in headers if (are_soap or not h.is_letter) and (are_listed or h.mark or not h.is_listed)]
