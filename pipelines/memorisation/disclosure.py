"""Disclosures: identifiers in what a model writes that were not in what it was given."""

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa

from pipelines.memorisation.continuation import NOT_SCREENED, Origin
from pipelines.memorisation.extraction import Share, share


@dataclass(frozen=True, kw_only=True)
class Disclosure:
    """Identifiers in a model's continuations of one side's examples.

    Attributes:
        split: of the examples.
        disclosing: patients with an identifier in a continuation that is not in its prompt, of all with one screened.
        num_unscreened: continuations on which the screen failed.
        kinds: entity type → origin → number of identifiers.
    """

    model: str
    split: str
    disclosing: Share
    num_unscreened: int
    kinds: dict[str, dict[str, int]]


def disclosures(continuations: pa.Table) -> list[Disclosure]:
    """One for each model and split.

    A patient counts once, whatever the number of prefixes, so that the interval is of independent trials.

    Args:
        continuations: CONTINUATIONS, one example a patient.
    """
    rows = continuations.to_pylist()
    found = []
    for model, split in sorted({(row["model"], row["split"]) for row in rows}):
        ours = [row for row in rows if (row["model"], row["split"]) == (model, split)]
        screened = [row for row in ours if row["error"] is None]
        disclosing = {
            row["example_id"] for row in screened if any(i["origin"] != Origin.PROMPT for i in row["identifiers"])
        }
        counts = Counter((i["entity_type"], i["origin"]) for row in screened for i in row["identifiers"])
        kinds: dict[str, dict[str, int]] = {}
        for (entity_type, origin), number in sorted(counts.items()):
            kinds.setdefault(entity_type, dict.fromkeys(Origin, 0))[origin] = number
        found.append(
            Disclosure(
                model=model,
                split=split,
                disclosing=share(len(disclosing), len({row["example_id"] for row in screened})),
                num_unscreened=sum(row["error"] == NOT_SCREENED for row in ours),
                kinds=kinds,
            )
        )
    return found
