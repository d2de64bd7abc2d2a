"""What in a presentation gives the target away, and is therefore taken out of the prompt. The target is never edited.

- A header of diagnoses, or of other reasoning, before the target: the section is dropped (`target` decides that).
- A sentence that states the note's assigned diagnosis ("here for known appendicitis"): removed from what is narrated.
  Kept are the diagnosis denied, in the past, of a relative, or merely asked about (the cues are in leaks.yaml);
  histories and lists of medication, which tell what was known before this visit; examination and results, which are the
  evidence that a physician reasons from, whatever a report calls it; and diagnoses that are symptoms.
- A sentence that the target repeats nearly word for word: removed from what is narrated. Kept are those that introduce
  the patient, by age or complaint, since assessments open by repeating them; and again examination and results, because
  without them the target would teach to make findings up.
"""

import enum
import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import yaml

from pipelines.splitting.copying import NGRAM_WORDS, ngrams
from pipelines.splitting.lexicon import Family
from pipelines.splitting.sections import Section
from pipelines.splitting.sentences import sentence_spans

# Share of a sentence's own n-grams that the target holds, from which on it is a copy: below, the two share a phrase.
COPIED_SENTENCE_SHARE = 0.8

_NARRATED = frozenset({Family.STORY, Family.OTHER, Family.TAIL})
_KNOWN_BEFORE = frozenset(
    {"past_history", "social_history", "medications", "admission_medications", "allergies", "review_of_systems"}
    | {"exam", "objective"}
)
_INTRODUCTION = re.compile(
    r"\b\d{1,3}[ -]?(?:year|yr|y/?o\b|month|week|day)|\byear[- ]old|\b\d{1,3}[FM]\b"
    r"|\b(?:present(?:s|ed|ing)?|report(?:s|ed|ing)?|complain(?:s|ed|ing|ts?)?|den(?:ies|ied)"
    r"|describe[sd]|state[sd]|here (?:for|today))\b",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_ABBREVIATION = re.compile(r"\(([A-Z][A-Za-z0-9-]*[A-Z][A-Za-z0-9]*)\)")
_WORDS = re.compile(r"[\w']+")
_REACH_AFTER_CHARS = 60
_MIN_NAME_CHARS = 4


class Leak(enum.StrEnum):
    """What was taken out of a prompt, as the ledger counts it."""

    DIAGNOSIS_HEADER = "diagnosis_header"
    EARLIER_REASONING = "earlier_reasoning"
    STATED_DIAGNOSIS = "stated_diagnosis"
    COPIED_SENTENCE = "copied_sentence"


@dataclass(frozen=True)
class LeakingSentence:
    """A sentence of the presentation to be removed: `text[start:end]`, in code points."""

    start: int
    end: int
    leak: Leak


@dataclass(frozen=True)
class Cues:
    """leaks.yaml, made fast to look up."""

    unstated: re.Pattern[str]
    after: re.Pattern[str]
    breaks: re.Pattern[str]
    name_ends: re.Pattern[str]
    symptoms: frozenset[str]
    qualifiers: frozenset[str]


class DiagnosisNames:
    """The names that a sentence may call a diagnosis by: in full, without what qualifies it, and abbreviated.

    Args:
        diagnosis: as the hospital assigned it, such as "Acute appendicitis with perforation".
        code: of ICD-10, where known; those of chapter R are symptoms, which no sentence gives away.
    """

    def __init__(self, diagnosis: str, code: str | None = None):
        cues = _cues()
        whole = " ".join(_BRACKETS.sub(" ", diagnosis).split())
        names = {whole, re.split(r"[,;:]", cues.name_ends.split(whole, maxsplit=1)[0], maxsplit=1)[0]}
        words = {tuple(_WORDS.findall(name)) for name in names}
        words |= {_without_qualifiers(name, cues.qualifiers) for name in words}
        words = {name for name in words if sum(map(len, name)) >= _MIN_NAME_CHARS}
        is_symptom = (code or "").upper().startswith("R") or any(w[-1].casefold() in cues.symptoms for w in words)
        patterns = [r"[\W_]+".join(map(re.escape, name)) + "(?:e?s)?" for name in sorted(words, key=len, reverse=True)]
        patterns += [f"(?-i:{re.escape(short)})" for short in _ABBREVIATION.findall(diagnosis)]
        is_given_away = bool(patterns) and not is_symptom
        self._mention = re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.I) if is_given_away else None

    def are_stated_in(self, sentence: str) -> bool:
        """Whether one is there that is neither denied, past, a relative's nor merely asked about."""
        cues = _cues()
        for mention in self._mention.finditer(sentence) if self._mention else ():
            before = cues.breaks.split(sentence[: mention.start()])[-1]
            after = sentence[mention.end() : mention.end() + _REACH_AFTER_CHARS]
            if not cues.unstated.search(before) and not cues.after.match(after):
                return True
        return False


def leaking_sentences(
    text: str, section: Section, target_grams: frozenset[tuple[str, ...]], diagnosis: DiagnosisNames | None
) -> list[LeakingSentence]:
    """Sentences of a section of the presentation that give the target away, in the order of the text.

    Args:
        text: the note.
        section: one that makes part of the prompt.
        target_grams: the target's n-grams of NGRAM_WORDS words.
        diagnosis: of the note, where one was assigned.
    """
    if section.family not in _NARRATED or section.kind.name in _KNOWN_BEFORE:
        return []
    found = []
    for start, end in sentence_spans(text, section.body, section.end):
        sentence = text[start:end]
        if diagnosis and diagnosis.are_stated_in(sentence):
            found.append(LeakingSentence(start, end, Leak.STATED_DIAGNOSIS))
        elif _is_copy(sentence, target_grams):
            found.append(LeakingSentence(start, end, Leak.COPIED_SENTENCE))
    return found


@functools.lru_cache(maxsize=1024)
def diagnosis_names(diagnosis: str | None, code: str | None) -> DiagnosisNames | None:
    """The names of a note's assigned diagnosis, or None where it has none."""
    return DiagnosisNames(diagnosis, code) if diagnosis and diagnosis.strip() else None


def _is_copy(sentence: str, target_grams: frozenset[tuple[str, ...]]) -> bool:
    grams = ngrams(sentence, NGRAM_WORDS)
    num_copied = sum(gram in target_grams for gram in grams)
    return bool(grams) and num_copied >= COPIED_SENTENCE_SHARE * len(grams) and not _INTRODUCTION.search(sentence)


def _without_qualifiers(words: tuple[str, ...], qualifiers: frozenset[str]) -> tuple[str, ...]:
    while words and words[0].casefold() in qualifiers:
        words = words[1:]
    return words


@functools.cache
def _cues() -> Cues:
    data = yaml.safe_load(resources.files("pipelines.splitting").joinpath("leaks.yaml").read_text(encoding="utf-8"))
    return Cues(
        unstated=_any_of([*data["negated"], *data["family"], *data["past"], *data["asked"]]),
        after=re.compile(rf"(?:[^.\w]*\w+){{0,4}}?[^.\w]*{_any_of(data['after']).pattern}", re.IGNORECASE),
        breaks=_any_of(data["breaks"]),
        name_ends=_any_of(data["name_ends"]),
        symptoms=frozenset(data["symptoms"]),
        qualifiers=frozenset(data["qualifiers"]),
    )


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)", re.IGNORECASE)
