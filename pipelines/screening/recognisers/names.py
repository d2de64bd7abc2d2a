# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Persons' names by what stands around them: a label, a verb, a signature, a greeting."""

import regex

from pipelines.screening.gazetteer import is_family_name, is_given_name, is_listed_word, may_be_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.nicknames import PATTERNS as NICKNAME_PATTERNS
from pipelines.screening.recognisers.pattern import CuedRecogniser, person_pattern
from pipelines.screening.recognisers.person import (
    FIRST_WORD,
    NAME,
    bare,
    clinical_head_follows,
    is_clinical,
    is_eponym_word,
    is_uncued_eponym,
    trim,
    uncertain_name,
)
from pipelines.screening.recognisers.relatives import PATTERNS as RELATIVE_PATTERNS
from pipelines.screening.recognisers.titled_names import PATTERNS as TITLED_PATTERNS
from pipelines.screening.recognisers.titled_names import TITLE, two_word_name
from pipelines.screening.spans import Span

_LABEL = (
    r"patient(?:'s)?(?: name)?|pt(?:\.| name)?|(?:full |legal |first |last |middle |maiden |preferred |sur)?name|attending(?: physician| md| provider)?|(?:primary care |referring |ordering |admitting |consulting |supervising |"
    r"treating |family |responsible |requesting |performing )?(?:physician|provider|doctor|surgeon|clinician|practitioner)|(?:ref|adm|att|pri|con|ord|prim|fam)(?:\.? )(?:dr|md|phys|prov)|surgeons?|assistants?(?: surgeon)?|resident|fellow|intern|anesthesiologist|anaesthetist|anesthesia|pcp|"
    r"author|dictated(?: by)?|dictator|transcribed by|typed by|transcriptionist|signed(?: by)?|electronically signed(?: by)?|e-?signed by|authenticated by|verified by|cosigned by|co-?signed by|approved by|"
    r"reviewed by|reported by|interpreted by|read by|prepared by|entered by|performed by|ordered by|referred by|seen by|examined by|evaluated by|discussed with|cc|cc'd|attn|attention|re|from|to|contact|emergency contact|next of kin|nok|"
    r"guardian|guarantor|subscriber|insured|policy ?holder|candidate|alias|aka|a\.k\.a\.|alt(?:ernate)? name|spouse|husband|wife|mother|father|mom|dad|parent|son|daughter|sister|brother|partner|caregiver|informant|"
    r"pathologist|radiologist|cardiologist|oncologist|nurse|rn|case manager|social worker|therapist|technologist|technician|consultant|prescriber|pharmacist|scribe|witness|employee|client|member|student|recipient|signature|provided by|care team|username"
)
_SHORT_GIVEN_NAME = regex.compile(r"[ \t]\p{Lu}\p{Ll}{0,2}\.")  # Kocher Th.
_NOUN_AFTER = regex.compile(
    r"[ \t-](?!(?:is|was|has|had|will|and|or|with|who|to|at|in|on|by|from|for|as|he|she|they|his|her|per|called|says|said)\b)\p{Ll}{2,}"
)
_MET_BEFORE = regex.compile(r"\b(?i:to|with|w/|by|told|texted|phoned|paged|called|from)[ \t]+$")
_WHERE_AFTER = regex.compile(
    r"[ \t]+(?:from|in|at|on|about|re|regarding|who|today|yesterday|this|and)\b|[ \t]*(?:[.,;](?!\w)|\r?\n|$)"
)


def _name(text: str, span: Span) -> Span | None:
    """After a cue that always names a person."""
    return trim(text, span)


def _lower_case_listed(text: str, span: Span) -> Span | None:
    """ "my name is vitoria": any words that may be a name."""
    end = span[0]
    for match in FIRST_WORD.finditer(text, *span):
        word = bare(match.group())
        if not may_be_name(word) or word in words("sentence_words"):
            break
        end = match.end()
    return (span[0], end) if end > span[0] else None


