import logging
import traceback

import numpy as np
import pytest
from presidio_analyzer import LocalRecognizer
from screening_bench import KEY, Bench, notes_table

from pipelines.screening import screener as screener_module
from pipelines.screening.policy import NerReach, ScreeningConfig, ScreeningMode
from pipelines.screening.screener import Screener, value_hmac
from pipelines.screening.tagger.corpus import Label
from pipelines.stage.ledger import LedgerRows
from schemas.errors import ScreeningError
from schemas.findings import FINDINGS, Action

CLEAN = "The patient is a 61-year-old man with hypertension. He denies chest pain. Continue lisinopril 10 mg daily."
NOTE = (
    "Patient: Okonkwo, Robert  MRN: 48572113\r\nSeen on 03/14/2019 by Dr. James Parkinson for Parkinson disease. "
    "Call (617) 555-0143 with questions. Known hypertension, on lisinopril 10 mg daily, Foley catheter in place."
)


class Breaking(LocalRecognizer):
    """Fails on one word, quoting the text as a careless library would."""

    def __init__(self):
        super().__init__(supported_entities=["BREAKING"])

    def load(self):
        pass

    def analyze(self, text, entities, nlp_artifacts=None):
        if "tripwire" in text:
            try:
                raise KeyError(text)
            except KeyError as error:
                raise ValueError(f"cannot analyse: {text}") from error
        return []


def outcomes_of(screener, texts):
    return Bench(screener).run(texts)[1]


def test_each_note_has_one_outcome_and_safe_rows_keep_their_order(bench):
    screened, outcomes = bench.run([CLEAN, NOTE, "Mr. [**Smith**] came.", CLEAN])
    assert outcomes == [("accepted", ""), ("redacted", ""), ("quarantined", "malformed_placeholder"), ("accepted", "")]
    assert screened.notes["note_id"].to_pylist() == ["n0", "n1", "n3"]
    assert screened.notes["text"].to_pylist()[0] == CLEAN
    assert screened.notes.schema == notes_table([]).schema
    assert screened.findings.schema == FINDINGS
    assert {"n1", "n2"} == set(screened.findings["note_id"].to_pylist())


def test_redacts_by_span(bench):
    screened, _ = bench.run([NOTE])
    assert screened.notes["text"].to_pylist() == [
        "Patient: [NAME]  MRN: [MRN]\r\nSeen on [DATE] by Dr. [NAME] for Parkinson disease. "
        "Call [PHONE] with questions. Known hypertension, on lisinopril 10 mg daily, Foley catheter in place."
    ]


@pytest.mark.parametrize(
    "prefix",
    ["👩🏽‍⚕️🚑 ", "Cafe\u0301 nai\u0308ve — ", "line\r\nline\r\n", "\u200b\ufeff温度 38.2 "],
    ids=["emoji", "combining", "crlf", "wide"],
)
def test_offsets_are_code_points(bench, prefix):
    text = f"{prefix}Seen by Dr. Müller-Lüdenscheidt, tel (617) 555-0143. 🙂 Well."
    screened, _ = bench.run([text])
    spans = [(r["start"], r["end"]) for r in screened.findings.to_pylist()]
    assert [text[a:b] for a, b in spans] == ["Müller-Lüdenscheidt", "(617) 555-0143"]
    assert screened.notes["text"].to_pylist() == [f"{prefix}Seen by Dr. [NAME], tel [PHONE]. 🙂 Well."]


def test_screening_a_screened_note_finds_nothing(bench):
    once, _ = bench.run([NOTE, CLEAN])
    twice, outcomes = bench.run(once.notes["text"].to_pylist())
    assert outcomes == [("accepted", ""), ("accepted", "")]
    assert twice.notes["text"].to_pylist() == once.notes["text"].to_pylist()
    assert twice.findings.num_rows == 0


