"""Who comes and with what: patients, and cases drawn so that no single finding decides the diagnosis.

A case mixes the diagnosis's own features with features of its siblings, the other diagnoses behind the same complaint;
what the note denies is mostly what a sibling would have shown. The rates below set how hard the tasks are, and
`python -m pipelines.synthetic.difficulty` measures it.
"""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.synthetic.content import Diagnosis, complaints, diagnoses, draw, several, siblings, wording

LENT_BY_SIBLING = 0.22  # of symptoms and exam findings
TELLING_TEST = 0.6  # cases whose results hold one of the diagnosis's own
OWN_RISK = 0.6  # cases whose history holds a risk factor of the diagnosis; the others hold a sibling's
TYPICAL_COMPLAINT = 0.6
OLDEST_UNIDENTIFIED_AGE = 89  # beyond it an age identifies

_OF_WOMEN = re.compile(r"pregnan|contraceptive|period")


@dataclass(frozen=True, kw_only=True)
class Patient:
    """A person with one to four notes."""

    patient_id: str
    age: int
    sex: str  # "F" or "M"
    zip3: str
    conditions: tuple[str, ...]

    @property
    def is_child(self) -> bool:
        """True below 18 years."""
        return self.age < 18

    @property
    def noun(self) -> str:
        """One of girl, woman, boy and man."""
        return {"F": ("woman", "girl"), "M": ("man", "boy")}[self.sex][self.is_child]

    def possible(self, features: Iterable[str]) -> list[str]:
        """The features that a patient of this sex can have."""
        return [feature for feature in features if self.sex == "F" or not _OF_WOMEN.search(feature)]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One visit before it is put into words. No feature of it names the diagnosis."""

    patient: Patient
    diagnosis: Diagnosis
    complaint: str  # as the chart words it
    symptoms: tuple[str, ...]
    absent: tuple[str, ...]  # symptoms denied
    exam: tuple[str, ...]
    tests: tuple[str, ...]
    history: tuple[str, ...]
    evidence: tuple[str, ...]  # what the case shows of its own diagnosis; may be empty
    rivals: tuple[Diagnosis, ...]  # two


def draw_patient(rng: random.Random, patient_id: str, skew: float) -> Patient:
    """A patient whose age and sex fit some diagnosis, common ones more often."""
    first = draw(rng, {diagnosis: diagnosis.frequency**skew for diagnosis in diagnoses()})
    age = rng.randint(*first.ages)
    if age > OLDEST_UNIDENTIFIED_AGE and rng.random() < 0.7:
        age = rng.randint(60, OLDEST_UNIDENTIFIED_AGE)
    sex = first.sex or rng.choice("FM")
    pool = wording()["conditions_of_children" if age < 18 else "conditions"]
    return Patient(
        patient_id=patient_id,
        age=age,
        sex=sex,
        zip3=rng.choice(("021", "100", "152", "303", "482", "606", "770", "802", "902", "981")),
        conditions=tuple(several(rng, pool, rng.randint(0, 1) if age < 35 else rng.randint(1, 3))),
    )


def draw_case(rng: random.Random, patient: Patient, skew: float) -> Case:
    """One visit of the patient."""
    candidates = [diagnosis for diagnosis in diagnoses() if diagnosis.fits(patient.age, patient.sex)]
    diagnosis = draw(rng, {candidate: candidate.frequency**skew for candidate in candidates})
    typical, *others = diagnosis.complaints
    complaint = rng.choice(others) if others and rng.random() >= TYPICAL_COMPLAINT else typical
    rivals = [rival for rival in siblings(complaint) if rival in candidates and rival is not diagnosis]
    if len(rivals) < 2:  # a complaint of few diagnoses: any others that fit the patient
        others_fitting = [rival for rival in candidates if rival is not diagnosis and rival not in rivals]
        rivals += several(rng, others_fitting, 2)

    def usable(features: Iterable[str]) -> list[str]:
        return [item for item in patient.possible(features) if not diagnosis.is_named_in(item)]

    def mixed(own: tuple[str, ...], lendable: Iterable[str], num_items: int) -> tuple[list[str], list[str]]:
        kept = [item for item in several(rng, usable(own), num_items) if rng.random() >= LENT_BY_SIBLING]
        pool = sorted(set(usable(lendable)) - set(own))
        return _shuffled(rng, kept + several(rng, pool, num_items - len(kept))), kept

    of_rivals = [item for rival in rivals for item in rival.symptoms]
    symptoms, own_symptoms = mixed(diagnosis.symptoms, of_rivals, rng.choice((2, 2, 3)))
    signs_of_rivals = (item for rival in rivals for item in rival.exam)
    exam, own_exam = mixed(diagnosis.exam, signs_of_rivals, rng.choice((1, 1, 2)))
    own_tests = several(rng, diagnosis.tests, 1) if rng.random() < TELLING_TEST else []
    normal_tests = [test.format(g=rng.randint(80, 130)) for test in several(rng, wording()["normal_tests"], 3)]
    deniable = sorted(set(usable(of_rivals)) - set(symptoms) - set(diagnosis.symptoms))
    at_risk_of = diagnosis if rng.random() < OWN_RISK else rng.choice(rivals)
    risks = several(rng, at_risk_of.risks, 1)
    return Case(
        patient=patient,
        diagnosis=diagnosis,
        complaint=rng.choice(complaints()[complaint]),
        symptoms=tuple(symptoms),
        absent=tuple(several(rng, deniable, rng.randint(1, 3))),
        exam=tuple(exam),
        tests=tuple(_shuffled(rng, own_tests + normal_tests[: rng.randint(1, 3)])),
        history=tuple(dict.fromkeys(usable((*risks, *patient.conditions)))),
        evidence=(*own_tests, *own_symptoms, *own_exam),
        rivals=tuple(several(rng, rivals, 2)),
    )


def _shuffled(rng: random.Random, items: list[str]) -> list[str]:
    return rng.sample(items, len(items))
