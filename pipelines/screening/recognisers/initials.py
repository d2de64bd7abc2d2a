# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Initials: of whoever wrote, typed, checked or gave something, and of a patient who is named by no more.

Two letters may mean anything in a note, so they need a cue, a signature's place, or the end of a line for themselves.
"""

from collections.abc import Iterator

import regex

from pipelines.screening.gazetteer import is_listed_word, is_ordinary
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import person_pattern
from pipelines.screening.recognisers.person import bare
from pipelines.screening.spans import Span

_SIGNATURE = regex.compile(r"\p{Lu}{2,3},[ \t]*\p{Lu}[\p{L}/-]+[ \t]*(?:\r?\n|\Z)")
_SIGNED_BEFORE = regex.compile(
    r"\b(?:M\.?D|D\.?O|NP|PA-C|PA|RN|PhD|DPM|DDS|CNM|CRNA|LCSW)\b|\b(?:D|DD):|\b(?i:dictated|signed|transcribed|job)\b"
)
_PARAGRAPH_END = regex.compile(r"[ \t.]*(?:\s*\Z|\r?\n[ \t]*\r?\n)")
_LIST_ITEM = regex.compile(r"(?:\d{1,2}|\p{L})[.)]|[-•*#]\d{0,2}")
_VOWEL = frozenset("aeiouy")
_UNIT_BEFORE = regex.compile(r"(?<![\d:/.-])\d{1,3}(?:\.\d+)?[ \t]*$")  # "T 38.2 PO", but "0530 RD" behind a time
_LETTERS = r"(?P<value>\p{Lu}{2,3}|\p{Ll}{2,3})(?:[ \t]?/[ \t]?(?P<value>\p{Lu}{2,3}|\p{Ll}{2,3}))?"
_CLOSING = regex.compile(
    rf"(?:[.!?)\d][ \t]{{1,2}}(?:[-–—~][ \t]?)?{_LETTERS}|\((?P<value>\p{{Ll}}{{3}}|\p{{Ll}}{{2,3}}/\p{{Ll}}{{2,3}})\)|^[ \t]*(?P<value>\p{{Lu}}{{2,3}})|(?:^|[.!?][ \t]{{1,2}})(?P<value>(?:\p{{Lu}}\.[ ]?){{2,3}}))[ \t]*\.?[ \t\r]*\Z",
    regex.MULTILINE,
)
_CLOSING_CHARS = 14


def closing_initials(text: str) -> Iterator[Span]:
    """Initials that a line ends with: "… reviewed and signed.\\nTP", "Sat 1900. lk", "(bmk)", "T.O."."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end_of_line = end = len(text) if end < 0 else end
        while end > start and text[end - 1] in " \t\r":
            end -= 1
        if (
            end - start > 1
            and _may_close(text, start, end)
            and (match := _CLOSING.search(text, max(start, end - _CLOSING_CHARS), end))
        ):
            for span in match.spans("value"):
                refined = _closing(text, span)
                if refined:
                    yield refined
        start = end_of_line + 1


def _may_close(text: str, start: int, end: int) -> bool:
    """True for a line whose last word has three letters at most, or is in brackets: few have."""
    last = text[max(start, end - _CLOSING_CHARS) : end].rstrip(" \t\r.")
    return last.endswith(")") or (len(last) > 1 and last[-1].isalpha() and not last[-4:].isalpha()) or len(last) < 4


def _closing(text: str, span: Span) -> Span | None:
    word = text[slice(*span)].lower().replace(".", "").replace(" ", "")
    if _UNIT_BEFORE.search(text, max(0, span[0] - 8), span[0]):
        return None
    if word in words("orders", "credentials", "short_findings"):
        return None
    if "." in text[slice(*span)]:
        return span
    other = words("not_names", "services", "units", "measured", "not_groups", "no_initials")
    if word in other or _is_word(word):
        return None
    line = text.rfind("\n", 0, span[0]) + 1
    before = text[line : span[0]].strip()
    if before:
        return None if _LIST_ITEM.fullmatch(before) else span  # "2. OSA"
    is_first = not text[max(0, line - 4) : line].rstrip("\r\n")
    is_last = _PARAGRAPH_END.match(text, span[1]) is not None
    return span if is_last and not is_first else None  # "ROS" begins a paragraph, "TP" ends one


