from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipelines.scoring.config import ScoringConfig
from pipelines.scoring.scorer import CONTROL_TOKEN, NO_ROOM, Scorer
from schemas.benchmarks import BENCHMARK_ITEMS
from schemas.errors import ConfigError
from schemas.predictions import PREDICTIONS

CONFIG = ScoringConfig(max_item_tokens=256, batch_tokens=512)
PROMPTS = ["Crushing chest pain and sweating.", "Fever, cough and a new oxygen requirement.", "Found pulseless."]


def item(name: str, **columns: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "item_id": name,
        "task": "diagnosis",
        "kind": "multiple_choice",
        "system": "You are a clinician.",
        "prompt": "Fever.",
        "instruction": "What is it?",
        "answer_prefix": "The most likely diagnosis is",
        "choices": ["sepsis", "pulmonary embolism", "myocardial infarction"],
        "answer": "sepsis",
        "group_id": name,
    }
    return defaults | columns


def likelihood(name: str, **columns: Any) -> dict[str, Any]:
    fixed = {"task": "mdm", "kind": "likelihood", "choices": None, "answer_prefix": ""}
    return item(name, **(fixed | columns))


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=BENCHMARK_ITEMS)


@pytest.fixture(scope="module")
def scorer(tiny_model: Path) -> Scorer:
    return Scorer("base", str(tiny_model), "float32", CONFIG)


@pytest.fixture(scope="module")
def reference(tiny_model: Path) -> Any:
    """Log-likelihood of a continuation by a plain forward pass: eager attention, one document at a time."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    model = AutoModelForCausalLM.from_pretrained(tiny_model, attn_implementation="eager", dtype=torch.float32).eval()

    @torch.no_grad()
    def loglikelihood(row: dict[str, Any], answer: str, *, stop: bool) -> tuple[float, int]:
        messages = [
            {"role": "system", "content": row["system"]},
            {"role": "user", "content": f"{row['prompt']}\n\n{row['instruction']}"},
        ]
        prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        prompt_ids = tokenizer(prompt + row["answer_prefix"], add_special_tokens=False)["input_ids"]
        answer_ids = tokenizer(answer, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id] * stop
        logits = model(input_ids=torch.tensor([prompt_ids + answer_ids])).logits[0].log_softmax(dim=-1)
        steps = range(len(prompt_ids) - 1, len(prompt_ids) + len(answer_ids) - 1)
        return float(sum(logits[step, token] for step, token in zip(steps, answer_ids, strict=True))), len(answer_ids)

    return loglikelihood


def test_packed_scores_equal_unpacked_ones(scorer: Scorer, reference: Any) -> None:
    rows = [item(f"c{index}", prompt=prompt) for index, prompt in enumerate(PROMPTS)]
    rows += [likelihood(f"l{index}", prompt=prompt, answer=f"{prompt} Sepsis.") for index, prompt in enumerate(PROMPTS)]
    predictions = scorer.score(table(*rows))
    assert predictions.schema == PREDICTIONS
    for row, prediction in zip(rows, predictions.to_pylist(), strict=True):
        assert prediction["item_id"] == row["item_id"]
        assert prediction["error"] is None
        if row["kind"] == "likelihood":
            expected, num_tokens = reference(row, row["answer"], stop=True)
            assert prediction["loglikelihood"] == pytest.approx(expected, abs=1e-4)
            assert prediction["num_tokens"] == num_tokens
            assert prediction["answer"] is None  # note text stays out of the predictions
        else:
            pairs = [reference(row, " " + choice, stop=False) for choice in row["choices"]]
            assert prediction["choice_loglikelihoods"] == pytest.approx([pair[0] for pair in pairs], abs=1e-4)
            assert prediction["choice_num_tokens"] == [pair[1] for pair in pairs]
            best = max(range(3), key=lambda index: pairs[index][0] / pairs[index][1])
            assert prediction["parsed"] == row["choices"][best]
            assert prediction["correct"] == (prediction["parsed"] == row["answer"])


def test_the_mean_per_token_decides_not_the_sum(scorer: Scorer) -> None:
    rows = [
        item(f"i{index}", prompt=f"{prompt} Day {day}.") for day in range(4) for index, prompt in enumerate(PROMPTS)
    ]
    by_sum = 0
    for prediction in scorer.score(table(*rows)).to_pylist():
        means = [
            ll / num
            for ll, num in zip(prediction["choice_loglikelihoods"], prediction["choice_num_tokens"], strict=True)
        ]
        assert prediction["parsed"] == rows[0]["choices"][means.index(max(means))]
        sums = prediction["choice_loglikelihoods"]
        by_sum += prediction["parsed"] == rows[0]["choices"][sums.index(max(sums))]
    assert by_sum < len(rows)  # the two rules do differ on these items


def test_a_prompt_that_is_too_long_is_cut_alike_for_all_choices(tiny_model: Path, reference: Any) -> None:
    scorer = Scorer("base", str(tiny_model), "float32", CONFIG)
    prompt = " ".join(f"On day {day} the fever was {day} degrees." for day in range(40))
    row = item("long", prompt=prompt, choices=["no", "a very long choice, so that the room that it leaves is small"])
    documents = scorer._encode(row | {"answer": "no"})
    assert not isinstance(documents, str)
    prompts = {document.input_ids[: document.num_prompt_tokens] for document in documents}
    assert len(prompts) == 1
    assert max(len(document.input_ids) for document in documents) <= CONFIG.max_item_tokens


def test_an_item_without_room_is_a_wrong_answer_not_a_missing_one(scorer: Scorer) -> None:
    endless = "word " * 600  # one sentence: nothing can be cut out of it
    rows = [item("bad", prompt=endless), item("good"), likelihood("worse", answer=endless)]
    bad, good, worse = scorer.score(table(*rows)).to_pylist()
    assert (bad["error"], bad["correct"], bad["parsed"]) == (NO_ROOM, False, None)
    assert (worse["error"], worse["loglikelihood"]) == (NO_ROOM, None)
    assert good["error"] is None
    assert len(bad["prompt_sha256"]) == 64


def test_an_item_that_spells_a_control_token_is_a_wrong_answer(scorer: Scorer) -> None:
    (row,) = scorer.score(table(item("odd", prompt="He typed <|im_end|> twice."))).to_pylist()
    assert (row["error"], row["correct"]) == (CONTROL_TOKEN, False)


def test_equal_documents_are_scored_once(scorer: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    plain = scorer._score_documents

    def counting(documents: list[Any]) -> list[Any]:
        seen.append(len(documents))
        return plain(documents)

    monkeypatch.setattr(scorer, "_score_documents", counting)
    twins = scorer.score(table(item("a"), item("b"), item("c", prompt="Cough."))).to_pylist()
    assert seen == [6]
    assert twins[0]["choice_loglikelihoods"] == twins[1]["choice_loglikelihoods"]
    assert twins[0]["prompt_sha256"] == twins[1]["prompt_sha256"] != twins[2]["prompt_sha256"]


def test_no_items_give_no_predictions(scorer: Scorer) -> None:
    assert scorer.score(BENCHMARK_ITEMS.empty_table()).num_rows == 0


def test_items_longer_than_the_model_was_made_for_are_refused(tiny_model: Path) -> None:
    with pytest.raises(ConfigError, match="made for 1024"):
        Scorer("base", str(tiny_model), "float32", ScoringConfig(max_item_tokens=2048))
