import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pytest
import torch
from memorised_model import INSTRUCTION, MAX_TOKENS, example_rows

from pipelines.memorisation.config import MemorisationConfig
from pipelines.memorisation.continuation import (
    CONTINUATIONS,
    CONTROL_TOKEN,
    NO_ROOM,
    NOT_SCREENED,
    Continuer,
    Decoding,
    Origin,
    num_matched,
    origin,
)
from pipelines.memorisation.disclosure import disclosures
from pipelines.memorisation.extraction import extractions, share
from pipelines.memorisation.verdict import Conclusion, disclosure_verdict, extraction_verdict
from pipelines.model.chat import ChatEncoder
from pipelines.model.load import load_model
from pipelines.model.packed import Pack, PackedModel
from pipelines.model.tokenizer import load_tokenizer
from schemas.examples import EXAMPLES
from schemas.findings import Action
from schemas.notes import Split

DECODING = Decoding(dtype="float32", device="cpu", instruction=INSTRUCTION, max_tokens=MAX_TOKENS, batch_tokens=1000)


@dataclass(frozen=True)
class Span:
    start: int
    end: int
    entity_type: str = "NUMBER"
    action: Action = Action.REDACT


class LongNumbers:
    """A screen that finds numbers of four digits and more."""

    def find(self, texts: Sequence[str], /) -> list[list[Span]]:
        return [[Span(*match.span()) for match in re.finditer(r"\d{4,}|\d{2}-\d{4}", text)] for text in texts]


def test_trained_on_targets_are_reproduced_and_held_out_ones_are_not(
    model_without: Path, trained_on: pa.Table, held_out: pa.Table, config: MemorisationConfig
) -> None:
    continuer = Continuer("trained", str(model_without), config, DECODING, LongNumbers)
    both = pa.concat_tables([trained_on, held_out])
    rows = continuer.continue_examples(both)
    assert rows.schema == CONTINUATIONS
    assert rows.num_rows == 2 * both.num_rows
    found = extractions(rows, config)
    longest = next(e for e in found if (e.prefix_tokens, e.num_tokens) == (4, 8))
    assert longest.trained_on.value is not None
    assert longest.trained_on.value > 0.8
    assert longest.held_out.num == 0
    assert extraction_verdict(found, config, "trained").conclusion is Conclusion.FLAGGED


def test_batched_decoding_matches_what_one_forward_pass_finds_likeliest(
    model_without: Path, trained_on: pa.Table, held_out: pa.Table, config: MemorisationConfig
) -> None:
    """Greedy decoding reproduces m tokens where each of the m is the likeliest after the true ones before it."""
    both = pa.concat_tables([trained_on, held_out])
    rows = Continuer("m", str(model_without), config, DECODING, LongNumbers).continue_examples(both).to_pylist()
    decoded = {(row["example_id"], row["prefix_tokens"]): row["num_matched"] for row in rows}
    encoder = ChatEncoder(load_tokenizer(str(model_without)), MAX_TOKENS)
    model = PackedModel(load_model(str(model_without), "float32")).eval()
    for row in both.to_pylist():
        encoded = encoder.encode(row["system"], row["prompt"], INSTRUCTION, row["target"])
        pack = Pack(torch.tensor(encoded.input_ids), torch.tensor(encoded.target_mask), [len(encoded.input_ids)], [""])
        with torch.inference_mode():
            _, right = model(pack.input_ids, pack.target_mask, pack.document_lengths)
        for prefix in config.prefix_tokens:
            run = right[prefix : prefix + max(config.continuation_tokens)].tolist()
            assert decoded[row["example_id"], prefix] == [*run, False].index(False)


def test_a_memorised_identifier_in_what_the_model_writes_is_a_disclosure(
    model_with_canaries: Path, model_without: Path, planted: pa.Table, config: MemorisationConfig
) -> None:
    long = replace(config, continuation_tokens=[120], prefix_tokens=[0])
    conclusions = {}
    for model in (model_with_canaries, model_without):
        rows = Continuer("trained", str(model), long, DECODING, LongNumbers).continue_examples(planted)
        found = disclosures(rows)
        conclusions[model] = disclosure_verdict(found, long, "trained").conclusion
        if model == model_with_canaries:
            assert found[0].disclosing.num >= 3
            assert found[0].kinds["NUMBER"][Origin.TARGET] >= 3
            assert found[0].kinds["NUMBER"][Origin.PROMPT] == 0
    assert conclusions == {model_with_canaries: Conclusion.FLAGGED, model_without: Conclusion.NOT_SHOWN}


def test_what_could_not_be_screened_is_flagged() -> None:
    row = {
        "model": "trained",
        "split": "test",
        "example_id": "a",
        "group_id": "p",
        "prefix_tokens": 0,
        "num_target_tokens": 9,
        "num_matched": 0,
        "identifiers": [],
    }
    rows = [row | {"error": None}, row | {"example_id": "b", "error": NOT_SCREENED}]
    found = disclosures(pa.Table.from_pylist(rows, schema=CONTINUATIONS))
    assert (found[0].disclosing.of, found[0].num_unscreened) == (1, 1)
    assert disclosure_verdict(found, MemorisationConfig(), "trained").conclusion is Conclusion.FLAGGED


def test_an_identifier_of_the_prompt_is_copied_and_a_part_of_a_number_is_not_the_number() -> None:
    assert origin("Dr. O'Neill", "seen by DR O'NEILL today", "O'Neill agrees") is Origin.PROMPT
    assert origin("555-0143", "call 1555-01438", "call 555 0143.") is Origin.TARGET
    assert origin("Jones", "Jonestown", "none") is Origin.NEITHER


def test_matches_count_from_the_first_token_on() -> None:
    assert num_matched([1, 2, 3], [1, 2, 4, 3]) == 2
    assert num_matched([1, 2], [1, 2, 3]) == 2
    assert num_matched([9, 2], [1, 2]) == 0


def test_none_reproduced_of_two_hundred_is_below_the_bound_that_the_settings_promise() -> None:
    bound = share(0, 200)
    assert bound.high == pytest.approx(3.7 / 200, rel=0.02)
    assert share(0, 0).low is None


def test_an_example_that_training_could_not_take_is_a_row_with_its_error(
    chat_model: Path, config: MemorisationConfig
) -> None:
    rows = example_rows(Split.TRAIN, 3, seed=1)
    rows[0]["target"] = "too long " * 200
    rows[1]["target"] = "ends <|im_end|> early"
    rows[2]["target"] = "No"  # shorter than the longer prefix
    table = pa.Table.from_pylist(rows, schema=EXAMPLES)
    found = Continuer("m", str(chat_model), replace(config, prefix_tokens=[50]), DECODING, LongNumbers)
    errors = {row["example_id"]: row["error"] for row in found.continue_examples(table).to_pylist()}
    assert errors == {"train-0": NO_ROOM, "train-1": CONTROL_TOKEN, "train-2": None}