def _lower_case_companion(text: str, span: Span) -> Span | None:
    """ "w/ renee", "per maria lopez": a given name that is no other word, and a surname behind it."""
    given, *family = (bare(word) for word in text[slice(*span)].split())
    known = given in words("first_names") or is_given_name(given)
    if not known or given in words("ambiguous_names") or is_listed_word(given) or is_eponym_word(given):
        return None
    if family and is_family_name(family[0]) and not is_clinical(family[0]):
        return span
    return span[0], span[0] + len(given)


def _name_with_suffix(text: str, span: Span) -> Span | None:
    """ "Marcus Bragg, III", but neither "Frykman II" nor "Cranial Nerves II"."""
    name, suffix = text[slice(*span)].rsplit(None, 1)
    trimmed = uncertain_name(text, (span[0], span[0] + len(name)))
    if trimmed is None or trimmed[1] != span[0] + len(name.rstrip(",")):
        return None
    parts = text[slice(*trimmed)].split()
    certain = suffix.title() in ("Jr", "Sr", "Esq") and may_be_name(bare(parts[-1]))
    return (
        (trimmed[0], span[1])
        if certain or (len(parts) > 1 and all(may_be_name(bare(part)) for part in parts))
        else None
    )


def _particle_surname(text: str, span: Span) -> Span | None:
    surname = text[slice(*span)].replace("-", " ").split()[-1]
    other = is_uncued_eponym(text, span) or clinical_head_follows(text, span[1]) or is_clinical(surname)
    return span if may_be_name(bare(surname)) and not other else None


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


def _spoken_to(text: str, span: Span) -> Span | None:
    """One word after "spoke with": a name of the lists, and no department; "Babinski in the lab" is a man."""
    trimmed = uncertain_name(text, span)
    if trimmed is None:
        return _eponymous_colleague(text, span)
    if trimmed[0] != span[0]:
        return None
    value = text[slice(*trimmed)]
    known = may_be_name(bare(value.split()[0])) or len(value.split()) > 1
    return trimmed if known and not value.isupper() and bare(value) not in words("facility_words") else None


def _eponymous_colleague(text: str, span: Span) -> Span | None:
    first = FIRST_WORD.match(text, *span)
    if first is None or not is_eponym_word(bare(first.group())) or clinical_head_follows(text, first.end()):
        return None
    met = _MET_BEFORE.search(text, max(0, span[0] - 20), span[0]) and _WHERE_AFTER.match(text, first.end())
    return first.span() if met else None


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
    """After a label: "Patient: Smith, John" is one name, "To: Cardiology" and "CC: Dark urine" none."""
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
    named = uncertain_name(text, (span[0], span[0] + len(before)))
    if named is not None and is_listed_word(bare(text[slice(*named)])) and _NOUN_AFTER.match(text, named[1]):
        return None
    return named


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


