"""Scores items with one model: log-likelihoods of choices or of the answer, over packed documents.

The rule for every multiple-choice task: the choice with the highest mean log-likelihood per token. The sum favours
short choices, and diagnoses differ in length by an order of magnitude; where every choice is one token, as letters and
yes/no are, sum and mean pick the same. This is acc_norm of lm-eval with tokens for characters. Predictions keep each
choice's sum and number of tokens, so that another rule can be applied later.

Cost: an item with k choices is k documents, each with the whole prompt.
"""

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from transformers import AutoConfig

from pipelines.model.best_fit import best_fit_decreasing
from pipelines.model.chat import ChatEncoder, ControlTokenInTextError, NoRoomForTargetError
from pipelines.model.load import load_model
from pipelines.model.packed import DocumentScore, Pack, PackedModel, score_documents
from pipelines.model.tokenizer import load_tokenizer
from pipelines.scoring.config import ScoringConfig
from schemas.benchmarks import ItemKind
from schemas.errors import ConfigError
from schemas.predictions import PREDICTIONS

NO_ROOM = "no_room"  # the answer and the template leave no room for the prompt
CONTROL_TOKEN = "control_token_in_text"  # the text spells one of the tokenizer's control tokens
EMPTY_CHOICE = "empty_choice"  # a choice has no tokens in this model's vocabulary
NOT_FINITE = "not_finite"  # the model gave NaN or infinity


@dataclass(frozen=True)
class _Document:
    """A prompt with one choice or answer. Equal documents are scored once."""

    input_ids: tuple[int, ...]
    num_prompt_tokens: int


def load_encoder(model_role: str, model_path: str, config: ScoringConfig) -> tuple[Any, ChatEncoder]:
    """A model's tokenizer and chat encoder, and proof that its items fit; cheap, as no weights are read.

    Raises:
        InputError: the tokenizer cannot be loaded.
        ConfigError: the model was not made for `max_item_tokens`: beyond its positions the scores would be noise.
    """
    tokenizer = load_tokenizer(model_path)
    longest = getattr(AutoConfig.from_pretrained(model_path).get_text_config(), "max_position_embeddings", None)
    if longest is not None and config.max_item_tokens > longest:
        raise ConfigError(
            f"scoring.max_item_tokens is {config.max_item_tokens}, but model {model_role!r} was made for "
            f"{longest}: give at most {longest}"
        )
    return tokenizer, ChatEncoder(tokenizer, config.max_item_tokens)


