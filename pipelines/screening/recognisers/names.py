# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Persons' names by what stands around them: a title, a credential, a label, a relationship, a signature, a first name."""

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_family_name, is_ordinary, may_be_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser, Refinement
from pipelines.screening.recognisers.person import (
    NAME,
    bare,
    clinical_head_follows,
    is_clinical,
    is_eponym,
    is_name_word,
    trim,
)
from pipelines.screening.spans import Span

# "MR" and "MS" without a full stop are magnetic resonance and multiple sclerosis
_TITLE = (
    r"(?:(?i:drs?|doctor|prof|professor|rev|reverend|hon)\.|(?:M[rsx]|Mrs|M[RS]|MRS|Sgt|Capt|Lt|Col|Fr)\.|(?i:drs?|prof)\b|M(?:r|s|x|rs|RS)\b|"
    r"(?:Doctor|Professor|Miss|Sister|Nurse|Reverend|Rabbi|Pastor|Father|Judge|Officer|Sir|Madam|Señora?|DOCTOR|MISS|NURSE)\b)"
)
_CREDENTIAL = (
    r"(?:M\.?D|D\.?O|R\.?N|N\.?P|P\.?A(?:-?C)?|Ph\.?D|D\.?D\.?S|D\.?M\.?D|D\.?P\.?M|Pharm\.?D|L\.?P\.?N|C\.?N\.?A|C\.?R\.?N\.?A|F\.?A\.?C\.?[SP]|M\.?S\.?W|L\.?C\.?S\.?W|MBBS|FRCS|"
    r"A\.?P\.?R\.?N|D\.?N\.?P|F\.?N\.?P(?:-?C|-?BC)?|B\.?S\.?N|M\.?S\.?N|D\.?P\.?T|O\.?T\.?R(?:/L)?|CCC-SLP|R\.?D|R\.?T|CNM|Psy\.?D|O\.?D)\b\.?"
)
_LABEL = (
    r"patient(?:'s)?(?: name)?|pt(?:\.| name)?|(?:full |legal |first |last |middle |maiden |preferred |sur)?name|attending(?: physician| md| provider)?|(?:primary care |referring |ordering |admitting |consulting |supervising |"
    r"treating |family |responsible |requesting |performing )?(?:physician|provider|doctor|surgeon|clinician|practitioner)|surgeons?|assistants?(?: surgeon)?|resident|fellow|intern|anesthesiologist|anaesthetist|anesthesia|pcp|"
    r"author|dictated(?: by)?|dictator|transcribed by|typed by|transcriptionist|signed(?: by)?|electronically signed(?: by)?|e-?signed by|authenticated by|verified by|cosigned by|co-?signed by|approved by|"
    r"reviewed by|reported by|interpreted by|read by|prepared by|entered by|performed by|ordered by|referred by|seen by|examined by|evaluated by|discussed with|cc|cc'd|attn|attention|re|from|to|contact|emergency contact|next of kin|nok|"
    r"guardian|guarantor|subscriber|insured|policy ?holder|spouse|husband|wife|mother|father|mom|dad|parent|son|daughter|sister|brother|partner|caregiver|informant|"
    r"pathologist|radiologist|cardiologist|oncologist|nurse|rn|case manager|social worker|therapist|technologist|technician|consultant|prescriber|pharmacist|scribe|witness|employee|client|member|student|recipient|signature|provided by|care team|username"
)
_RELATION = (
    r"wife|husband|spouse|son|daughter|mother|father|mom|dad|brother|sister|partner|girlfriend|boyfriend|fianc[eé]e?|friend|aunt|uncle|cousin|nephew|niece|grand(?:mother|father|son|daughter|child|ma|pa)|"
    r"(?:mother|father|son|daughter|sister|brother)-in-law|step(?:mother|father|son|daughter)|caregiver|guardian|neighbou?r|roommate|aide|nurse|pharmacist|coworker|co-worker|employer|boss|lawyer|attorney|teacher|landlord|pastor|twin|baby|"
    r"social worker|case manager|therapist|cardiologist|oncologist|neurologist|surgeon|pcp|physician|resident|psychiatrist|dentist|daughters|sons|children|parents|brothers|sisters"
)


_FIRST_WORD = regex.compile(r"[\p{L}\p{M}'’-]+")
_CERTAIN_TITLE = regex.compile(r"\b(?i:dr|mr|mrs|ms|prof|doctor)\.?[ \t]+$")


def _name(text: str, span: Span) -> Span | None:
    """After a cue that always names a person."""
    return trim(text, span)


