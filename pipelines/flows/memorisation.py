"""Audit: what of the notes comes back out of a trained model.

<storage>/audit-<identity>/predictions/    losses: one file a model and task
                           continuations/  matched tokens and kinds of identifiers: one file a model
                           manifest.json   the measures and the verdicts, in `results`

It holds numbers, kinds and ids; no text of a note or of a model.
"""

import dataclasses
import functools
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.flows.audit_key import hmac_key_file
from pipelines.memorisation.canaries import EXPOSURE_TASK, PLANTED, exposure_items
from pipelines.memorisation.config import MemorisationConfig
from pipelines.memorisation.continuation import CONTINUATIONS, CONTROL_TOKEN, NO_ROOM, Decoding
from pipelines.memorisation.disclosure import disclosures
from pipelines.memorisation.exposure import MEAN_BITS_BY_CHANCE, exposures
from pipelines.memorisation.extraction import extractions
from pipelines.memorisation.membership import MEMBERS, NON_MEMBERS, memberships
from pipelines.memorisation.ray_continue import continue_with
from pipelines.memorisation.sample import likelihood_items, sample_examples
from pipelines.memorisation.verdict import (
    disclosure_verdict,
    exposure_verdict,
    extraction_verdict,
    membership_verdict,
)
from pipelines.model.load import weights_digest
from pipelines.scoring.config import ScoringConfig
from pipelines.scoring.ray_predict import predict, predictions_path
from pipelines.screening.policy import ScreeningConfig
from pipelines.screening.screener import Screener
from pipelines.stage.output import StageOutput, fingerprint
from schemas.errors import InputError
from schemas.examples import EXAMPLES
from schemas.notes import Split

logger = logging.getLogger(__name__)

BASE, TRAINED = "base", "trained"


@dataclass(frozen=True, kw_only=True)
class AuditSettings:
    """Everything that shapes the stage's output.

    Attributes:
        storage: folder that every node sees.
        memorisation: what is measured.
        screening: how continuations are screened: as the notes were.
        scoring: its actors, devices and `batch_tokens` run the models here too; nothing else of it is used.
        system: message that training used (`splitting.system`).
        instruction: that training used (`packing.instruction`).
        max_tokens: the longest example that training encoded (`packing.pack_tokens`).
        dtype: of the weights that the models compute with.
        base: path of the model that training started from.
    """

    storage: str
    memorisation: MemorisationConfig
    screening: ScreeningConfig
    scoring: ScoringConfig
    system: str
    instruction: str
    max_tokens: int
    dtype: str
    base: str


def audit_output(settings: AuditSettings, prepared: StageOutput, trained: StageOutput) -> StageOutput:
    """The output directory of these settings and inputs, finished or not."""
    identity = fingerprint(
        prepared.identity,
        trained.identity,
        weights_digest(settings.base),
        settings.memorisation,
        settings.screening,
        settings.system,
        settings.instruction,
        settings.max_tokens,
        settings.dtype,
    )
    return StageOutput(settings.storage, "audit", identity)


def audit(settings: AuditSettings, prepared: StageOutput, trained: StageOutput) -> StageOutput:
    """Run the stage, or what is left of it, and return its finished output.

    Args:
        prepared: of the notes that the model was trained on.
        trained: of the training run.

    Raises:
        InputError: a stage has not finished, the run planted other canaries, or a side has too few examples.
        ConfigError: a model was not made for `packing.pack_tokens`.
    """
    output = audit_output(settings, prepared, trained)
    if output.is_complete:
        return output
    config, results = settings.memorisation, trained.manifest()["results"]
    if results.get(PLANTED) != config.planting:
        raise InputError(
            f"the training run planted {results.get('canaries')}, and memorisation asks for {config.planting}: run "
            "`python -m ray_jobs.train` with the same memorisation section first"
        )
    models = {BASE: settings.base, TRAINED: results["model"]}
    sides = {
        Split.TRAIN: prepared.read(f"examples/{Split.TRAIN.value}", EXAMPLES),
        Split.TEST: prepared.read(f"examples/{Split.TEST.value}", EXAMPLES),
    }
    if empty := [side.value for side, examples in sides.items() if not examples.num_rows]:
        raise InputError(f"no examples of the split {empty[0]!r}: the audit compares patients trained on and held out")
    logger.info("audit: %s", output.path)
    measures = _losses(settings, models, sides, output) | _continuations(settings, models, sides, output)
    output.commit(
        config=settings,
        inputs={"prepare": prepared.identity, "train": trained.identity, "models": models},
        results=measures | {"verdicts": _verdicts(measures, config)},
    )
    return output


