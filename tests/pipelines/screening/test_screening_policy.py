import pytest
from jsonargparse import ArgumentParser

from pipelines.screening.entities import EntityType
from pipelines.screening.policy import ScreeningConfig
from schemas.errors import ConfigError
from schemas.findings import Action


@pytest.mark.parametrize("entity", [e for e in EntityType if e is not EntityType.MALFORMED_PLACEHOLDER])
def test_known_types_are_redacted(entity):
    assert ScreeningConfig().action_for(entity) is Action.REDACT


def test_malformed_placeholders_quarantine():
    assert ScreeningConfig().action_for("MALFORMED_PLACEHOLDER") is Action.QUARANTINE


def test_a_type_nobody_decided_on_takes_the_default_action():
    assert ScreeningConfig().action_for("SHOE_SIZE") is Action.QUARANTINE
    assert ScreeningConfig(default_action=Action.REDACT).action_for("SHOE_SIZE") is Action.REDACT


def test_a_site_names_only_what_it_changes():
    config = ScreeningConfig(actions={"LOCATION": Action.PASS})
    assert config.action_for("LOCATION") is Action.PASS
    assert config.action_for("PERSON") is Action.REDACT


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("nlp_model", ""),
        ("nlp_model", "a_stronger_model"),  # that ner: none would never ask
        ("nlp_config", "engine.yaml"),
        ("ner", "all"),
        ("max_note_chars", 0),
        ("max_note_chars", 2_000_000),
        ("max_redacted_share", 0.0),
        ("max_redacted_share", 1.5),
        ("regex_timeout_s", 0.0),
        ("actions", {"PERSON": "burn"}),
        ("default_action", "quarantine it"),
    ],
)
def test_bad_settings_are_named(setting, value):
    with pytest.raises(ConfigError, match=f"screening.{setting}"):
        ScreeningConfig(**{setting: value})


def test_reads_from_yaml():
    parser = ArgumentParser()
    parser.add_class_arguments(ScreeningConfig, "screening")
    parsed = parser.parse_string("screening: {actions: {PERSON: QUARANTINE}, max_redacted_share: 0.3}")
    config = parser.instantiate_classes(parsed).screening
    assert config.action_for("PERSON") is Action.QUARANTINE
    assert config.max_redacted_share == 0.3


def test_surrogates_are_refused_where_there_are_none():
    assert ScreeningConfig(actions={"PERSON": Action.SURROGATE}).action_for("PERSON") is Action.SURROGATE
    with pytest.raises(ConfigError, match=r"actions\['FACILITY'\] is surrogate"):
        ScreeningConfig(actions={"FACILITY": Action.SURROGATE})
    with pytest.raises(ConfigError, match="default_action is surrogate"):
        ScreeningConfig(default_action=Action.SURROGATE)