def _titled_name(text: str, span: Span) -> Span | None:
    """After a title: the first word is the name whatever else it means ("Mr. Rash has a rash")."""
    trimmed = trim(text, span)
    if trimmed and trimmed[0] == span[0]:
        return trimmed
    first = _FIRST_WORD.match(text, span[0])
    if first is None or first.group().isupper() or not _CERTAIN_TITLE.search(text, max(0, span[0] - 8), span[0]):
        return trimmed
    return trimmed if bare(first.group()) in words("not_after_title") else first.span()


def _uncertain_name(text: str, span: Span) -> Span | None:
    """After a cue that may also precede a diagnosis, a department or a drug."""
    trimmed = trim(text, span)
    if trimmed is None or is_eponym(text, trimmed) or clinical_head_follows(text, trimmed[1]):
        return None
    tokens = text[trimmed[0] : trimmed[1]].split()
    if len(tokens) == 1 and tokens[0].isupper() and not is_family_name(bare(tokens[0])) and not is_name_word(tokens[0]):
        return None  # an abbreviation or a heading
    return trimmed


def _two_word_name(text: str, span: Span) -> Span | None:
    trimmed = _uncertain_name(text, span)
    return trimmed if trimmed and len(regex.findall(r"\p{L}{2,}", text[trimmed[0] : trimmed[1]])) >= 2 else None


def _lower_case_listed(text: str, span: Span) -> Span | None:
    """ "my name is vitoria": any words that may be a name."""
    end = span[0]
    for match in _FIRST_WORD.finditer(text, *span):
        word = bare(match.group())
        if not may_be_name(word) or word in words("sentence_words"):
            break
        end = match.end()
    return (span[0], end) if end > span[0] else None


def _quoted_nickname(text: str, span: Span) -> Span | None:
    """William "Skip" Tanaka: a word in quotes amid a name."""
    before = text[: span[0] - 1].split()[-1]
    return span if may_be_name(bare(before)) else None


def _lower_case_surname(text: str, span: Span) -> Span | None:
    word = bare(text[span[0] : span[1]])
    return None if word in words("sentence_words") or is_clinical(word) else span


def _patient_name(text: str, span: Span) -> Span | None:
    """ "Patient Nakagawa" is a name, "Patient Education" none, and neither is "Patient Will"."""
    trimmed = _uncertain_name(text, span)
    if trimmed is None or trimmed[0] != span[0]:
        return None
    first = bare(text[slice(*trimmed)].split()[0])
    return trimmed if may_be_name(first) and first not in words("sentence_openers") else None


def _newborn(text: str, span: Span) -> Span | None:
    """ "Baby girl Kim" is not "Baby girl Vitals"."""
    word = bare(text[span[0] : span[1]])
    return span if may_be_name(word) and word not in words("not_names") else _uncertain_name(text, span)


def _initials(text: str, span: Span) -> Span | None:
    """Whoever typed the note, by initials or user name; not "dictated by the resident"."""
    word = bare(text[span[0] : span[1]])
    return None if word in words("not_names") or is_ordinary(word) else span


def _label_name(text: str, span: Span) -> Span | None:
    """After a label: "Patient: Smith, John" is one name, "To: Cardiology" none."""
    before, comma, after = text[span[0] : span[1]].partition(",")
    if (
        comma
        and after.strip()
        and not is_clinical(after.split()[0])
        and bare(after.split()[0]) not in ("md", "do", "rn", "np", "pa", "phd")
    ):
        last, first = (
            _uncertain_name(text, (span[0], span[0] + len(before))),
            _uncertain_name(text, (span[1] - len(after), span[1])),
        )
        if last and first and len(before.split()) <= 2:
            return last[0], first[1]
    return _uncertain_name(text, (span[0], span[0] + len(before)))


def _relation_name(text: str, span: Span) -> Span | None:
    """After a relationship: the words must not be a sentence of their own."""
    between = text[max(0, span[0] - 3) : span[0]]
    if "." in between or "\n" in between:
        return None
    return _uncertain_name(text, span)


def _unlisted_subject(text: str, span: Span) -> Span | None:
    """A capitalised word that reports, denies or lives: a person, unless the note uses the word elsewhere as a noun."""
    trimmed = _uncertain_name(text, span)
    if trimmed is None:
        return None
    value = text[trimmed[0] : trimmed[1]]
    ordinary = regex.search(rf"(?<!\w){regex.escape(value.lower())}s?(?!\w)", text) or bare(value) in words(
        "eponym_heads"
    )
    return None if ordinary or bare(value) in words("facility_words") else trimmed


