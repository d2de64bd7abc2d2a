# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Persons' names by what stands around them: a title, a credential, a label, a relationship, a signature, a first name."""

import regex

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_listed_word, may_be_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser, Refinement
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
from pipelines.screening.recognisers.relatives import PATTERNS as RELATIVE_PATTERNS
from pipelines.screening.spans import Span

# "MR" and "MS" without a full stop are magnetic resonance and multiple sclerosis
TITLE = (
    r"(?:(?i:drs?|doctor|prof|professor|rev|reverend|hon)\.|(?:M[rsx]|Mrs|M[RS]|MRS|Sgt|Capt|Lt|Col|(?<!\d[ \t]?)Fr)\.|(?i:drs?|prof)\b|M(?:r|s|x|rs|RS)\b|"
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
_SHORT_GIVEN_NAME = regex.compile(r"[ \t]\p{Lu}\p{Ll}{0,2}\.")  # Kocher Th.
_CERTAIN_TITLE = regex.compile(r"\b(?i:dr|mr|mrs|ms|prof|doctor)\.?[ \t]+$")


def _name(text: str, span: Span) -> Span | None:
    """After a cue that always names a person."""
    return trim(text, span)


def _titled_name(text: str, span: Span) -> Span | None:
    """After a title: the first word is the name whatever else it means ("Mr. Rash has a rash")."""
    trimmed = trim(text, span)
    if trimmed and trimmed[0] == span[0]:
        return trimmed
    first = FIRST_WORD.match(text, span[0])
    if first is None or first.group().isupper() or not _CERTAIN_TITLE.search(text, max(0, span[0] - 8), span[0]):
        return trimmed
    return trimmed if bare(first.group()) in words("not_after_title") else first.span()


def _two_word_name(text: str, span: Span) -> Span | None:
    trimmed = uncertain_name(text, span)
    if trimmed is None or len(parts := regex.findall(r"\p{L}{2,}", text[slice(*trimmed)])) < 2:
        return None
    return trimmed if " " in text[slice(*trimmed)] or all(map(may_be_name, parts)) else None  # no "Solu-Cortef"


def _lower_case_listed(text: str, span: Span) -> Span | None:
    """ "my name is vitoria": any words that may be a name."""
    end = span[0]
    for match in FIRST_WORD.finditer(text, *span):
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


def _lower_case_doctor(text: str, span: Span) -> Span | None:
    """ "pcp = lindqvist": any word that notes do not write otherwise."""
    word = bare(text[slice(*span)])
    return None if is_listed_word(word) or is_clinical(word) or word in words("sentence_words") else span


def _role_name(text: str, span: Span) -> Span | None:
    """ "ANESTHESIA: Magill": whoever fills a role may have an eponym's name, where nothing makes a term of it."""
    named = _label_name(text, span)
    if named is not None:
        return named
    first = FIRST_WORD.match(text, *span)
    if first is None or first.group().isupper() or not is_eponym_word(bare(first.group())):
        return None
    if clinical_head_follows(text, first.end()):
        return None
    given = _SHORT_GIVEN_NAME.match(text, first.end())
    return span[0], given.end() if given else first.end()


def _credentialed(text: str, span: Span) -> Span | None:
    """Two words before a credential; a last one of them that is also English belongs to the name: "Nguyen Van An, MD"."""
    trimmed = _two_word_name(text, span)
    if trimmed is None:
        return None
    rest = text[trimmed[1] : span[1]].split()
    named = rest and all(may_be_name(bare(word)) or (len(word) <= 3 and word.istitle()) for word in rest)
    return (trimmed[0], span[1]) if named else trimmed


def _credentialed_surname(text: str, span: Span) -> Span | None:
    """ "Gleason MD", but neither "Charge RN" nor "Attending MD"."""
    word = bare(text[slice(*span)])
    if word in words("not_names") or word in words("facility_words"):
        return None
    return span if is_eponym_word(word) or is_name_word(word) or not is_listed_word(word) else None


def _spoken_to(text: str, span: Span) -> Span | None:
    """One word after "spoke with": a name of the lists, and no department."""
    trimmed = uncertain_name(text, span)
    if trimmed is None or trimmed[0] != span[0]:
        return None
    value = text[slice(*trimmed)]
    known = may_be_name(bare(value.split()[0])) or len(value.split()) > 1
    return trimmed if known and not value.isupper() and bare(value) not in words("facility_words") else None


def _patient_name(text: str, span: Span) -> Span | None:
    """ "Patient Nakagawa" is a name, "Patient Education" none, and neither is "Patient Will"."""
    trimmed = uncertain_name(text, span)
    if trimmed is None or trimmed[0] != span[0]:
        return None
    first = bare(text[slice(*trimmed)].split()[0])
    return trimmed if may_be_name(first) and first not in words("sentence_openers") else None


def _newborn(text: str, span: Span) -> Span | None:
    """ "Baby girl Kim" is not "Baby girl Vitals"."""
    word = bare(text[span[0] : span[1]])
    return span if may_be_name(word) and word not in words("not_names") else uncertain_name(text, span)


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
            uncertain_name(text, (span[0], span[0] + len(before))),
            uncertain_name(text, (span[1] - len(after), span[1])),
        )
        if last and first and len(before.split()) <= 2:
            return last[0], first[1]
    return uncertain_name(text, (span[0], span[0] + len(before)))