def test_oversize_and_over_redacted_are_quarantined():
    screener = Screener(ScreeningConfig(max_note_chars=300, max_redacted_share=0.1), KEY)
    assert outcomes_of(screener, ["word " * 100, NOTE, CLEAN]) == [
        ("quarantined", "oversize"),
        ("quarantined", "over_redacted"),
        ("accepted", ""),
    ]


def test_policy_can_quarantine_and_pass():
    config = ScreeningConfig(
        actions={"MEDICAL_RECORD_NUMBER": Action.QUARANTINE, "DATE_TIME": Action.PASS}, max_redacted_share=1.0
    )
    screener = Screener(config, KEY)
    screened, outcomes = Bench(screener).run(["MRN: 48572113", "Seen on 03/14/2019."])
    assert outcomes == [("quarantined", "hard_identifier:MEDICAL_RECORD_NUMBER"), ("accepted", "")]
    assert screened.notes["text"].to_pylist() == ["Seen on 03/14/2019."]
    assert screened.findings["action"].to_pylist() == ["quarantine", "pass"]


def test_an_unknown_type_from_a_sites_own_recogniser_quarantines(tmp_path):
    extra = tmp_path / "recognisers.yaml"
    extra.write_text(
        "recognizers:\n  - name: Badge\n    supported_entity: STAFF_BADGE\n    supported_language: en\n"
        "    patterns:\n      - {name: badge, regex: 'WX-[a-z]{4}', score: 0.9}\n"
    )
    screener = Screener(ScreeningConfig(extra_recognisers=str(extra)), KEY)
    assert outcomes_of(screener, [f"{CLEAN} WX-abcd."]) == [("quarantined", "hard_identifier:STAFF_BADGE")]


def test_an_engine_error_quarantines_that_note_alone_and_tells_nothing(caplog):
    caplog.set_level(logging.DEBUG)
    screener = Screener(ScreeningConfig(max_redacted_share=1.0), KEY)
    screener._engine.analyzer.registry.add_recognizer(Breaking())
    secret = "Zebulon Quaith tripwire 617-555-0199"
    assert outcomes_of(screener, [CLEAN, secret, NOTE]) == [
        ("accepted", ""),
        ("quarantined", "engine_error"),
        ("redacted", ""),
    ]
    for word in ("Quaith", "tripwire", "Okonkwo", "48572113", "555-0143"):
        assert word not in caplog.text


def test_a_failing_batch_is_halved_until_the_note_is_alone(screener, monkeypatch):
    tag = screener._engine.tag

    def failing(texts):
        if any("Tripwire" in text for text in texts):
            raise ValueError(f"bad batch {texts}")
        return tag(texts)

    monkeypatch.setattr(screener._engine, "tag", failing)
    texts = [CLEAN] * 5 + ["Zebulon Tripwire"] + [CLEAN] * 3
    assert [reason for _, reason in outcomes_of(screener, texts)] == [""] * 5 + ["engine_error"] + [""] * 3


def test_batches_hold_so_many_characters(screener, monkeypatch):
    sizes = []
    tag = screener._engine.tag
    monkeypatch.setattr(screener_module, "BATCH_CHARS", 250)
    monkeypatch.setattr(screener._engine, "tag", lambda texts: sizes.append([len(t) for t in texts]) or tag(texts))
    texts = [CLEAN, CLEAN, CLEAN, CLEAN * 4, ""]
    assert [findings is not None for findings in screener.find(texts)] == [True] * 5
    assert sum(map(len, sizes)) == 5
    assert all(sum(batch) <= 250 or len(batch) == 1 for batch in sizes)
    assert len(sizes[0]) == 2


def test_findings_hold_no_text_and_link_equal_values(bench):
    screened, _ = bench.run(["Call (617) 555-0143.", "Call 617-555-0143.", "Call 617-555-0177."])
    rows = screened.findings.to_pylist()
    hmacs = [row["value_hmac"] for row in rows]
    assert hmacs[0] == hmacs[1] != hmacs[2]
    assert all(len(h) == 32 for h in hmacs)
    assert set(screened.findings.column_names) == set(FINDINGS.names)
    assert "555" not in "".join(str(row["entity_type"]) + row["recogniser"] + row["action"] for row in rows)


