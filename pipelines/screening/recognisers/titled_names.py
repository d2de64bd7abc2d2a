# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Names with a title before them or a credential behind them: "Dr. Young and Hope", "Arup Mukherjee, M.D."."""

import regex

from pipelines.screening.gazetteer import is_listed_word, may_be_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import person_pattern
from pipelines.screening.recognisers.person import (
    FIRST_WORD,
    NAME,
    bare,
    clinical_head_follows,
    is_clinical,
    is_eponym_word,
    is_name_word,
    trim,
    uncertain_name,
)
from pipelines.screening.spans import Span

# "MR" and "MS" without a full stop are magnetic resonance and multiple sclerosis
TITLE = (
    r"(?:(?i:drs?|doctor|prof|professor|rev|reverend|hon)\.|(?:M[rsx]|Mrs|M[RS]|MRS|Sgt|Capt|Lt|Col|(?<!\d[ \t]?)Fr)\.|(?i:drs?|prof)\b|M(?:r|s|x|rs|RS)\b|"
    r"(?:Doctor|Professor|Miss|Sister|Nurse|Reverend|Rabbi|Pastor|Father|Judge|Officer|Sir|Madam|Señora?|DOCTOR|MISS|NURSE)\b)"
)
_CREDENTIAL = (
    r"(?:M\.?D|D\.?O|R\.?N|N\.?P|P\.?A(?:-?C)?|Ph\.?D|D\.?D\.?S|D\.?M\.?D|D\.?P\.?M|Pharm\.?D|L\.?P\.?N|C\.?N\.?A|C\.?R\.?N\.?A|F\.?A\.?C\.?[SP]|M\.?S\.?W|L\.?C\.?S\.?W|MBBS|FRCS|"
    r"A\.?P\.?R\.?N|D\.?N\.?P|F\.?N\.?P(?:-?C|-?BC)?|B\.?S\.?N|M\.?S\.?N|D\.?P\.?T|O\.?T\.?R(?:/L)?|CCC-(?:SLP|A)|R\.?D(?:N|H|MS)?|R\.?T|CNM|Psy\.?D|O\.?D|"
    r"L\.?M\.?S\.?W|LMHC|LMFT|LPC|CADC|LVN|CMA|RMA|PTA|COTA|COA|COMT?T?|NRP|EMT(?:-?[ABIP])?|CWOCN|CDCES|IBCLC|BCBA|CCRN|CHPN|RRT|CRT|CST|PMHNP(?:-BC)?|AGNP|PNP|WHNP|CNS|ATC|CCLS|MBChB|FRCPC?|BCh)\b\.?"
)
_LOWER_TITLE = r"(?:(?i:dr|mrs?)\.?|(?<!\d[ \t]?)ms\.)"
_JOINED = regex.compile(r"(?:,|\band|&|/|\bor)[ \t]*$")
_PAUSE = regex.compile(r"[ \t]*(?:[.,:;)](?!\w)|\r?\n|\Z)")
_INITIALLED = regex.compile(r"(?:\p{Lu}\.[ \t]?){1,2}\p{Lu}[\p{L}'’-]{2,}")
_GRADED_FINDING = regex.compile(r"\b(?i:no|mild|moderate|severe|trace|without|w/o)[ ](?:DR|MR|MS)\.[ \t]+$")
_CERTAIN_TITLE = regex.compile(r"\b(?i:dr|mr|mrs|ms|prof|doctor)\.?[ \t]+$")


def _titled_name(text: str, span: Span) -> Span | None:
    """After a title: the first word is the name whatever else it means ("Mr. Rash has a rash")."""
    trimmed = trim(text, span)
    if _is_titled_product(text, span) or _is_regurgitation(text, span):
        return None
    if _JOINED.search(text, max(0, span[0] - 6), span[0]):
        first = FIRST_WORD.match(text, span[0])
        return trimmed if first and may_be_name(bare(first.group())) and trimmed == uncertain_name(text, span) else None
    if trimmed and trimmed[0] == span[0]:
        return trimmed
    first = FIRST_WORD.match(text, span[0])
    if first is None or not _CERTAIN_TITLE.search(text, max(0, span[0] - 8), span[0]):
        return trimmed
    if first.group().isupper() and not (_PAUSE.match(text, first.end()) and _line(text, span[0]).isupper()):
        return trimmed  # "DR HAND." is a surgeon, "DR NOTIFIED AT 0200" none, and "Azure XT DR MRI" a pacemaker
    return trimmed if bare(first.group()) in words("not_after_title") else first.span()


def _is_regurgitation(text: str, span: Span) -> bool:
    """ "moderate MR. CPET on 12/19": a valve's and not a man's, where what follows is an abbreviation of notes."""
    before = text[max(0, span[0] - 16) : span[0]]
    if _GRADED_FINDING.search(before):
        return True  # "no DR. Feet normal"
    is_upper = before[-4:].strip() in ("MR.", "MS.")
    first = FIRST_WORD.match(text, span[0])
    if not is_upper or first is None or not first.group().isupper():
        return False
    word = bare(first.group())
    return word in words("not_names", "measured", "services", "products") and not may_be_name(word)


def _line(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else len(text)]


def _is_titled_product(text: str, span: Span) -> bool:
    """ "Dr. Scholl inserts", "Mrs. Dash": makes that are written as a person is."""
    title = regex.search(r"\b(\p{L}+)\.?[ \t]+$", text[max(0, span[0] - 8) : span[0]])
    first = FIRST_WORD.match(text, *span)
    if not title or not first:
        return False
    named = f"{title[1]} {text[slice(*span)]}".lower()
    term = named in words("eponym_phrases") and clinical_head_follows(text, span[1])  # Sister Mary Joseph nodule
    return term or f"{title[1].lower()} {bare(first.group())}" in words("products")


