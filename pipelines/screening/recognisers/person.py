# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""What separates a person's name from everything else in a note that is written with a capital letter.

The rules look at the words and at what follows them: "Parkinson disease" is a disease, "Foley catheter" a tube, and
"Dr. James Parkinson" a man. A list of forbidden words alone would let the man through.
"""

import regex

from pipelines.screening.gazetteer import is_ordinary
from pipelines.screening.lexicon import words
from pipelines.screening.spans import Span

PARTICLE = r"(?:(?i:de la|de los|van der|van den|von der|de|del|della|di|da|dos|du|van|von|den|der|ten|ter|la|le|el|al|bin|ibn|ben|abu|st\.?|mac|y)[ \t]+)"
_TITLE_WORD = r"\p{Lu}[\p{L}\p{M}]*(?:['’\-‐‑][\p{L}\p{M}]+)*"
_INITIAL = r"\p{Lu}\.(?:[ \t]?\p{Lu}\.)?"
NAME = rf"{PARTICLE}{{0,2}}(?:{_INITIAL}[ \t]*)*{_TITLE_WORD}(?:[ \t]+(?:{PARTICLE}{{0,2}}{_TITLE_WORD}|{_INITIAL}|[\"'“(]\p{{Lu}}[\p{{L}}\p{{M}}]+[\"'”)])){{0,4}}"

_TOKEN = regex.compile(r"[^\s,;:/()\[\]\"“”+]+")
_NEXT_WORDS = regex.compile(r"(?:['’]s?)?[ \t\-–‐‑]+([\p{L}'’]+)(?:[ \t\-–‐‑]+([\p{L}'’]+))?")
_POSSESSIVE = regex.compile(r"['’]s?$")
# "Fontaine IIb", "Hunt Hess 3", "Stanford A"; a number with a unit or of two digits may be the person's age
_GRADE = regex.compile(
    r"[ \t]+(?:[IVX]{2,4}[a-c]?|[IV][a-c]|[A-D](?![\p{L}.])|\d[A-Ca-c]?(?![\d/.:,-]|[ \t]*(?:y|mo|day|week|child)))(?!\w)"
)
_POSSESSIVE_AFTER = regex.compile(r"['’]s?(?!\w)")
_OWNED = regex.compile(
    r"(?:['’]s?)?[ \t]+(?:wife|husband|mother|father|son|daughter|brother|sister|partner|family|parents?|room|office|note|chart)\b"
)
_ANTIBODY = regex.compile(r"\b(?:RNP|[Aa]nti-\p{L}+|SS-?[AB]|dsDNA|double[- ]stranded DNA|Scl-?70|Jo-?1)\b")
_DRUG_ENDING = regex.compile(
    r"(?:olol|pril|sartan|statin|azole|mycin|micin|cillin|mab|zumab|tinib|nib|zepam|zolam|prazole|oxacin|gliptin|gliflozin|glutide|dipine|triptan|"
    r"setron|parin|caine|profen|asone|solone|isone|amine|azine|idine|itidine|vir|tidine|thiazide|semide|barbital|oxetine|ipramine|triptyline|"
    r"cycline|sulfa|formin|glitazone|xaban|grel|fibrate|dronate|terol|tropium|itis|osis|emia|ectomy|otomy|oscopy|ostomy|plasty|opathy|ology|ologic|"
    r"ological|graphy|gram|uria|algia|plegia|paresis|trophy|megaly|pnea|rrhea|rrhage|stasis|genic|scopic|ectomies|itides)$"
)
_ROMAN = frozenset(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"])
_PREFIXED = regex.compile(r"(?:anti|non|post|pre|cis|trans|bio|pro|sub|intra)-", regex.IGNORECASE)
_COMPOUND = regex.compile(
    r"-(?:guided|induced|based|related|positive|negative|associated|like|dependent|sensitive|free|assisted|type)$"
)


def bare(token: str) -> str:
    """The token in lower case without full stops around it, apostrophes at its end or a possessive s."""
    return _POSSESSIVE.sub("", token.strip(".,;:!?*-_'’\"®™").lower())


def is_name_word(token: str) -> bool:
    """True for a common first name or surname."""
    return bare(token) in words("first_names") or bare(token) in words("surnames")


def is_clinical(token: str) -> bool:
    """True for a drug, or any other word that has its capital letter for another reason than being a name."""
    word = bare(token)
    if not word or word in words("not_names") or word in words("drugs") or word in words("places"):
        return True
    if word in words("first_names") or word in words("surnames"):
        return False
    return bool(_DRUG_ENDING.search(word)) or is_ordinary(word)


def opens_sentence(text: str, start: int) -> bool:
    """True where a sentence, a line or a list item begins, so that a capital letter there says nothing."""
    before = text[max(0, start - 8) : start].rstrip(" \t")
    return not before or before[-1] in ".!?:;-•*\n\r()"


def clinical_head_follows(text: str, end: int) -> bool:
    """True where the next word or two make a clinical term of what ends here: "… disease", "… and Ortolani tests"."""
    match = _NEXT_WORDS.match(text, end)
    if not match:
        return False
    heads, (first, second) = words("eponym_heads"), match.groups()
    if bare(first) in heads:
        return True
    # one adjective, or a further eponym, may stand between
    return (
        bool(second)
        and bare(second) in heads
        and (bare(first) in words("eponyms") or bare(first) in words("eponym_adjectives"))
    )


def is_eponym(text: str, span: Span) -> bool:
    """True where every part of the span is an eponym and nothing shows that a person is meant."""
    parts = [bare(part) for token in _TOKEN.findall(text[span[0] : span[1]]) for part in regex.split(r"[-‐‑–]", token)]
    parts = [part for part in parts if part]
    heads, eponyms = words("eponym_heads"), words("eponyms")
    stem = [part for part in parts if part not in heads and part not in words("particles")]
    if len(parts) == 1 and _ANTIBODY.search(text, max(0, span[0] - 30), span[1] + 30):
        return True  # Smith, the antigen
    if not stem or not all(part in eponyms or part in _ROMAN for part in stem):
        return False
    if len(stem) < len(parts) or clinical_head_follows(text, span[1]) or _GRADE.match(text, span[1]):
        return True
    # "Hoffman's" for Hoffman's sign, unless it is Hoffman's wife
    if _POSSESSIVE.search(text[span[0] : span[1]]) or _POSSESSIVE_AFTER.match(text, span[1]):
        return not _OWNED.match(text, span[1])
    return not any(is_name_word(part) for part in stem)


def trim(text: str, span: Span) -> Span | None:
    """The name within a span that may take in too much: cut at the first word that is no name after the name began.

    Returns:
        The narrowed span, or None where nothing is left.
    """
    start: int | None = None
    end = span[0]
    for match in _TOKEN.finditer(text, span[0], span[1]):
        token = match.group()
        word = bare(token)
        foreign = is_clinical(token) and not is_name_word(word) and word not in words("particles")
        foreign = foreign or bool(_COMPOUND.search(token)) or bool(_PREFIXED.match(token))
        foreign = foreign or any(char.isdigit() for char in token) or word in words("credentials")
        if foreign and len(word) <= 1 and token[:1].isupper():
            foreign = False  # an initial
        if foreign and start is not None:
            break
        if not foreign:
            start = match.start() if start is None else start
            end = match.end()
    if start is None:
        return None
    while end > start and text[end - 1] in ".,-'’*_":
        end -= 1
    found = text[start:end]
    return (start, end) if sum(char.isalpha() for char in found) >= 2 else None