class Scorer:
    """A model, loaded once, and what it needs to score items.

    Args:
        model_role: name of the model in the predictions, such as "base"; not a path.
        model_path: local directory or hub id.
        dtype: "float32" or "bfloat16".

    Raises:
        InputError: the model or its tokenizer cannot be loaded.
        ConfigError: the model was not made for `max_item_tokens`.
    """

    def __init__(self, model_role: str, model_path: str, dtype: str, config: ScoringConfig):
        self.model_role = model_role
        self._config = config
        self._tokenizer, self._encoder = load_encoder(model_role, model_path, config)
        device = "cuda" if config.gpus_per_actor > 0 else "cpu"
        self._model = PackedModel(load_model(model_path, dtype)).to(device).eval()

    def score(self, items: pa.Table) -> pa.Table:
        """Predictions for items, in their order: one row for each, error rows included.

        Args:
            items: BENCHMARK_ITEMS rows, of any tasks.

        Returns:
            PREDICTIONS rows.
        """
        rows = items.to_pylist()
        documents: dict[_Document, int] = {}
        plans: list[list[int] | str] = []  # for each item, its documents or its error
        for row in rows:
            encoded = self._encode(row)
            if isinstance(encoded, str):
                plans.append(encoded)
            else:
                plans.append([documents.setdefault(document, len(documents)) for document in encoded])
        scores = self._score_documents(list(documents))
        predictions = [
            self._failed(row, plan) if isinstance(plan, str) else self._prediction(row, [scores[i] for i in plan])
            for row, plan in zip(rows, plans, strict=True)
        ]
        return pa.Table.from_pylist(predictions, schema=PREDICTIONS)

    def _encode(self, row: dict[str, Any]) -> list[_Document] | str:
        """An item's documents, one for each choice, or the code of its error."""
        frame = (row["system"], row["prompt"], row["instruction"])
        try:
            if row["kind"] == ItemKind.LIKELIHOOD:
                encoded = self._encoder.encode(*frame, row["answer"], row["answer_prefix"])
                return [_Document(tuple(encoded.input_ids), encoded.num_prompt_tokens)]
            space = " " if row["answer_prefix"] else ""
            answers = [space + choice for choice in row["choices"]]
            answer_ids = self._tokenizer(answers, add_special_tokens=False)["input_ids"]
            if not all(answer_ids):
                return EMPTY_CHOICE
            # Cut once, for the longest choice: otherwise a prompt that is too long would be cut less for the shorter
            # choices, and choices would be compared after different prompts.
            longest = max(range(len(answers)), key=lambda index: len(answer_ids[index]))
            encoded = self._encoder.encode(*frame, answers[longest], row["answer_prefix"], stop=False)
        except NoRoomForTargetError:
            return NO_ROOM
        except ControlTokenInTextError:
            return CONTROL_TOKEN
        prompt_ids = encoded.input_ids[: encoded.num_prompt_tokens]
        return [_Document((*prompt_ids, *ids), len(prompt_ids)) for ids in answer_ids]

    def _score_documents(self, documents: list[_Document]) -> list[DocumentScore]:
        """Scores in the order of the documents."""
        lengths = [len(document.input_ids) for document in documents]
        scores: dict[int, DocumentScore] = {}
        for members in best_fit_decreasing(lengths, self._config.batch_tokens):
            pack = Pack(
                input_ids=torch.from_numpy(np.concatenate([np.array(documents[i].input_ids) for i in members])),
                target_mask=torch.from_numpy(
                    np.concatenate([np.arange(lengths[i]) >= documents[i].num_prompt_tokens for i in members])
                ),
                document_lengths=[lengths[i] for i in members],
                document_ids=[str(i) for i in members],
            )
            scores |= {int(score.document_id): score for score in score_documents(self._model, pack)}
        return [scores[index] for index in range(len(documents))]

    def _prediction(self, row: dict[str, Any], scores: list[DocumentScore]) -> dict[str, Any]:
        if not all(math.isfinite(score.nll) for score in scores):
            return self._failed(row, NOT_FINITE)
        if row["kind"] == ItemKind.LIKELIHOOD:
            return self._common(row) | {"loglikelihood": -scores[0].nll, "num_tokens": scores[0].num_targets}
        best = min(range(len(scores)), key=lambda index: scores[index].nll / scores[index].num_targets)
        parsed = row["choices"][best]
        return self._common(row) | {
            "choice_loglikelihoods": [-score.nll for score in scores],
            "choice_num_tokens": [score.num_targets for score in scores],
            "parsed": parsed,
            "correct": parsed == row["answer"],
        }

    def _failed(self, row: dict[str, Any], error: str) -> dict[str, Any]:
        correct = False if row["kind"] == ItemKind.MULTIPLE_CHOICE else None
        return self._common(row) | {"error": error, "correct": correct}

    def _common(self, row: dict[str, Any]) -> dict[str, Any]:
        prompt = self._encoder.render_prompt(row["system"], row["prompt"], row["instruction"], row["answer_prefix"])
        return {
            "model": self.model_role,
            "task": row["task"],
            "item_id": row["item_id"],
            "group_id": row["group_id"],
            "prompt_sha256": hashlib.sha256(prompt.encode()).hexdigest(),
            "answer": row["answer"] if row["kind"] == ItemKind.MULTIPLE_CHOICE else None,
        }