def _unlisted_subject(text: str, span: Span) -> Span | None:
    """A capitalised word that reports, denies or lives: a person, unless the note uses the word elsewhere as a noun."""
    trimmed = uncertain_name(text, span)
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
        rf"(?<![\w-])(?=[DPRHMSCLFNJOdprh]){TITLE}[ \t]*(?:\r?\n)?[ \t]*(?P<value>{NAME})(?:[ \t]*(?:,|and|&|/|or)[ \t]*(?P<value>{NAME})(?=[ \t]*(?:,|and|&|/|were|have|are)))?",
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
        "credential", rf"(?<![\w-])(?P<value>{NAME})(?:[ \t]*,[ \t]*|[ \t]+){_CREDENTIAL}(?!\w)", 0.95, _credentialed
    ),
    _pattern("credential_surname", rf"(?<![\w-])(?P<value>{NAME}),[ \t]*{_CREDENTIAL}(?!\w)", 0.9, uncertain_name),
    _pattern(
        "surname_credential",
        r"(?<![\w'’.-])(?P<value>\p{Lu}[\p{Ll}\p{M}]{2,}(?:[-'’]\p{L}+)?)(?:,[ \t]*|[ \t]+)(?:M\.?D\.?|R\.?N\.?|NP|PA-C|LPN|CRNA|CNM|PharmD|DPM|DMD|DDS|Ph\.?D\.?|LCSW|DPT)(?!\w)",
        0.8,
        _credentialed_surname,
    ),
    _pattern(
        "last_first_credential", rf"(?<![\w-])(?P<value>{NAME},[ \t]*{NAME})[ \t]*,[ \t]*{_CREDENTIAL}(?!\w)", 0.9, None
    ),
    _pattern(
        "label",
        rf"(?:^|(?<=[|;•*\t(])|(?<=[ \t]{{2}})|(?<=[.,][ \t])|(?<=\w[ \t]))[ \t]*(?i:{_LABEL})[ \t]*(?:\([^)\n]{{1,20}}\))?(?:[ \t]*[:#]|[ \t]+[-–=]|(?<=name)\?)[ \t]*(?:{TITLE}[ \t]*)?(?P<value>{NAME}(?:,[ \t]*{NAME})?)",
        0.9,
        _label_name,
    ),
    _pattern(
        "role",
        rf"(?:^|(?<=[ \t]{{2}})|(?<=\t))[ \t]*(?i:surgeons?|(?:first |second |co-)?assistants?|ana?esthesia|ana?esthesiologist|ana?esthetist|attending|pcp|resident|fellow|author|scribe|provider|consultant|referring|nurse|circulator|scrub)[ \t]*:[ \t]*(?=(?P<value>{NAME}(?:,[ \t]*{NAME})?))",
        0.85,
        _role_name,
    ),
    _pattern(
        "signed",
        rf"\b(?i:(?:electronically |digitally )?(?:signed|dictated|authenticated|verified|cosigned|co-signed|transcribed|e-signed)(?: electronically)?(?: and \w+)? by|/s/|signature[ \t]*:|signed[ \t]*[,:])[ \t:]*(?:{TITLE}[ \t]*)?(?P<value>{NAME})",
        0.95,
        _name,
    ),
    _pattern(
        "done_by",
        rf"\b(?i:(?:seen|examined|evaluated|performed|reviewed|followed|referred|prescribed|ordered|assisted|accompanied|supervised|managed|treated|operated(?: on)?|brought in|called|placed|discussed|spoke|speaking|met|consultation|consult|appointment|visit|conversation|case|follow(?:ed|ing)?[- ]?up|f/u|message|email|letter|advised|requested) (?:by|with|to|from)|discussed (?:the )?\w+ with|per|under|c/o|care of|called)[ \t]+(?:{TITLE}[ \t]*)?(?P<value>(?:\p{{Lu}}\.[ \t]*)+{NAME}|{NAME})",
        0.7,
        _two_word_name,
    ),
    _pattern(
        "named",
        rf"\b(?i:named|name is|name's|names are|goes by|known as|called|nicknamed|nickname(?: is)?|a\.?k\.?a\.?|formerly|née|nee|i am|this is|preferred name)[ \t]*:?[ \t]+[\"'“‘(]?(?P<value>{NAME})",
        0.85,
        uncertain_name,
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
        rf"^[ \t]*(?i:dear|hi|hello)[ \t]+(?:{TITLE}[ \t]*)?(?P<value>{NAME})(?=[ \t]*[,:!\n\r])",
        0.9,
        _name,
    ),
    _pattern(
        "closing",
        rf"\b(?i:sincerely|regards|respectfully|yours truly|yours faithfully|best wishes|thank you|thanks|cordially)[ \t]*,?[ \t]*(?:\r?\n[ \t]*){{1,4}}(?:{TITLE}[ \t]*)?(?P<value>{NAME})",
        0.9,
        _name,
    ),
    _pattern(
        "doctor_lower",
        r"\b(?i:pcp|attending|surgeon|cardiologist|oncologist|provider|physician|psych(?:iatrist)?|neurologist|ob)[ \t]*(?:[=:]|\bis\b)[ \t]*(?:(?i:dr)\.?[ \t]+)?(?P<value>\p{Ll}[\p{Ll}\p{M}'’-]{3,})\b",
        0.7,
        _lower_case_doctor,
    ),
    _pattern(
        "spoken_to",
        rf"\b(?i:s(?:poke|peaking|/w)[ \t]+(?:to|with|w/)|s/w|d/w|(?:talked|texted|paged|phoned|discussed|reviewed|confirmed|met|handoff|report)[ \t]+(?:to|with|w/)|(?:told|texted|phoned|paged|called)|(?:call|message|text|word|voicemail|hx|history|info|report)[ \t]+(?:from|fr|per)|per)[ \t]+(?P<value>{NAME})",
        0.6,
        _spoken_to,
    ),
    _pattern(
        "first_person",
        rf"(?<![\p{{L}}\d,][ \t]{{0,2}})I,[ \t]+(?:{TITLE}[ \t]*)?(?P<value>{NAME}),?[ \t]+(?i:have|had|was|am|attest|certify|personally|saw|examined|evaluated|reviewed|performed|hereby|agree|discussed|supervised|,|MD|DO|RN)\b",
        0.9,
        None,
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
        super().__init__((*PATTERNS, *RELATIVE_PATTERNS), timeout_s)
