"""k-anonymity over the whole data set: how many patients share each combination, and what is done where few do.

    patient    age     sex   race   occupation          k        round 1             round 2     k
    A          65-69   f     –      lighthouse keeper   1   ──▶  no occupation                  14
    B          85-89   m     –      –                   7   ──▶  80-89                          12
    C          85-89   m     asian  priest              1   ──▶  no occupation  ──▶  no race …   2  ──▶ quarantined

A class is the set of patients with the same combination of attributes (Sweeney 2002, k-anonymity); a value that is not
known, and one that was suppressed, count as a value of their own. Sex is never given up: pronouns and anatomy tell it
on every line of a note. The data set is taken as the attacker's whole world: whoever is alone in a sample need not be
alone in the population that it came from, and `population` says how much that matters. Everything is a few group-bys:
linear in notes.
"""

import math
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from pipelines.risk.config import TOP_AGE, RiskConfig, age_band
from schemas.risk import RISK_ACTIONS, Attribute, RiskAction

_LISTS = (Attribute.OCCUPATION, Attribute.DIAGNOSIS, Attribute.EVENT)
_ACTION_ON = {Attribute.AGE: RiskAction.GENERALISE}
# Classes of the table, by their smallest and largest k.
_CLASSES = ((1, 1), (2, 4), (5, 10), (11, 49), (50, None))
_JOIN = " + "


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What the assessment found and decided.

    Attributes:
        actions: rows of the RISK_ACTIONS schema; empty where every patient is in a class of min_k and more.
        report: the k-anonymity table before and after, as plain data.
    """

    actions: pa.Table
    report: dict[str, Any]


def assess(attributes: pa.Table, config: RiskConfig) -> Assessment:
    """Measure the risk of every patient and decide what is done.

    Args:
        attributes: rows of the NOTE_ATTRIBUTES schema, of all notes that may be used.
    """
    patients = combinations(attributes, config)
    released, quarantined = _reduced(patients, config)
    kept = released.filter(~quarantined)
    threshold = None if config.population is None else math.log2(config.population / config.min_k)
    scores = rarity(patients, config)
    report = {
        "settings": {
            "act": config.act,
            "min_k": config.min_k,
            "max_risk": 1 / config.min_k,
            "max_mean_risk": config.max_mean_risk,
            "population": config.population,
            "attributes": [attribute.value for attribute in config.attributes],
        },
        "before": anonymity_table(patients, config),
        "after": anonymity_table(kept, config),
        "rarity": {
            "threshold_bits": threshold,
            "num_patients_above": None if threshold is None else int((scores > threshold).sum()),
            "highest_bits": scores.max() if patients.height else None,
        },
        "actions": _action_counts(patients, released, quarantined, config),
    }
    return Assessment(actions=_actions(patients, released, quarantined, config), report=report)


def combinations(attributes: pa.Table, config: RiskConfig) -> pl.DataFrame:
    """One row a patient: patient_key, and a string or null for each of the configured attributes.

    Of several notes the lowest age band and year count, the commonest sex, race and region, and all occupations,
    events and rare diagnoses together; a diagnosis is rare that fewer than min_k patients have.
    """
    notes = _frame(attributes)
    patients = notes.select("patient_key").unique().sort("patient_key")
    for attribute in config.attributes:
        patients = patients.join(_of_patients(notes, attribute, config), on="patient_key", how="left")
    return patients


def class_sizes(patients: pl.DataFrame, config: RiskConfig) -> pl.Series:
    """k of each patient, in order: how many share the patient's combination."""
    return patients.select(pl.len().over(_names(config)).cast(pl.Int64).alias("k"))["k"]


def rarity(patients: pl.DataFrame, config: RiskConfig) -> pl.Series:
    """Bits of each patient's combination: the sum of −log2 p of its values, as if they were independent.

    One in a population of N would be expected to share a combination of log2(N) bits, and fewer than min_k people
    one of more than log2(N / min_k). What is not known adds nothing.
    """
    return patients.select(pl.sum_horizontal([_bits(name) for name in _names(config)]).alias("bits"))["bits"]


