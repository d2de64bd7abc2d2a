# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""What separates a person's name from everything else in a note that is written with a capital letter.

The rules look at the words and at what follows them: "Parkinson disease" is a disease, "Foley catheter" a tube, and
"Dr. James Parkinson" a man. A list of forbidden words alone would let the man through.
"""

from functools import lru_cache

import regex

from pipelines.screening.gazetteer import MAX_CACHED_WORDS, fold, is_family_name, is_given_name, is_ordinary
from pipelines.screening.lexicon import words
from pipelines.screening.spans import Span

PARTICLE = r"(?:(?i:de la|de los|van der|van den|von der|de|del|della|di|da|dos|du|van|von|den|der|ten|ter|la|le|el|al|bin|ibn|ben|abu|st\.?|mac|y)[ \t]+)"
_TITLE_WORD = r"(?:(?:al|el|ad|ar|as|ash|an|at|az|ul|ur)[-‐‑])?\p{Lu}[\p{L}\p{M}]*(?:['’\-‐‑][\p{L}\p{M}]+)*"
_INITIAL = r"\p{Lu}\.(?:[ \t]?\p{Lu}\.)?"
NAME = rf"{PARTICLE}{{0,2}}(?:(?:{_INITIAL}[ \t]*)+{PARTICLE}{{0,2}})?{_TITLE_WORD}(?:[ \t]+(?:{PARTICLE}{{0,2}}{_TITLE_WORD}|{_INITIAL}|[\"'“(]\p{{Lu}}[\p{{L}}\p{{M}}]+[\"'”)])){{0,4}}"

FIRST_WORD = regex.compile(r"[\p{L}\p{M}'’-]+")
_TOKEN = regex.compile(r"[^\s,;:/()\[\]\"“”+]+")
# at most two blanks: behind a wider gap stands the next column
_NEXT_WORDS = regex.compile(r"(?:['’]s?)?[ \t\-–‐‑]{1,2}([\p{L}'’]+)(?:[ \t\-–‐‑]{1,2}([\p{L}'’]+))?")
_HYPHEN = regex.compile("[-‐‑–]")
_POSSESSIVE = regex.compile(r"['’]s?$")
# "Fontaine IIb", "Hunt Hess 3", "Stanford A"; a number with a unit or of two digits may be the person's age
_GRADE = regex.compile(
    r"[ \t]+(?:[IVX]{2,4}[a-c]?|[IV][a-c]|[A-D](?![\p{L}.])|\d[A-Ca-c]?(?![\d/.:,-]|[ \t]*(?:y|mo|day|week|child)))(?!\w)"
)
_POSSESSIVE_AFTER = regex.compile(r"['’]s?(?!\w)")
_OWNED = regex.compile(
    r"(?:['’]s?)?[ \t]+(?:wife|husband|mother|father|son|daughter|brother|sister|partner|family|parents?|room|office|note|chart)\b"
)
_GOES_ON = regex.compile(
    r"[ \t]+(?:the|a|an|to|this|that|these|for|as|with|in|on|at|out|by|if|all|each|any|per|under|and|or|be|need|require|mom|mother|father|dad|parents?|care|family|home|child|sister|brother)\b"
)
_ANTIBODY = regex.compile(r"\b(?:RNP|[Aa]nti-\p{L}+|SS-?[AB]|dsDNA|double[- ]stranded DNA|Scl-?70|Jo-?1)\b")
_DRUG_ENDING = regex.compile(
    r"(?:olol|pril|sartan|statin|azole|mycin|micin|cillin|mab|zumab|tinib|nib|zepam|zolam|prazole|oxacin|gliptin|gliflozin|glutide|dipine|triptan|"
    r"setron|parin|caine|profen|asone|solone|isone|amine|azine|idine|itidine|vir|tidine|thiazide|semide|barbital|oxetine|ipramine|triptyline|"
    r"cycline|sulfa|formin|glitazone|xaban|grel|fibrate|dronate|terol|tropium|itis|osis|emia|ectomy|otomy|oscopy|ostomy|plasty|opathy|ology|ologic|"
    r"ological|graphy|gram|uria|algia|plegia|paresis|trophy|megaly|pnea|rrhea|rrhage|stasis|genic|scopic|ectomies|itides)$"
)
# "Kelly and Kocher clamps", "Robertson and Adie pupils": what follows the last of a list is said of each
_LISTED_NEXT = regex.compile(
    r"(?:['’]s?)?(?:[ \t]*[,/][ \t]*(?:(?:and|or)[ \t]+)?|[ \t]+(?:and|or|vs\.?|versus|&)[ \t]+)(\p{Lu}[\p{L}\p{M}’'-]+)"
)
_JOINED_BEFORE = regex.compile(r"([\p{L}\p{M}]+)[-‐‑–]$")
_HEAD_BEFORE = regex.compile(r"(\p{L}+)[ \t]+of[ \t]+$")  # pouch of Douglas
_SCORED = regex.compile(r"[ \t]*(?:=|:)?[ \t]*\d{1,3}(?:/\d+)?(?![\d-]|[ \t]*(?i:y|mo|day|week|child|[MF]\b))")
_SAYS_OR_DOES = regex.compile(
    r",?[ \t]+(?:(?i:also|again|still|now|further|initially|who|then)[ \t]+)?(?i:reports?|reported|denie[sd]|states|stated|says|said|told|asked|asks|agree[sd]|"
    r"called|phoned|lives|lived|works|smokes|drinks|complain(?:s|ed)|endorse[sd]|feels|felt|wants|declined|declines|refuse[sd]|understands|verbali[sz]e[sd]|"
    r"ambulate[sd]|ate|slept|arrived|returns|returned|came|presents|presented|thinks|believes|recommends|recommended|dictated|notified|took|takes|lives)\b"
)
_ROMAN = frozenset(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"])
_PREFIXED = regex.compile(r"(?:anti|non|post|pre|cis|trans|bio|pro|sub|intra)-", regex.IGNORECASE)
_COMPOUND = regex.compile(
    r"-(?:guided|induced|based|related|sided|handed|dose|grade|onset|stage|type|year|positive|negative|associated|like|dependent|sensitive|free|assisted|style)$"
)


@lru_cache(maxsize=MAX_CACHED_WORDS)
def bare(token: str) -> str:
    """The token in lower case without full stops around it, apostrophes at its end or a possessive s."""
    return _POSSESSIVE.sub("", token.strip(".,;:!?*-_'’\"®™").lower())


@lru_cache(maxsize=MAX_CACHED_WORDS)
def is_name_word(token: str) -> bool:
    """True for a common first name or surname."""
    return bare(token) in words("first_names") or bare(token) in words("surnames")


def _is_listed_name(token: str) -> bool:
    return is_name_word(token) or is_family_name(bare(token)) or is_given_name(bare(token))


@lru_cache(maxsize=MAX_CACHED_WORDS)
def is_clinical(token: str) -> bool:
    """True for a drug, or any other word that has its capital letter for another reason than being a name."""
    word = bare(token)
    if not word or word in words("not_names") or word in words("drugs") or word in words("places"):
        return True
    if word in words("first_names") or word in words("surnames"):
        return False
    return bool(_DRUG_ENDING.search(word)) or is_ordinary(word)


def has_clinical_ending(word: str) -> bool:
    """True for "azathioprine" and "nephrectomy" by their ending alone; `word` is bare."""
    return bool(_DRUG_ENDING.search(word))


@lru_cache(maxsize=MAX_CACHED_WORDS)
def is_compound(token: str) -> bool:
    """True for "McKenzie-based", "Right-sided" and "anti-Smith"."""
    return bool(_COMPOUND.search(token) or _PREFIXED.match(token))


def opens_sentence(text: str, start: int) -> bool:
    """True where a sentence, a line or a list item begins, so that a capital letter there says nothing."""
    before = text[max(0, start - 8) : start].rstrip(" \t")
    return not before or before[-1] in ".!?:;-•*\n\r()"


_AFTER_A_VERB = frozenset(
    [
        "the",
        "a",
        "an",
        "her",
        "his",
        "their",
        "our",
        "my",
        "your",
        "this",
        "that",
        "these",
        "those",
        "it",
        "them",
        "him",
        "us",
        "me",
        "out",
        "up",
        "off",
        "over",
    ]
)


def clinical_head_follows(text: str, end: int) -> bool:
    """True where the next word or two make a clinical term of what ends here: "… disease", "… and Ortolani tests"."""
    match = _NEXT_WORDS.match(text, end)
    if not match:
        return False
    heads, (first, second) = words("eponym_heads"), match.groups()
    if bare(first) in heads or bare(first).removesuffix("s") in heads:
        # "Romberg signs" are findings; "Romberg signs the forms" and "points out" are what a person does
        return not (first.endswith("s") and second in _AFTER_A_VERB)
    # one adjective, or a further eponym, may stand between
    return (
        bool(second)
        and bare(second) in heads
        and (is_eponym_word(bare(first)) or bare(first) in words("eponym_adjectives"))
    )


@lru_cache(maxsize=MAX_CACHED_WORDS)
def is_eponym_word(word: str) -> bool:
    """True for a word of the list of eponyms, with or without its accents; `word` is bare."""
    return fold(word) in words("eponyms")


@lru_cache(maxsize=MAX_CACHED_WORDS)
def _parts(value: str) -> tuple[str, ...]:
    parts = (bare(part) for token in _TOKEN.findall(value) for part in _HYPHEN.split(token))
    return tuple(part for part in parts if part)


def _made_clinical(text: str, span: Span) -> bool:
    """True where the words around make a clinical term of an eponym."""
    if clinical_head_follows(text, span[1]) or _GRADE.match(text, span[1]):
        return True
    before = _HEAD_BEFORE.search(text, max(0, span[0] - 30), span[0])
    if before and bare(before[1]) in words("eponym_heads"):
        return True
    end = span[1]
    while (listed := _LISTED_NEXT.match(text, end)) and all(map(is_eponym_word, _parts(listed[1]))):
        end = listed.end()
        if clinical_head_follows(text, end):
            return True
    return False


def is_eponym(text: str, span: Span) -> bool:
    """True where every part of the span is an eponym and nothing shows that a person is meant."""
    value = text[span[0] : span[1]]
    parts = _parts(value)
    heads = words("eponym_heads")
    stem = [part for part in parts if part not in heads and part not in words("particles")]
    if fold(" ".join(parts)) in words("eponym_phrases"):
        return True
    if len(parts) == 1 and _ANTIBODY.search(text, max(0, span[0] - 30), span[1] + 30):
        return True  # Smith, the antigen
    if not stem or not all(part in _ROMAN or is_eponym_word(part) for part in stem):
        return False
    if len(stem) < len(parts) or _made_clinical(text, span):
        return True
    # "Hoffman's" for Hoffman's sign, unless it is Hoffman's wife
    if _POSSESSIVE.search(value) or _POSSESSIVE_AFTER.match(text, span[1]):
        return not _OWNED.match(text, span[1])
    if _SAYS_OR_DOES.match(text, span[1]) or _is_full_name(value):
        return False
    return not any(is_name_word(part) for part in stem)


def _is_full_name(value: str) -> bool:
    """ "Hank Whipple": both are eponyms, and the first is a given name."""
    first, *rest = value.split()
    return bool(rest) and (bare(first) in words("first_names") or is_given_name(bare(first)))


def says_or_owns(text: str, end: int) -> bool:
    """True before a verb of speech or of daily life, and before what only a person has: a wife, a room."""
    return bool(_SAYS_OR_DOES.match(text, end) or _OWNED.match(text, end))


def is_uncued_eponym(text: str, span: Span) -> bool:
    """`is_eponym` for a span that no cue gives away: a common surname too is then the eponym, unless it speaks or acts.

    "Hamilton 18", "Silverman 2" and "Ross" in a list of operations have nothing around them that names a term.
    """
    if is_eponym(text, span):
        return True
    before = _JOINED_BEFORE.search(text, max(0, span[0] - 30), span[0])
    if before and is_eponym_word(bare(before[1])):
        return True  # Weil–Felix
    value = text[span[0] : span[1]]
    stem = [part for part in _parts(value) if part not in words("particles")]
    if not stem or not all(part in _ROMAN or is_eponym_word(part) for part in stem):
        return False
    if _SCORED.match(text, span[1]) or "-" in value:
        return True
    if len(stem) == 1 and stem[0] in words("first_names"):
        # "David" is rather a man than the operation, but not in "Thomas and Ober"
        listed = _LISTED_NEXT.match(text, span[1])
        return listed is not None and is_eponym_word(bare(listed[1])) and not is_name_word(listed[1])
    return not _is_full_name(value) and not says_or_owns(text, span[1])


def opens_as_another_word(text: str, span: Span) -> bool:
    """ "Mark the dose", "Bill to the plan": a name that begins a sentence as another word."""
    return (
        bare(text[span[0] : span[1]]) in words("sentence_openers")
        and opens_sentence(text, span[0])
        and _GOES_ON.match(text, span[1]) is not None
    )


def trim(text: str, span: Span) -> Span | None:
    """The name within a span that may take in too much: cut at the first word that is no name after the name began.

    Returns:
        The narrowed span, or None where nothing is left.
    """
    start: int | None = None
    end = span[0]
    previous = ""
    for match in _TOKEN.finditer(text, span[0], span[1]):
        token = match.group()
        word = bare(token)
        foreign = is_clinical(token) and not is_name_word(word) and word not in words("particles")
        foreign = foreign or is_compound(token)
        foreign = foreign or any(char.isdigit() for char in token) or word in words("credentials")
        if foreign and len(word) <= 1 and token[:1].isupper():
            foreign = False  # an initial
        if foreign and match.start() - end <= 1 and _is_surname_after(previous, token):
            foreign = False
        if foreign and start is not None:
            break
        previous = token
        if not foreign:
            start = match.start() if start is None else start
            end = match.end()
    if start is None:
        return None
    while end > start and text[end - 1] in ".,-'’*_":
        end -= 1
    found = text[start:end]
    return (start, end) if sum(char.isalpha() for char in found) >= 2 else None


def _is_surname_after(previous: str, token: str) -> bool:
    """ "Ethel Cutting", "Van Der Meulen": behind a given name or a particle an ordinary word may be the surname."""
    before, word = bare(previous), bare(token)
    named = before in words("particles") or before in words("first_names") or is_given_name(before)
    return (
        named
        and token.istitle()
        and is_ordinary(word)
        and not any(word in words(name) for name in ("not_names", "drugs", "places", "facility_words", "credentials"))
        and (word in words("particles") or word not in words("eponym_heads"))
        and not _DRUG_ENDING.search(word)
    )


def uncertain_name(text: str, span: Span) -> Span | None:
    """After a cue that may also precede a diagnosis, a department or a drug."""
    trimmed = trim(text, span)
    if trimmed is None or is_eponym(text, trimmed) or clinical_head_follows(text, trimmed[1]):
        return None
    tokens = text[trimmed[0] : trimmed[1]].split()
    if len(tokens) == 1 and tokens[0].isupper() and not _is_listed_name(tokens[0]):
        return None  # an abbreviation or a heading
    return trimmed
