"""Chat examples to tokens, through the tokenizer's own template and no other.

The template is rendered once with a marker for the patient's text and one for the answer. What it puts around them is
never cut: a note that is too long loses whole sentences from the middle of its body, and nothing else. The loss mask
covers the answer and the stop token, exactly. Text that spells one of the tokenizer's control tokens is refused: it
would end the patient's turn, or open another.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from schemas.errors import InputError

_BODY = "\u2402body\u2403"  # control pictures: in no note, and no template changes them
_ANSWER = "\u2402answer\u2403"
_CUT = "\n[...]\n"
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class EncodedExample:
    """Tokens of one document.

    Attributes:
        input_ids: prompt, then answer.
        num_prompt_tokens: how many of them belong to the prompt, on which no loss is taken.
        was_cut: sentences were left out of the body.
    """

    input_ids: list[int]
    num_prompt_tokens: int
    was_cut: bool

    @property
    def target_mask(self) -> list[bool]:
        """True where loss is taken."""
        return [False] * self.num_prompt_tokens + [True] * (len(self.input_ids) - self.num_prompt_tokens)


class NoRoomForTargetError(ValueError):
    """The answer and the template leave no room for the patient's text. The row is rejected, never cut."""


class ControlTokenInTextError(ValueError):
    """The text spells a control token such as "<|im_end|>". The row is rejected: its tokens would not be its text."""


class ChatEncoder:
    """Encodes (system, body, instruction, answer) for one tokenizer.

    Args:
        tokenizer: a fast tokenizer with a chat template.
        max_tokens: the longest example, prompt and answer together.

    Raises:
        InputError: the template hides the user's or the assistant's text, or ends an answer without the end token.
    """

    def __init__(self, tokenizer: Any, max_tokens: int):
        self._tokenizer = tokenizer
        self._max_tokens = max_tokens
        self._control_tokens = re.compile("|".join(map(re.escape, control_tokens(tokenizer))))
        self._frame = lru_cache(maxsize=64)(self._render_frame)

    def encode(
        self, system: str, body: str, instruction: str, answer: str, answer_prefix: str = "", *, stop: bool = True
    ) -> EncodedExample:
        """Encode one document.

        Args:
            system: system message; "" for none (the template may still add its default).
            body: the patient's text, cut in the middle where it is too long.
            instruction: follows the body in the user's turn; never cut.
            answer: what the loss is taken on, or what is scored.
            answer_prefix: begins the assistant's turn before `answer`, without loss.
            stop: append the template's end-of-turn token to the answer (training: always).

        Raises:
            NoRoomForTargetError: no sentence of the body fits beside the answer.
            ControlTokenInTextError: the body or the answer spells a control token.
        """
        if self._control_tokens.search(body) or self._control_tokens.search(answer):
            raise ControlTokenInTextError("the text spells a control token of the tokenizer")
        head, tail, stop_ids = self._frame(system, instruction)
        tail += answer_prefix
        answer_ids = self._ids(answer) + (stop_ids if stop else [])
        budget = self._max_tokens - len(answer_ids)
        prompt_ids = self._ids(head + body + tail)
        was_cut = len(prompt_ids) > budget
        if was_cut:
            prompt_ids = self._cut(head, body, tail, budget)
        return EncodedExample(prompt_ids + answer_ids, len(prompt_ids), was_cut)

    def render_prompt(self, system: str, body: str, instruction: str, answer_prefix: str = "") -> str:
        """The prompt's text before any cut, as the model sees it."""
        head, tail, _ = self._frame(system, instruction)
        return head + body + tail + answer_prefix

    def _ids(self, text: str) -> list[int]:
        return self._tokenizer(text, add_special_tokens=False)["input_ids"]

    def _render_frame(self, system: str, instruction: str) -> tuple[str, str, list[int]]:
        messages = [{"role": "system", "content": system}] if system else []
        user = f"{_BODY}\n\n{instruction}" if instruction else _BODY
        messages += [{"role": "user", "content": user}, {"role": "assistant", "content": _ANSWER}]
        rendered = self._tokenizer.apply_chat_template(messages, tokenize=False)
        if rendered.count(_BODY) != 1 or rendered.count(_ANSWER) != 1:
            raise InputError("the chat template does not show the user's and the assistant's text once each")
        head, rest = rendered.split(_BODY)
        tail, ending = rest.split(_ANSWER)
        ending_ids = self._ids(ending)
        eos = self._tokenizer.eos_token_id
        if eos not in ending_ids:
            raise InputError("the chat template does not close an answer with the tokenizer's eos_token")
        return head, tail, ending_ids[: ending_ids.index(eos) + 1]

    def _cut(self, head: str, body: str, tail: str, budget: int) -> list[int]:
        """Leave out whole sentences from the middle, keeping both ends, until the prompt fits."""
        ends = [match.end() for match in _SENTENCE_END.finditer(body)]
        spans = [span for span in pairwise([0, *ends, len(body)]) if body[slice(*span)].strip()]
        costs = [len(self._ids(body[start:end])) + 1 for start, end in spans]
        room = budget - len(self._ids(head + _CUT + tail))
        while room > 0:
            num_first, num_last = _both_ends(costs, room)
            if num_first + num_last == 0:
                break
            first = body[: spans[num_first - 1][1]].rstrip() if num_first else ""
            last = body[spans[-num_last][0] :].lstrip() if num_last else ""
            ids = self._ids(f"{head}{first}{_CUT}{last}{tail}")
            if len(ids) <= budget:
                return ids
            room -= len(ids) - budget  # joining can cost a token or two more than the parts
        raise NoRoomForTargetError("no sentence of the presentation fits beside the target")


def control_tokens(tokenizer: Any) -> list[str]:
    """Strings that the tokenizer reads as control tokens wherever they stand in a text."""
    return [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]


def _both_ends(costs: list[int], room: int) -> tuple[int, int]:
    """How many sentences to keep at the start and at the end, taken in turn, within `room` tokens."""
    kept = [0, 0]
    open_ends = [True, True]
    while any(open_ends) and sum(kept) < len(costs):
        for end in (0, 1):
            if not open_ends[end] or sum(kept) == len(costs):
                continue
            cost = costs[kept[0]] if end == 0 else costs[len(costs) - 1 - kept[1]]
            if cost > room:
                open_ends[end] = False
            else:
                room -= cost
                kept[end] += 1
    return kept[0], kept[1]
