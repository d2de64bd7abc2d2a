"""Greedy continuations of examples by one model, compared with the true target and screened, in one process.

The text that a model writes lives in this module's local variables: a row of CONTINUATIONS holds counts and kinds.

Cost: one decoding of `max(continuation_tokens)` tokens for each example and prefix, in left-padded batches.
"""

import enum
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import torch
from transformers import GenerationConfig

from pipelines.memorisation.config import MemorisationConfig
from pipelines.model.chat import ChatEncoder, ControlTokenInTextError, NoRoomForTargetError
from pipelines.model.load import load_model
from pipelines.model.tokenizer import load_tokenizer
from schemas.findings import Action

# transformers' own attention: generation needs its cache, which attention by document has not.
_ATTENTION = "sdpa"
_WORD = re.compile(r"\w+")


class Origin(enum.StrEnum):
    """Where else an identifier stands that a model has written."""

    PROMPT = "prompt"  # in what it was given, the target's first tokens included: it has been copied
    TARGET = "target"  # only in the true target: it has come back out of the model, or was foreseeable
    NEITHER = "neither"


CONTINUATIONS = pa.schema(
    [
        pa.field("model", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("example_id", pa.string(), nullable=False),
        pa.field("group_id", pa.string(), nullable=False),
        pa.field("prefix_tokens", pa.int64(), nullable=False),  # of the target, given after the prompt
        pa.field("num_target_tokens", pa.int64(), nullable=False),  # of the target after the prefix, its end included
        pa.field("num_matched", pa.int64(), nullable=False),  # of them, reproduced one after the other from the first
        pa.field(
            "identifiers",
            pa.list_(pa.struct([pa.field("entity_type", pa.string()), pa.field("origin", pa.string())])),
            nullable=False,
        ),
        pa.field("error", pa.string()),  # a code; never text
    ]
)

NO_ROOM = "no_room_for_target"  # the example could not be encoded, and was not trained on: its row is of no prefix
CONTROL_TOKEN = "control_token_in_text"  # the same
NOT_SCREENED = "not_screened"  # the screen failed on what the model wrote


class FoundSpan(Protocol):
    """A finding of the screen."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def entity_type(self) -> str: ...
    @property
    def action(self) -> Action: ...


class Screen(Protocol):
    """What finds identifiers: findings of each text, or None where it failed on that text."""

    def find(self, texts: Sequence[str], /) -> Sequence[Sequence[FoundSpan] | None]: ...


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How a model is run.

    Attributes:
        dtype: "float32" or "bfloat16".
        device: "cpu" or "cuda".
        instruction: that training used.
        max_tokens: the longest example that training encoded (`packing.pack_tokens`).
        batch_tokens: of a batch, padding and the tokens to be written included; at least one row in any case.
    """

    dtype: str
    device: str
    instruction: str
    max_tokens: int
    batch_tokens: int


@dataclass(frozen=True, kw_only=True)
class _Request:
    """One example to be continued after one prefix."""

    row: dict[str, Any]
    context: list[int]
    given: list[int]  # the target's tokens at the context's end
    target: list[int]  # those after it


class Continuer:
    """A model, loaded once, that continues examples.

    Args:
        role: name of the model in the rows, such as "trained"; not a path.
        path: local directory or hub id.
        screen: makes what finds identifiers; called once, in the process that decodes.

    Raises:
        InputError: the model or its tokenizer cannot be loaded.
    """

    def __init__(
        self, role: str, path: str, config: MemorisationConfig, decoding: Decoding, screen: Callable[[], Screen]
    ):
        self._role = role
        self._config = config
        self._decoding = decoding
        self._tokenizer = load_tokenizer(path)
        self._encoder = ChatEncoder(self._tokenizer, decoding.max_tokens)
        self._model = load_model(path, decoding.dtype, _ATTENTION).to(decoding.device).eval()
        end = self._tokenizer.eos_token_id
        pad = self._tokenizer.pad_token_id
        self._pad = end if pad is None else pad
        # In place of the model's own: what a setting here leaves open, such as a repetition penalty, it would fill in.
        self._model.generation_config = GenerationConfig(
            do_sample=False,
            max_new_tokens=max(config.continuation_tokens),
            eos_token_id=end,
            pad_token_id=self._pad,
            use_cache=True,
        )
        self._screen = screen()

    def continue_examples(self, examples: pa.Table) -> pa.Table:
        """Continue EXAMPLES rows after each prefix that is shorter than their target.

        Returns:
            CONTINUATIONS rows in no order, at least one an example: one whose target is no longer than any prefix is
            continued after none of it.
        """
        requests: list[_Request] = []
        rows: list[dict[str, Any]] = []
        for row in examples.to_pylist():
            try:
                requests += self._requests(row)
            except NoRoomForTargetError:
                rows.append(self._row(row, error=NO_ROOM))
            except ControlTokenInTextError:
                rows.append(self._row(row, error=CONTROL_TOKEN))
        rows += [row for batch in self._batches(requests) for row in self._continued(batch)]
        return pa.Table.from_pylist(rows, schema=CONTINUATIONS)

    def _requests(self, row: dict[str, Any]) -> Iterator[_Request]:
        encoded = self._encoder.encode(row["system"], row["prompt"], self._decoding.instruction, row["target"])
        target = encoded.input_ids[encoded.num_prompt_tokens :]
        for given in [given for given in self._config.prefix_tokens if given < len(target)] or [0]:
            context = encoded.input_ids[: encoded.num_prompt_tokens + given]
            yield _Request(row=row, context=context, given=target[:given], target=target[given:])

    def _batches(self, requests: list[_Request]) -> Iterator[list[_Request]]:
        """Requests of like length together, so that little is padding."""
        batch: list[_Request] = []
        for request in sorted(requests, key=lambda request: len(request.context)):
            width = len(request.context) + max(self._config.continuation_tokens)
            if batch and (len(batch) + 1) * width > self._decoding.batch_tokens:
                yield batch
                batch = []
            batch.append(request)
        if batch:
            yield batch

    def _continued(self, batch: list[_Request]) -> Iterator[dict[str, Any]]:
        written = self._decode(batch)
        before = [self._text(request.given) for request in batch]
        texts = [self._text(request.given + ids) for request, ids in zip(batch, written, strict=True)]
        for request, ids, given, text, findings in zip(
            batch, written, before, texts, self._screen.find(texts), strict=True
        ):
            ends = bool(ids) and ids[-1] == self._tokenizer.eos_token_id
            identifiers = [
                {
                    "entity_type": finding.entity_type,
                    "origin": origin(
                        text[finding.start : finding.end], f"{request.row['prompt']} {given}", request.row["target"]
                    ).value,
                }
                for finding in findings or []
                # One that ends with a text broken off may be but half a word, or half a placeholder.
                if finding.action is not Action.PASS
                and finding.end > len(given)
                and (ends or finding.end < len(text.rstrip()))
            ]
            yield self._row(
                request.row,
                prefix_tokens=len(request.given),
                num_target_tokens=len(request.target),
                num_matched=num_matched(ids, request.target),
                identifiers=identifiers,
                error=NOT_SCREENED if findings is None else None,
            )

    def _row(
        self,
        example: dict[str, Any],
        *,
        prefix_tokens: int = 0,
        num_target_tokens: int = 0,
        num_matched: int = 0,
        identifiers: Sequence[dict[str, str]] = (),
        error: str | None,
    ) -> dict[str, Any]:
        return {
            "model": self._role,
            "split": example["split"],
            "example_id": example["example_id"],
            "group_id": example["patient_id"],
            "prefix_tokens": prefix_tokens,
            "num_target_tokens": num_target_tokens,
            "num_matched": num_matched,
            "identifiers": list(identifiers),
            "error": error,
        }

    @torch.inference_mode()
    def _decode(self, batch: list[_Request]) -> list[list[int]]:
        """The tokens that the model writes after each context, the end token included where it writes one."""
        width = max(len(request.context) for request in batch)
        input_ids = torch.full((len(batch), width), self._pad)
        mask = torch.zeros((len(batch), width), dtype=torch.int64)
        for place, request in enumerate(batch):
            input_ids[place, width - len(request.context) :] = torch.tensor(request.context)
            mask[place, width - len(request.context) :] = 1
        device = self._decoding.device
        output = self._model.generate(input_ids=input_ids.to(device), attention_mask=mask.to(device))
        return [_until_end(row, self._tokenizer.eos_token_id) for row in output[:, width:].tolist()]

    def _text(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=True)


def num_matched(written: Sequence[int], target: Sequence[int]) -> int:
    """How many tokens are equal from the first on, without a gap."""
    pairs = zip(written, target, strict=False)
    return next((place for place, (ours, theirs) in enumerate(pairs) if ours != theirs), min(len(written), len(target)))


def origin(identifier: str, prompt: str, target: str) -> Origin:
    """Where an identifier stands as whole words, whatever their case and punctuation; the prompt comes first."""
    wanted = _words(identifier)
    if wanted in _words(prompt):
        return Origin.PROMPT
    return Origin.TARGET if wanted in _words(target) else Origin.NEITHER


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def _until_end(ids: list[int], end: int) -> list[int]:
    return ids[: ids.index(end) + 1] if end in ids else ids