def _pattern(name: str, expression: str, score: float, refine: Refinement | None) -> CuedPattern:
    return CuedPattern(name=name, entity_type=EntityType.PERSON, expression=expression, score=score, refine=refine)


_LOWER_TITLE = r"(?:(?i:dr|mrs?)\.?|(?<!\d[ \t]?)ms\.)"

PATTERNS = (
    _pattern(
        "title",
        rf"(?<![\w-]){_TITLE}[ \t]*(?:\r?\n)?[ \t]*(?P<value>{NAME})(?:[ \t]*(?:,|and|&|/|or)[ \t]*(?P<value>{NAME})(?=[ \t]*(?:,|and|&|/|were|have|are)))?",
        0.95,
        _titled_name,
    ),
    _pattern(
        "title_conjoined",
        rf"(?i:\bdrs\.?)[ \t]*{NAME}(?:[ \t]*,[ \t]*(?P<value>{NAME}))*[ \t]*,?[ \t]*(?:and|&)[ \t]*(?P<value>{NAME})",
        0.9,
        _name,
    ),
    _pattern(
        "title_lower",
        rf"(?<![\w-]){_LOWER_TITLE}[ \t]+(?P<value>\p{{Ll}}[\p{{Ll}}\p{{M}}'’-]{{2,}})",
        0.8,
        _lower_case_surname,
    ),
    _pattern(
        "credential", rf"(?<![\w-])(?P<value>{NAME})(?:[ \t]*,[ \t]*|[ \t]+){_CREDENTIAL}(?!\w)", 0.95, _two_word_name
    ),
    _pattern("credential_surname", rf"(?<![\w-])(?P<value>{NAME}),[ \t]*{_CREDENTIAL}(?!\w)", 0.9, _uncertain_name),
    _pattern(
        "last_first_credential", rf"(?<![\w-])(?P<value>{NAME},[ \t]*{NAME})[ \t]*,[ \t]*{_CREDENTIAL}(?!\w)", 0.9, None
    ),
    _pattern(
        "label",
        rf"(?:^|(?<=[|;•*\t(])|(?<=[ \t]{{2}})|(?<=[.,][ \t])|(?<=\w[ \t]))[ \t]*(?i:{_LABEL})[ \t]*(?:\([^)\n]{{1,20}}\))?(?:[ \t]*[:#]|[ \t]+[-–=]|(?<=name)\?)[ \t]*(?:{_TITLE}[ \t]*)?(?P<value>{NAME}(?:,[ \t]*{NAME})?)",
        0.9,
        _label_name,
    ),
    _pattern(
        "signed",
        rf"\b(?i:(?:electronically |digitally )?(?:signed|dictated|authenticated|verified|cosigned|co-signed|transcribed|e-signed)(?: electronically)?(?: and \w+)? by|/s/|signature[ \t]*:|signed[ \t]*[,:])[ \t:]*(?:{_TITLE}[ \t]*)?(?P<value>{NAME})",
        0.95,
        _name,
    ),
    _pattern(
        "done_by",
        rf"\b(?i:(?:seen|examined|evaluated|performed|reviewed|followed|referred|prescribed|ordered|assisted|accompanied|supervised|managed|treated|operated(?: on)?|brought in|called|placed|discussed|spoke|speaking|met|consultation|consult|appointment|visit|conversation|case|follow(?:ed|ing)?[- ]?up|f/u|message|email|letter|advised|requested) (?:by|with|to|from)|discussed (?:the )?\w+ with|per|under|c/o|care of|called)[ \t]+(?:{_TITLE}[ \t]*)?(?P<value>(?:\p{{Lu}}\.[ \t]*)+{NAME}|{NAME})",
        0.7,
        _two_word_name,
    ),
    _pattern(
        "named",
        rf"\b(?i:named|name is|name's|names are|goes by|known as|called|nicknamed|nickname(?: is)?|a\.?k\.?a\.?|formerly|née|nee|i am|this is|preferred name)[ \t]*:?[ \t]+[\"'“‘(]?(?P<value>{NAME})",
        0.85,
        _uncertain_name,
    ),
    _pattern(
        "nickname",
        r"\b(?i:goes by|known as|nicknamed?|called|a\.?k\.?a\.?)[ \t]+(?i:is[ \t]+)?[\"'“‘](?P<value>\p{L}[\p{L}\p{M} '-]{1,20})[\"'”’]",
        0.8,
        None,
    ),
    _pattern(
        "quoted_nickname",
        r"\p{Lu}[\p{L}\p{M}'’-]+[ \t]+(?:\p{Lu}\.[ \t]+)?[\"“'‘(](?P<value>\p{Lu}[\p{L}\p{M}]+(?:[ -]\p{L}+)?)[\"”'’)][ \t]+\p{Lu}[\p{L}\p{M}]+",
        0.8,
        _quoted_nickname,
    ),
    _pattern(
        "greeting",
        rf"^[ \t]*(?i:dear|hi|hello)[ \t]+(?:{_TITLE}[ \t]*)?(?P<value>{NAME})(?=[ \t]*[,:!\n\r])",
        0.9,
        _name,
    ),
    _pattern(
        "closing",
        rf"\b(?i:sincerely|regards|respectfully|yours truly|yours faithfully|best wishes|thank you|thanks|cordially)[ \t]*,?[ \t]*(?:\r?\n[ \t]*){{1,4}}(?:{_TITLE}[ \t]*)?(?P<value>{NAME})",
        0.9,
        _name,
    ),
    _pattern(
        "relation",
        rf"\b(?i:{_RELATION})(?:[ \t]+(?i:is|was|named|called))?[ \t]*[,:(\-–]?[ \t]*[\"'“]?(?P<value>{NAME})",
        0.75,
        _relation_name,
    ),
    _pattern(
        "owner",
        rf"\b(?P<value>{NAME})['’]s[ \t]+(?i:wife|husband|mother|father|son|daughter|brother|sister|partner|room|family|parents|chart)\b",
        0.75,
        _uncertain_name,
    ),
    _pattern(
        "subject_of_verb",
        r"(?<![\w'’.-])(?P<value>\p{Lu}[\p{Ll}\p{M}]{2,}(?:[-'’]\p{Lu}[\p{Ll}\p{M}]+)?)[ \t]+(?:(?i:also|further|again|currently|now|still|initially)[ \t]+)?"
        r"(?i:reports|denies|denied|states|stated|complains|complained|endorses|endorsed|lives|says|said|told|asked|admits|called|phoned|describes|feels|felt|tolerated|lives|works|smokes|drinks)\b",
        0.6,
        _unlisted_subject,
    ),
    _pattern(
        "initial_surname",
        r"(?i:\b(?:by|with|per|from|to|and|dr\.?)[ \t]+)(?P<value>(?:\p{Lu}\.[ \t]?){1,2}\p{Lu}[\p{Ll}\p{M}]{2,}(?:[-'’]\p{L}+)?)",
        0.8,
        _name,
    ),
    _pattern(
        "lower_case_named",
        r"\b(?i:name(?:'s| is| was|[ \t]*:)|named|called)[ \t]+(?P<value>\p{Ll}[\p{Ll}\p{M}'’-]{2,}(?:[ \t]+\p{Ll}[\p{Ll}\p{M}'’-]{2,})?)\b",
        0.7,
        _lower_case_listed,
    ),
    _pattern(
        "patient",
        rf"\b(?:[Pp]atient|[Pp]t\.?|NP|PA(?:-C)?|RN|CRNA|LPN|CNM)[ \t]+(?P<value>{NAME})",
        0.7,
        _patient_name,
    ),
    _pattern(
        "newborn",
        r"\b(?i:baby (?:girl|boy)|bb|bg|infant)[ \t]+(?:(?i:of|girl|boy)[ \t]+)?(?P<value>\p{Lu}[\p{L}\p{M}'’-]+)",
        0.8,
        _newborn,
    ),
    _pattern(
        "transcriber",
        r"\b(?i:(?:transcribed|typed|dictated|entered|signed) by[ \t]*:?|(?:transcriptionist|initials?|d/t|author|scribe|editor)[ \t]*:)[ \t]*(?P<value>\p{Ll}{2,12}|\p{Lu}{2,4}(?:/\p{L}{2,4})?)[ \t]*(?=[.;,]|\r?\n|$)",
        0.6,
        _initials,
    ),
    _pattern(
        "subject",
        r"^[ \t]*(?P<value>\p{Lu}[\p{Ll}\p{M}]+(?:[ \t]+\p{Lu}\.?)?(?:[ \t]+\p{Lu}[\p{L}\p{M}'’-]+){1,2})[ \t]+(?:is|was)[ \t]+(?i:an?)[ \t]+(?:(?i:very |pleasant |delightful )*)(?:\d|\p{Ll}+-year|(?i:young|elderly|middle))",
        0.9,
        _name,
    ),
)


class NameRecogniser(CuedRecogniser):
    """Names of persons that something in the note gives away.

    Args:
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, timeout_s: float):
        super().__init__(PATTERNS, timeout_s)