def two_word_name(text: str, span: Span) -> Span | None:
    """After a cue that may precede anything: two words that may be a name."""
    trimmed = uncertain_name(text, span)
    if trimmed is None or len(parts := regex.findall(r"\p{L}{2,}", text[slice(*trimmed)])) < 2:
        return None
    return trimmed if " " in text[slice(*trimmed)] or all(map(may_be_name, parts)) else None  # no "Solu-Cortef"


def _credentialed(text: str, span: Span) -> Span | None:
    """Two words before a credential; a last one of them that is also English belongs to the name: "Nguyen Van An, MD"."""
    trimmed = two_word_name(text, span)
    if trimmed is None:
        return _signature_line(text, span)
    rest = text[trimmed[1] : span[1]].split()
    named = rest and all(may_be_name(bare(word)) or (len(word) <= 3 and word.istitle()) for word in rest)
    return (trimmed[0], span[1]) if named else trimmed


def _no_credentials(text: str, span: Span) -> Span | None:
    """Refuse "RN, CHPN"."""
    return None if regex.fullmatch(_CREDENTIAL, text[slice(*span)].rsplit(",", 1)[-1].strip()) else span


def _signature_line(text: str, span: Span) -> Span | None:
    """ "Arup Mukherjee, M.D." alone on its line: one word may have another meaning, not both; with an initial, any may."""
    if _INITIALLED.fullmatch(text, *span):
        return span  # "R. HAND, MD"
    parts = text[slice(*span)].split()
    if len(parts) != 2 or text[max(0, span[0] - 1) : span[0]].strip() or not all(map(str.istitle, parts)):
        return None
    first, last = map(bare, parts)
    named = may_be_name(first) or may_be_name(last)
    no_name = words("not_names", "facility_words", "trades", "credentials")
    return span if named and first not in no_name and last not in no_name else None


def _credentialed_surname(text: str, span: Span) -> Span | None:
    """ "Gleason MD", but neither "Charge RN" nor "Attending MD"."""
    word = bare(regex.split(r"\.[ \t]?", text[slice(*span)])[-1])
    if word in words("not_names") or word in words("facility_words"):
        return None
    return span if is_eponym_word(word) or is_name_word(word) or not is_listed_word(word) else None


def _lower_case_surname(text: str, span: Span) -> Span | None:
    word = bare(text[span[0] : span[1]])
    return None if word in words("sentence_words") or is_clinical(word) else span


def _name(text: str, span: Span) -> Span | None:
    """After a cue that always names a person."""
    return trim(text, span)


PATTERNS = (
    person_pattern(
        "title",
        rf"(?<![\w-])(?=[DPRHMSCLFNJOdprh]){TITLE}[ \t]*(?:\r?\n)?[ \t]*(?P<value>{NAME})(?:[ \t]*(?:,|and|&|/|or)[ \t]*(?!{TITLE})(?P<value>{NAME}))?",
        0.95,
        _titled_name,
    ),
    person_pattern(
        "title_placeholder",  # "Dr. ___ Jones": what an earlier de-identification left
        rf"(?<![\w-]){TITLE}[ \t]*(?:_{{2,}}|\[[^\]\r\n]{{1,40}}\])[ \t]*(?P<value>{NAME})",
        0.9,
        _titled_name,
    ),
    person_pattern(
        "title_conjoined",
        rf"(?i:\bdrs\.?)[ \t]*{NAME}(?:[ \t]*,[ \t]*(?P<value>{NAME}))*[ \t]*,?[ \t]*(?:and|&)[ \t]*(?P<value>{NAME})",
        0.9,
        _name,
    ),
    person_pattern(
        "title_lower",
        rf"(?<![\w-]){_LOWER_TITLE}[ \t]+(?P<value>\p{{Ll}}[\p{{Ll}}\p{{M}}'’-]{{2,}})",
        0.8,
        _lower_case_surname,
    ),
    person_pattern(
        "credential", rf"(?<![\w-])(?P<value>{NAME})(?:[ \t]*,[ \t]*|[ \t]+){_CREDENTIAL}(?!\w)", 0.95, _credentialed
    ),
    person_pattern(
        "credential_surname", rf"(?<![\w-])(?P<value>{NAME}),[ \t]*{_CREDENTIAL}(?!\w)", 0.9, uncertain_name
    ),
    person_pattern(
        "surname_credential",
        r"(?<![\w'’.-])(?P<value>(?:\p{Lu}\.[ \t]?){0,2}\p{Lu}[\p{Ll}\p{M}]{2,}(?:[-'’]\p{L}+)?)(?:,[ \t]*|[ \t]+)(?:M\.?D\.?|R\.?N\.?|NP|PA-C|LPN|LVN|CRNA|CNM|PharmD|DPM|DMD|DDS|Ph\.?D\.?|LCSW|LMSW|DPT|COA|COMT|CCC-SLP|RDN?|RDH|CMA|NRP|RRT)(?!\w)",
        0.8,
        _credentialed_surname,
    ),
    person_pattern(
        "last_first_credential",
        rf"(?<![\w-])(?P<value>{NAME},[ \t]*{NAME})[ \t]*,[ \t]*{_CREDENTIAL}(?!\w)",
        0.9,
        _no_credentials,
    ),
)