def test_the_hmac_depends_on_the_key():
    assert value_hmac(KEY, "x") != value_hmac(KEY[::-1], "x")


@pytest.mark.parametrize("text", ["", "   \n", "…"])
def test_blank_notes_are_accepted(bench, text):
    assert bench.run([text])[1] == [("accepted", "")]


def test_an_empty_table_gives_empty_tables(screener):
    screened = screener.screen(notes_table([]), LedgerRows())
    assert (screened.notes.num_rows, screened.findings.num_rows) == (0, 0)


def test_a_missing_model_is_an_error_and_no_download():
    with pytest.raises(ScreeningError, match="nothing is downloaded"):
        Screener(ScreeningConfig(nlp_model="en_core_web_enormous", ner=NerReach.ALL), KEY)


def test_a_short_key_is_refused():
    with pytest.raises(ScreeningError, match="at least 16"):
        Screener(ScreeningConfig(), b"short")


def test_another_tagger_fails_its_known_answers(monkeypatch):
    class Blind:
        def probabilities(self, words, context):
            return np.tile(np.eye(len(Label), dtype=np.float32)[Label.NONE], (len(words), 1))

        def knows(self, recogniser):
            return False

    monkeypatch.setattr(screener_module, "load_tagger", Blind)
    with pytest.raises(ScreeningError, match="known-answer test") as raised:
        Screener(ScreeningConfig(), KEY)
    assert "Ystergren" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    "config",
    [ScreeningConfig(mode=ScreeningMode.PRESIDIO), ScreeningConfig(language="es", nlp_model="es_core_news_sm")],
    ids=["presidio", "spanish"],
)
def test_only_english_notes_in_clinical_mode_have_a_tagger(config, monkeypatch):
    def none_needed():
        raise AssertionError("the tagger was loaded")

    monkeypatch.setattr(screener_module, "load_tagger", none_needed)
    if config.language == "es":
        pytest.importorskip("es_core_news_sm")
    Screener(config, KEY)


def test_a_model_without_names_fails_its_known_answer(tmp_path):
    import spacy

    blank = spacy.blank("en")
    blank.add_pipe("ner").add_label("PERSON")
    blank.initialize()
    blank.to_disk(tmp_path / "untrained")
    with pytest.raises(ScreeningError, match="known-answer test") as raised:
        Screener(ScreeningConfig(nlp_model=str(tmp_path / "untrained"), ner=NerReach.ALL), KEY)
    assert "Lindqvist" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("name", ["ListedNameRecogniser", "ListedNameRecogniser.lone_name"])
def test_a_sites_recogniser_may_not_bear_the_name_of_one_that_the_tagger_overrules(tmp_path, name):
    extra = tmp_path / "recognisers.yaml"
    extra.write_text(
        f"recognizers:\n  - name: {name}\n    supported_entity: PERSON\n    supported_language: en\n"
        "    patterns:\n      - {name: staff, regex: 'WX-[a-z]{4}', score: 0.6}\n"
    )
    with pytest.raises(ScreeningError, match=f"named '{name}'.*another name"):
        Screener(ScreeningConfig(extra_recognisers=str(extra)), KEY)


def test_context_words_of_a_sites_recogniser_count(tmp_path):
    extra = tmp_path / "recognisers.yaml"
    extra.write_text(
        "recognizers:\n  - name: Badge\n    supported_entity: STAFF_BADGE\n    supported_language: en\n"
        "    context: [badge]\n"
        "    patterns:\n      - {name: badge, regex: 'WX-[a-z]{4}', score: 0.2}\n"
    )
    screener = Screener(ScreeningConfig(extra_recognisers=str(extra)), KEY)
    with_context, without = screener.find(["Staff badge WX-abcd.", "Lot of WX-abcd."])
    assert with_context[0].score > without[0].score