def _losses(
    settings: AuditSettings, models: dict[str, str], sides: dict[Split, pa.Table], output: StageOutput
) -> dict[str, Any]:
    """Exposure and membership, from the losses of whole targets."""
    config = settings.memorisation
    tasks = {Split.TRAIN: MEMBERS, Split.TEST: NON_MEMBERS}
    examples = [
        likelihood_items(sample_examples(sides[side], config.num_examples, config.seed), settings.instruction, task)
        for side, task in tasks.items()
    ]
    planted = exposure_items(config, settings.system, settings.instruction)
    # What training saw is what is scored, uncut.
    scoring = dataclasses.replace(
        settings.scoring,
        max_item_tokens=settings.max_tokens,
        batch_tokens=max(settings.scoring.batch_tokens, settings.max_tokens),
    )
    for role, items in ((BASE, examples), (TRAINED, [*examples, planted])):
        predict(pa.concat_tables(items), {role: models[role]}, settings.dtype, scoring, output.path)

    def losses(role: str, *of: str) -> pa.Table:
        return pa.concat_tables(pq.read_table(predictions_path(output.path, role, task)) for task in of)

    base, trained = (losses(role, MEMBERS, NON_MEMBERS) for role in (BASE, TRAINED))
    return {
        "exposure": exposures(losses(TRAINED, EXPOSURE_TASK), config) if config.num_canaries else [],
        "mean_exposure_by_chance": MEAN_BITS_BY_CHANCE,
        "membership": memberships(base, trained, config.num_bootstrap, config.seed),
    }


def _continuations(
    settings: AuditSettings, models: dict[str, str], sides: dict[Split, pa.Table], output: StageOutput
) -> dict[str, Any]:
    """Extraction and disclosures, from what the models write."""
    config, scoring = settings.memorisation, settings.scoring
    examples = pa.concat_tables(
        sample_examples(side, config.num_continuations, config.seed, one_a_patient=True) for side in sides.values()
    )
    decoding = Decoding(
        dtype=settings.dtype,
        device="cuda" if scoring.gpus_per_actor > 0 else "cpu",
        instruction=settings.instruction,
        max_tokens=settings.max_tokens,
        batch_tokens=scoring.batch_tokens,
    )
    screen = functools.partial(_open_screen, settings.screening, hmac_key_file(settings.storage))
    for role, path in models.items():
        continue_with(
            role,
            path,
            examples,
            config,
            decoding,
            screen,
            output.path / "continuations" / f"{role}.parquet",
            num_actors=scoring.num_actors,
            cpus_per_actor=scoring.cpus_per_actor,
            gpus_per_actor=scoring.gpus_per_actor,
        )
    continuations = output.read("continuations", CONTINUATIONS)
    unencoded = continuations.filter(pc.is_in(continuations["error"], pa.array([NO_ROOM, CONTROL_TOKEN])))
    return {
        "num_sampled_for_continuation": examples.num_rows,
        "num_not_encoded": len(set(unencoded["example_id"].to_pylist())),
        "extraction": extractions(continuations, config),
        "disclosure": disclosures(continuations),
    }


def _verdicts(measures: dict[str, Any], config: MemorisationConfig) -> list[Any]:
    return [
        exposure_verdict(measures["exposure"], config),
        extraction_verdict(measures["extraction"], config, TRAINED),
        membership_verdict(measures["membership"], config),
        disclosure_verdict(measures["disclosure"], config, TRAINED),
    ]


def _open_screen(config: ScreeningConfig, key_file: Path) -> Screener:
    return Screener(config, key_file.read_bytes())