def anonymity_table(patients: pl.DataFrame, config: RiskConfig) -> dict[str, Any]:
    """The k-anonymity of patients, as plain data.

    Returns:
        Number of patients and classes; smallest k; highest and mean risk (1/k); the share of patients who are alone,
        and of those in classes below min_k; patients by class size; and, where the population is known, the chance
        that a patient who is alone here, and is matched with somebody of the same combination in the population, is
        matched rightly: πU / (πU + 2(1 − π)P), with the sampling fraction π, U patients alone and P classes of two
        (Skinner and Elliot 2002, data intrusion simulation). Null where nobody is alone or in a class of two.
    """
    sizes = class_sizes(patients, config).to_numpy()
    alone, pairs = int((sizes == 1).sum()), int((sizes == 2).sum()) // 2
    table: dict[str, Any] = dict.fromkeys(
        ("min_k", "max_risk", "mean_risk", "share_alone", "share_below_min_k", "match_probability")
    )
    if sizes.size:
        mean_risk = float((1 / sizes).mean())
        table |= {
            "min_k": int(sizes.min()),
            "max_risk": float(1 / sizes.min()),
            "mean_risk": mean_risk,
            "share_alone": alone / sizes.size,
            "share_below_min_k": float((sizes < config.min_k).mean()),
            "match_probability": _match_probability(sizes.size, alone, pairs, config.population),
        }
    return table | {
        "num_patients": int(sizes.size),
        "num_classes": round(float((1 / sizes).sum())),
        "is_mean_risk_above": bool(sizes.size and mean_risk > config.max_mean_risk),
        "patients_by_k": [
            {"from": low, "to": high, "num_patients": int(((sizes >= low) & (sizes <= (high or sizes.size))).sum())}
            for low, high in _CLASSES
        ],
    }


def _match_probability(num_patients: int, alone: int, pairs: int, population: int | None) -> float | None:
    if population is None or not alone + pairs:
        return None
    sampled = min(num_patients / population, 1.0)
    right, wrong = sampled * alone, 2 * (1 - sampled) * pairs
    return right / (right + wrong) if right + wrong else None


def _bits(name: str) -> pl.Expr:
    """−log2 of the share of patients with the same value; 0 where it is not known."""
    return pl.when(pl.col(name).is_not_null()).then(-(pl.len().over(name) / pl.len()).log(2)).otherwise(0.0).alias(name)


def _names(config: RiskConfig) -> list[str]:
    return [attribute.value for attribute in config.attributes]


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _of_patients(notes: pl.DataFrame, attribute: Attribute, config: RiskConfig) -> pl.DataFrame:
    """patient_key, and the patient's value of an attribute; patients without one may be missing."""
    name = attribute.value
    if attribute in _LISTS:
        values = notes.select("patient_key", name).explode(name).drop_nulls().unique()
        if attribute is Attribute.DIAGNOSIS:
            values = values.filter(pl.len().over(name) < config.min_k)
        return values.group_by("patient_key").agg(pl.col(name).sort().str.join(_JOIN))
    values = notes.select("patient_key", name).drop_nulls()
    if attribute is Attribute.AGE:
        bands = {low: age_band(low, config.age_band_years) for low in range(0, TOP_AGE + 1, config.age_band_years)}
        return (
            values.group_by("patient_key")
            .min()
            .with_columns(pl.col(name).replace_strict(bands, return_dtype=pl.String))
        )
    if attribute is Attribute.YEAR:
        return values.group_by("patient_key").min().with_columns(pl.col(name).cast(pl.String))
    counted = values.group_by("patient_key", name).len().sort(["len", name], descending=[True, False])
    return counted.group_by("patient_key", maintain_order=True).first().drop("len")