def _is_word(word: str) -> bool:
    """True for three letters that are a word of notes; the lists hold initials too, most of them without a vowel."""
    return len(word) > 2 and is_ordinary(word) and not _VOWEL.isdisjoint(word)


def _initials(text: str, span: Span) -> Span | None:
    """Whoever wrote the note, by initials; neither a credential nor an abbreviation of the notes ("BP/hr")."""
    parts = [bare(part) for part in regex.split("[/:]", text[slice(*span)])]
    return None if all(part in words("not_names") or part in words("credentials") for part in parts) else span


def _initials_with_credential(text: str, span: Span) -> Span | None:
    """ "KT, RN", but not "ER RN"; alone on a line it is a signature whatever else the letters mean: "FL, CNM"."""
    word = text[slice(*span)]
    signs = _SIGNATURE.match(text, span[0]) and not text[text.rfind("\n", 0, span[0]) + 1 : span[0]].strip()
    is_other = is_listed_word(word) or bare(word) in words("not_names")
    return span if "." in word or signs or not is_other else None


def _lower_case_initials(text: str, span: Span) -> Span | None:
    """ "kl md" at the end of a note, not "pcp md"."""
    word = text[slice(*span)]
    return (
        None if word in words("not_names") or word in words("credentials") or word in words("sentence_words") else span
    )


def _typist(text: str, span: Span) -> Span | None:
    """ "rco/dj" or "rhb" under a signature, not "pt/ot"."""
    parts = regex.findall(r"\p{L}+", text[slice(*span)].lower())
    if not _SIGNED_BEFORE.search(text, max(0, span[0] - 160), span[0]):
        return None
    other = words("not_names", "credentials", "services", "units", "no_initials")
    return None if any(part in other for part in parts) else span


def _initials_by(text: str, span: Span) -> Span | None:
    """Refuse services and means: "by RT", "by EMS", "by po"."""
    word = text[slice(*span)].lower()
    other = words("not_names", "services", "units", "credentials", "people_words", "no_initials", "orders")
    return None if word in other or _is_word(word) else span


def _initials_of_subject(text: str, span: Span) -> Span | None:
    """ "Client A.K.", not "pt N.P.O."."""
    letters = "".join(char for char in text[slice(*span)] if char.isalpha()).lower()
    return None if letters in words("orders", "credentials") else span