PATTERNS = (
    person_pattern(
        "label",
        rf"(?:^|(?<=[|;•*\t(])|(?<=[ \t]{{2}})|(?<=[.,][ \t])|(?<=\w[ \t]))[ \t]*(?i:{_LABEL})[ \t]*(?:\([^)\n]{{1,20}}\))?(?:[ \t]*[:#]|[ \t]+[-–=]|(?<=name)\?)[ \t]*(?:{TITLE}[ \t]*)?(?P<value>{NAME}(?:,[ \t]*{NAME})?)",
        0.9,
        _label_name,
    ),
    person_pattern(
        "role",
        rf"(?:^|(?<=[ \t]{{2}})|(?<=\t))[ \t]*(?i:surgeons?|(?:first |second |co-)?assistants?|ana?esthesia|ana?esthesiologist|ana?esthetist|attending|pcp|resident|fellow|author|scribe|provider|consultant|referring|nurse|circulator|scrub)[ \t]*:[ \t]*(?=(?P<value>{NAME}(?:,[ \t]*{NAME})?))",
        0.85,
        _role_name,
    ),
    person_pattern(
        "signed",
        rf"\b(?i:(?:electronically |digitally )?(?:signed|dictated|authenticated|verified|cosigned|co-signed|transcribed|e-signed)(?: electronically)?(?: and \w+)? by|/s/|signature[ \t]*:|signed[ \t]*[,:])[ \t:]*(?:{TITLE}[ \t]*)?(?P<value>{NAME})",
        0.95,
        _name,
    ),
    person_pattern(
        "done_by",
        rf"\b(?i:(?:seen|examined|evaluated|performed|reviewed|followed|referred|prescribed|ordered|assisted|accompanied|supervised|managed|treated|operated(?: on)?|brought in|called|placed|discussed|spoke|speaking|met|consultation|consult|appointment|visit|conversation|case|follow(?:ed|ing)?[- ]?up|f/u|message|email|letter|advised|requested) (?:by|with|to|from)|discussed (?:the )?\w+ with|per|under|c/o|care of|called)[ \t]+(?:{TITLE}[ \t]*)?(?P<value>(?:\p{{Lu}}\.[ \t]*)+{NAME}|{NAME})",
        0.7,
        two_word_name,
    ),
    person_pattern(
        "named",
        rf"\b(?i:named|name is|name's|names are|goes by|known as|called|nicknamed|nickname(?: is)?|a\.?k\.?a\.?|formerly|née|nee|i am|this is|preferred name)[ \t]*:?[ \t]+[\"'“‘(]?(?P<value>{NAME})",
        0.85,
        uncertain_name,
    ),
    person_pattern(
        "greeting",
        rf"^[ \t]*(?i:dear|hi|hello)[ \t]+(?:{TITLE}[ \t]*)?(?P<value>{NAME})(?=[ \t]*[,:!\n\r])",
        0.9,
        _name,
    ),
    person_pattern(
        "closing",
        rf"\b(?i:sincerely|regards|respectfully|yours truly|yours faithfully|best wishes|thank you|thanks|cordially)[ \t]*,?[ \t]*(?:\r?\n[ \t]*){{1,4}}(?:{TITLE}[ \t]*)?(?P<value>{NAME})",
        0.9,
        _name,
    ),
    person_pattern(
        "doctor_lower",
        r"\b(?i:pcp|attending|surgeon|cardiologist|oncologist|provider|physician|psych(?:iatrist)?|neurologist|ob)[ \t]*(?:[=:]|\bis\b)[ \t]*(?:(?i:dr)\.?[ \t]+)?(?P<value>\p{Ll}[\p{Ll}\p{M}'’-]{3,})\b",
        0.7,
        _lower_case_doctor,
    ),
    person_pattern(
        "spoken_to",
        rf"\b(?i:s(?:poke|peaking|/w)[ \t]+(?:to|with|w/)|s/w|d/w|(?:talked|texted|paged|phoned|discussed|reviewed|confirmed|met|handoff|report)[ \t]+(?:to|with|w/)|(?:told|texted|phoned|paged|called)|(?:seen|examined|evaluated|consented|staffed|cleared|scrubbed|assisted|covered)[ \t]+(?:by|with)|(?:call|message|text|word|voicemail|hx|history|info|report)[ \t]+(?:from|fr|per)|per)[ \t]+(?P<value>{NAME})",
        0.75,
        _spoken_to,
    ),
    person_pattern(
        "first_person",
        rf"(?<![\p{{L}}\d,][ \t]{{0,2}})I,[ \t]+(?:{TITLE}[ \t]*)?(?P<value>{NAME}),?[ \t]+(?i:have|had|was|am|attest|certify|personally|saw|examined|evaluated|reviewed|performed|hereby|agree|discussed|supervised|,|MD|DO|RN)\b",
        0.9,
        None,
    ),
    person_pattern(
        "subject_of_verb",
        r"(?<![\w'’.-])(?P<value>\p{Lu}[\p{Ll}\p{M}]{2,}(?:[-'’]\p{Lu}[\p{Ll}\p{M}]+)?)[ \t]+(?:(?i:also|further|again|currently|now|still|initially)[ \t]+)?"
        r"(?i:reports|denies|denied|states|stated|complains|complained|endorses|endorsed|lives|says|said|told|asked|admits|called|phoned|describes|feels|felt|tolerated|lives|works|smokes|drinks)\b",
        0.6,
        _unlisted_subject,
    ),
    person_pattern(
        "initial_surname",
        r"(?i:\b(?:by|with|per|from|to|and|dr\.?)[ \t]+)(?P<value>(?:\p{Lu}\.[ \t]?){1,2}\p{Lu}[\p{Ll}\p{M}]{2,}(?:[-'’]\p{L}+)?)",
        0.8,
        _name,
    ),
    person_pattern(
        "lower_case_with",  # "pt w/ renee"
        r"(?:\bw/|\b(?:with|per|saw|by|told|texted|called|from)\b)[ \t]*(?P<value>\p{Ll}{3,}(?:[ \t]+\p{Ll}[\p{Ll}'’-]{2,})?)(?=[ \t]*(?:[.,;)/]|\r?\n|$|[ \t](?:for|in|at|on|who|today|and|from|re)\b))",
        0.6,
        _lower_case_companion,
    ),
    person_pattern(
        "suffix",
        rf"(?<![\w'’-])(?P<value>{NAME},?[ \t]+(?:Jr|Sr|Esq|I{{2,3}}|IV|JR|SR))(?![\w-])",
        0.8,
        _name_with_suffix,
    ),
    person_pattern(
        "lower_case_colleague",  # "np grace notified"
        r"\b(?:md|do|np|pa|rn|lpn|cna|nurse|resident|intern|fellow|attending|hospitalist|sw|rt|aide|tech)[ \t]+(?P<value>\p{Ll}{3,})(?=[ \t]+(?:notified|aware|paged|called|informed|updated|texted|at bedside|in to see|in room|here|said|says|states|wants|ok(?:ay)?)\b)",
        0.6,
        _lower_case_listed,
    ),
    person_pattern(
        "particle_surname",  # "Surgery: de la Cruz"
        r"(?<![\w'’-])(?P<value>(?i:de la|de los|de las|van der|van den|van de|von der|del|dos|da|al|bin|ibn)[ \t-](?:\p{Lu}\.[ \t]?)?\p{Lu}[\p{Ll}\p{M}]{2,}(?:[-'’]\p{L}+)?)(?![\w-])",
        0.6,
        _particle_surname,
    ),
    person_pattern(
        "lower_case_named",
        r"\b(?i:name(?:'s| is| was|[ \t]*:)|named|called)[ \t]+(?P<value>\p{Ll}[\p{Ll}\p{M}'’-]{2,}(?:[ \t]+\p{Ll}[\p{Ll}\p{M}'’-]{2,})?)\b",
        0.7,
        _lower_case_listed,
    ),
    person_pattern(
        "patient",
        rf"\b(?:[Pp]atient|[Pp]t\.?|NP|PA(?:-C)?|RN|CRNA|LPN|CNM)[ \t]+(?P<value>{NAME})",
        0.7,
        _patient_name,
    ),
    person_pattern(
        "newborn",
        r"\b(?i:baby (?:girl|boy)|bb|bg|infant)[ \t]+(?:(?i:of|girl|boy)[ \t]+)?(?P<value>\p{Lu}[\p{L}\p{M}'’-]+)",
        0.8,
        _newborn,
    ),
    person_pattern(
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
        super().__init__((*PATTERNS, *TITLED_PATTERNS, *RELATIVE_PATTERNS, *NICKNAME_PATTERNS), timeout_s)