def _reduced(patients: pl.DataFrame, config: RiskConfig) -> tuple[pl.DataFrame, pl.Series]:
    """What would be released, and who is left in too small a class.

    In each round every patient of a small class gives up the value that fewest patients share: an age for its wide
    band, another for nothing. A class moves as a whole, so nobody else's class shrinks by it.
    """
    names = [name for name in _names(config) if name != Attribute.SEX]
    given_up = {name: pl.lit(None, dtype=pl.String) for name in names}
    if Attribute.AGE in names:
        given_up[Attribute.AGE.value] = pl.col(Attribute.AGE.value).replace(_wide_bands(config))
    bits = patients.select(_bits(name) for name in names)
    released = patients
    for _ in names:
        is_small = class_sizes(released, config) < config.min_k
        if not is_small.any():
            break
        can_give = released.select(pl.col(name).ne_missing(given_up[name]) for name in names)
        left = bits.select(pl.when(can_give[name]).then(pl.col(name)) for name in names)
        rarest = left.select(pl.max_horizontal(names).alias("rarest"))["rarest"]
        for name in names:
            is_chosen = is_small & (left[name] == rarest).fill_null(False)
            is_small = is_small & ~is_chosen
            released = released.with_columns(
                pl.when(is_chosen).then(given_up[name]).otherwise(pl.col(name)).alias(name)
            )
    return released, class_sizes(released, config) < config.min_k


def _wide_bands(config: RiskConfig) -> dict[str, str]:
    """Each narrow age band → its wide one."""
    ages = range(0, TOP_AGE + 1, config.age_band_years)
    return {age_band(age, config.age_band_years): age_band(age, config.wide_age_band_years) for age in ages}


def _changed(patients: pl.DataFrame, released: pl.DataFrame, quarantined: pl.Series, name: str) -> pl.DataFrame:
    """patient_key, old and new value of the patients who stay and whose value of an attribute changes."""
    return pl.DataFrame(
        {"patient_key": patients["patient_key"], "old": patients[name], "new": released[name], "out": quarantined}
    ).filter(~pl.col("out") & pl.col("old").ne_missing(pl.col("new")))


def _actions(patients: pl.DataFrame, released: pl.DataFrame, quarantined: pl.Series, config: RiskConfig) -> pa.Table:
    out = patients.filter(quarantined).select("patient_key")
    tables = [_action_rows(out, RiskAction.QUARANTINE, None)]
    for name in _names(config):
        changed = _changed(patients, released, quarantined, name)
        if name == Attribute.DIAGNOSIS:
            changed = changed.with_columns(pl.col("old").str.split(_JOIN).alias("value")).explode("value")
        tables.append(_action_rows(changed, _ACTION_ON.get(Attribute(name), RiskAction.SUPPRESS), name))
    return pl.concat(tables).sort("patient_key", "attribute", "value").to_arrow().cast(RISK_ACTIONS)


def _action_rows(patients: pl.DataFrame, action: RiskAction, attribute: str | None) -> pl.DataFrame:
    value = pl.col("value") if "value" in patients.columns else pl.lit(None, dtype=pl.String).alias("value")
    return patients.select(
        "patient_key",
        pl.lit(action.value).alias("action"),
        pl.lit(attribute, dtype=pl.String).alias("attribute"),
        value,
    )


def _action_counts(
    patients: pl.DataFrame, released: pl.DataFrame, quarantined: pl.Series, config: RiskConfig
) -> dict[str, int]:
    """Action, and attribute where there is one → number of patients."""
    counts = {}
    for name in _names(config):
        action = _ACTION_ON.get(Attribute(name), RiskAction.SUPPRESS)
        counts[f"{action.value} {name}"] = _changed(patients, released, quarantined, name).height
    counts[RiskAction.QUARANTINE.value] = int(quarantined.sum())
    return {action: count for action, count in counts.items() if count}