PATTERNS = (
    person_pattern(
        "initials",
        r"\b(?i:(?:transcribed|typed|dictated|entered|signed|reviewed|scribed|charted|documented|checked|verified|read|seen|done|given|drawn|performed|witnessed|prepared|cosigned|initialed|initialled) by[ \t]*:?|(?:transcriptionist|initials?|pt initials|d/t|author|scribe|editor|typist)[ \t]*[:=]?|(?:transcribed|typed|dictated|checked|verified|witness(?:ed)?|wit)[ \t]*:|\b(?:wit|witness)\b)[ \t]*(?P<value>(?:\p{Lu}\.[ \t]?){2,3}|\p{Lu}{2,4}(?:[/:]\p{L}{2,4}){0,2})(?!\.?[\w-])",
        0.6,
        _initials,
    ),
    person_pattern(
        "dictation_line",  # the author's initials and the typist's, "SM/jkl"
        r"(?:^|(?i:\b(?:job|d|t|dd|dt|doc(?:ument)?|conf)\b[ \t]*[#:][ \t]*|\b(?:job|conf)[ \t]+)[\w/:# -]{1,30}[ \t]+)[ \t]*(?P<value>\p{Lu}{2,4}[/:]\p{L}{2,4}(?:[/:]\p{L}{2,4})?)[ \t]*(?=\r?\n|$|(?:(?:D|T|DD|DT|d|t|dd|dt)[ \t]*[:#]|(?i:job|doc|conf)\b))|^[ \t]*(?P<value>\p{Lu}{2,3}[/:]\p{Ll}{2,3}|\p{Lu}{2,3}:\p{Lu}{2,3})(?=[ \t]{2}|,[ \t]*\d|[ \t]*\()",
        0.75,
        _initials,
    ),
    person_pattern(
        "typist",  # a line "rco/dj", and what follows the time of typing
        r"(?:^[ \t]*(?P<value>\p{Ll}{2,3}(?:[/:][ ]?\p{Ll}{2,3})?)|(?:\b[DT]:[ \t]*[\d/-]{6,10}(?:[ \t]+[\d:]{4,5})?|\b(?i:job|doc|conf)[ \t]*[#:]?[ \t]*[\d-]{4,12})[ \t]+(?P<value>\p{L}{2,3}))[ \t]*(?=\r?\n|$)",
        0.75,
        _typist,
    ),
    person_pattern(
        "initials_by",  # "released 0915 by jmc"
        r"\bby[ \t]+(?P<value>\p{Ll}{2,3}|\p{Lu}{2})(?=[ \t]*(?:[.,;)](?!\w)|\r?\n|$|[ \t]\d))",
        0.6,
        _initials_by,
    ),
    person_pattern(
        "initials_trainee",  # "lw pgy2"
        r"(?<![\w/-])(?P<value>\p{Ll}{2,3}|\p{Lu}{2,3})[ \t]+(?i:pgy[ -]?\d)(?!\w)",
        0.6,
        _initials_by,
    ),
    person_pattern(
        "initials_of_two",  # "double-checked by two staff (HT/BF)"
        r"\b(?i:staff|nurses?|rns?|checked|verified|witnessed|signed)\b[^\n.(]{0,24}\((?P<value>\p{Lu}{2,3})[ ]?[/,&][ ]?(?P<value>\p{Lu}{2,3})\)",
        0.6,
        _initials,
    ),
    person_pattern(
        "initials_credential",
        r"(?<![\w./-])(?P<value>\p{Lu}\.[ \t]?(?:\p{Lu}\.?){1,2}|\p{Lu}{2,3})[ \t]*(?:,[ \t]*|[ \t]+)(?:MD|RN|NP|PA-C|LPN|CRNA|PharmD|CNA|RRT|CNM|DO|LCSW|RDN?|OTR/L|DPT)(?!\w)",
        0.6,
        _initials_with_credential,
    ),
    person_pattern(
        "initials_lower",  # a note that ends "kl md"
        r"[.;\n][ \t]{0,3}(?P<value>\p{Ll}{2,3})[ \t]*,?[ \t]*(?:md|rn|np|pa-[cs]|do|lpn|dpt|ms-?[34]|sn)\.?(?=[ \t]*(?:\r?\n|$))",
        0.6,
        _lower_case_initials,
    ),
    person_pattern(
        "initials_subject",
        r"(?:^[ \t]*|(?i:\b(?:patient|pt|client|mr|mrs|ms|dr)\.?[ \t]+))(?P<value>(?:\p{Lu}\.[ \t]?){2,3})(?=[ \t]*(?:\(|(?:is|was|has|had|reports|denies|states|presented|returns|came|will|,[ \t]*a|aged?)\b))",
        0.6,
        None,
    ),
    person_pattern(
        "initials_after_subject",
        r"\b(?i:patient|pt|client|student|resident|mr|mrs|ms|dr)\.?[ \t]+(?P<value>(?:\p{Lu}\.[ \t]?){2,3})(?!\p{L})",
        0.6,
        _initials_of_subject,
    ),
    person_pattern(
        "titled_initial",
        r"(?<![\w-])(?:Dr|Mr|Mrs|Ms|Prof)\.?[ \t]+(?P<value>[A-WYZ])(?=\.?(?:[ \t,;:)]|\r?\n|$)(?!\.?[ \t]*\p{Lu}[\p{Ll}.]))",
        0.6,
        None,
    ),
)
