"""Facilities, firms and places by their capital letters: two words and more amid a sentence, of which one is a name's.

Nothing has to stand before "Great Plains Respiratory", "DaVita Maumee Bay" or "Sikora Poultry Processing". Notes write
few other things so: scores, drugs, departments, societies and holidays, and the words of these are listed.
"""

from collections.abc import Sequence

import regex
from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import may_be_name
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import result
from pipelines.screening.recognisers.person import (
    bare,
    clinical_head_follows,
    has_clinical_ending,
    is_eponym,
    is_eponym_word,
    opens_sentence,
)
from pipelines.screening.recognisers.uncued import names_no_person
from pipelines.screening.recognisers.vocabulary import Reading, is_proper, reading
from pipelines.screening.spans import Span
from pipelines.screening.towns import is_only_town, is_town

SCORE = 0.5

_WORD = r"(?:(?:St|Mt|Ft)\.|\p{Lu}[\p{L}\p{M}]*(?:['’-]\p{L}+)*)"
_RUN = regex.compile(
    rf"(?<![\w@'’.-]){_WORD}(?:[ ](?:(?:of|the|at|de|del|la|las|los|el|&)[ ])*{_WORD})+(?![\w@]|['’]\p{{L}})"
)
_TOKEN = regex.compile(_WORD)
_GENERIC = ("title_words", "not_names", "facility_words", "eponym_heads", "places", "drugs", "products", "credentials")
_PLACE_BEFORE = regex.compile(r"\b(?:at|from|to|via|through|@)[ \t]+(?:the[ \t]+)?$")
_NUMBER_AFTER = regex.compile(r"[ \t]*[=:]?[ \t]*(?:\d{1,2}|[IVX]+)\b")
_SERVICES = frozenset(["mri", "ct", "ent", "pt", "ot", "ob", "gi", "gyn"])


class TitleCaseRecogniser(LocalRecognizer):
    """Named places that no cue and no kind of place gives away."""

    def __init__(self) -> None:
        super().__init__(
            supported_entities=[EntityType.FACILITY.value, EntityType.LOCATION.value], name=type(self).__name__
        )

    def load(self) -> None:
        """Nothing to load: the lists are read on first use."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Findings of the text; the artifacts are not used."""
        found = []
        for match in _RUN.finditer(text):
            span = _named(text, match.span())
            if span is None:
                continue
            last = text[slice(*span)].split()[-1].lower().strip(".")
            place = last in words("geographic_words") or is_town(text[slice(*span)])
            found.append((span, EntityType.LOCATION if place else EntityType.FACILITY))
        found += [(span, EntityType.LOCATION) for span in _lone_towns(text)]
        return [
            result(kind.value, span, SCORE, f"{self.name}.{kind.value.lower()}", self.id)
            for span, kind in found
            if kind.value in entities
        ]


def _named(text: str, span: Span) -> Span | None:
    """The part of a run that names something; None where it is a term, a heading or nothing but common words."""
    tokens = [match.span() for match in _TOKEN.finditer(text, *span)]
    if _is_well_known(text[slice(*span)]):
        return None
    while tokens and _leads_in(text, tokens[0]):
        tokens.pop(0)
    at_place = bool(tokens) and _PLACE_BEFORE.search(text, max(0, tokens[0][0] - 16), tokens[0][0]) is not None
    kinds = words("kind_abbreviations") | (_SERVICES if at_place else frozenset())
    while tokens and (last := text[slice(*tokens[-1])]).isupper() and last.lower() not in kinds:
        tokens.pop()
    if len(tokens) < 2:
        return None
    named = tokens[0][0], tokens[-1][1]
    values = [text[slice(*token)] for token in tokens]
    if clinical_head_follows(text, named[1]):
        return None
    if is_town(text[slice(*named)]):
        graded = text[slice(*named)].lower() in words("eponym_phrases") and _NUMBER_AFTER.match(text, named[1])
        return None if graded else named  # "West Haven 1" is an encephalopathy's grade
    if is_eponym(text, named) or (
        _ends_as_term(values) and not (at_place and is_proper(values[0]) and _is_own(values[0]))
    ):
        return None
    if values[0].isupper() and values[1].isupper():
        return None  # a heading, or abbreviations
    own = [_is_own(value) for value in values]
    if len(own) == 2 and not own[1] and opens_sentence(text, named[0]) and not is_proper(values[0]):
        return None  # "Grew Klebsiella": the sentence gave the first capital letter, and the second is a term's
    return named if any(own) else None


def _is_well_known(value: str) -> bool:
    """True for a state or a country, and for a term that begins with a place: "New York Heart Association class"."""
    parts = value.lower().replace(".", "").split()
    phrases = [" ".join(parts[:num_parts]) for num_parts in range(2, len(parts) + 1)]
    return phrases[-1] in words("places") or (
        not is_town(value) and any(phrase in words("eponym_phrases") for phrase in phrases)
    )


def _leads_in(text: str, token: Span) -> bool:
    """True for a word in front of the name: what opens the sentence, an abbreviation, a word of notes."""
    word = text[slice(*token)]
    if len(word) > 1 and word.isupper():
        return True
    if bare(word) in words("place_adjectives"):
        return False
    if opens_sentence(text, token[0]):
        return not _is_own(word)
    return bare(word) in words("not_names") or bare(word) in words("credentials")


def _ends_as_term(values: Sequence[str]) -> bool:
    last = bare(values[-1])
    geographic = last in words("geographic_words") or is_town(" ".join(values))
    term = any(last in words(name) for name in ("eponym_heads", "clinical_nouns", "drugs")) or has_clinical_ending(last)
    return term and not geographic


def _is_own(word: str) -> bool:
    """True for a word that shows that something is named: a name's, a town's, or one that no list knows."""
    plain = bare(word)
    if len(plain) < 3 or word.isupper() or any(plain in words(name) for name in _GENERIC):
        return False
    if is_eponym_word(plain) or has_clinical_ending(plain):
        return False
    if plain in words("proper_words"):
        return True
    kind = reading(word)
    return kind in (Reading.NAME, Reading.MIXED) or (kind is Reading.UNKNOWN and "-" not in word and word[1:].islower())


_CAPITALISED = regex.compile(r"(?<![\w@/'’.-])\p{Lu}\p{Ll}{3,}(?![\w@/'’-])")


def _lone_towns(text: str) -> list[Span]:
    """ "of the Shreveport police": a town's name that is seldom anything else, amid a sentence."""
    spans = []
    for match in _CAPITALISED.finditer(text):
        word = match.group()
        if bare(word) not in words("proper_words") or may_be_name(bare(word)) or not is_only_town(word):
            continue
        if opens_sentence(text, match.start()):
            continue
        if not (clinical_head_follows(text, match.end()) or names_no_person(text, match.span())):
            spans.append(match.span())
    return spans
