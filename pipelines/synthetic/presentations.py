"""What a note says before the physician reasons: history, exam, results. Nothing here names the diagnosis."""

import random
import re
from collections.abc import Sequence

from pipelines.synthetic.cases import Case
from pipelines.synthetic.content import complaints, several, wording
from pipelines.synthetic.markup import sentence

# Findings that do not read well behind "no".
_NOT_DENIABLE = re.compile(
    r"^(?:normal|no|absent|low|reduced|decreased|clear|soft|quiet|clean|flat|small|poor|shortened|temperature)\b"
    r"|\b(?:patient|appearance|pressure)\b"
)


def history_of_present_illness(rng: random.Random, case: Case, age: str) -> list[str]:
    """Sentences of the history. `age` may carry a mark."""
    words = wording()
    duration = rng.choice(words["durations"]).format(n=rng.randint(2, 6))
    opening = rng.choice(words["openings"]).format(
        subject=f"{age}{rng.choice((' year old', ' year old', '-year-old', ' yo'))} {case.patient.noun}",
        complaint=case.complaint,
        duration=duration,
        onset=rng.choice(words["onsets"]).format(duration=duration),
        course=rng.choice(words["courses"]).format(n=rng.randint(3, 10)),
    )
    lines = [f"{rng.choice(words['told'])} {_listed(case.symptoms, 'and')}"]
    if case.absent:
        lines.append(f"{rng.choice(words['denied'])} {_listed(case.absent, 'or')}")
    if rng.random() < 0.2:
        lines.reverse()
    return [sentence(line) for line in (opening, *lines, *_contexts(rng, case))]


def past_history(case: Case) -> str:
    """Risk factors and long-standing conditions in one line."""
    return sentence(", ".join(case.history) or "none known")


def medications(rng: random.Random, case: Case) -> str:
    """Home medicines, unrelated to the visit."""
    return sentence(", ".join(several(rng, _medicines(case), rng.randint(1, 3))))


def social_history(rng: random.Random, case: Case) -> str:
    """A line on how the patient lives."""
    if case.patient.is_child:
        return sentence(rng.choice(wording()["social_of_children"]))
    return sentence(", ".join(rng.choice(row) for row in several(rng, wording()["social"], 2)))


def review_of_systems(rng: random.Random, case: Case) -> str:
    """A line that denies the rest."""
    return rng.choice(wording()["reviews"]).format(complaint=case.complaint)


def vital_signs(rng: random.Random, case: Case) -> str:
    """One line of vital signs, worse in half of the life-threatening cases."""
    is_sick = case.diagnosis.severity == 2 and rng.random() < 0.5
    is_hot = "fever" in " ".join((case.complaint, *case.symptoms, *case.exam))
    systolic = rng.randint(82, 104) if is_sick and rng.random() < 0.5 else rng.randint(108, 158)
    return rng.choice(wording()["vital_signs"]).format(
        t=(rng.randint(380, 396) if is_hot else rng.randint(362, 375)) / 10,
        h=rng.randint(105, 135) if is_sick else rng.randint(62, 104),
        s=systolic,
        d=systolic * 6 // 10,
        o=rng.randint(86, 93) if is_sick and rng.random() < 0.5 else rng.randint(95, 100),
    )


def physical_exam(rng: random.Random, case: Case) -> str:
    """Findings among normal ones, and in half of the notes a rival's finding that is not there."""
    shown = " ".join(case.exam)
    normal = [item for item in wording()["normal_exam"] if item.split()[0] not in shown and _agrees(item, shown)]
    findings = [*case.exam, *several(rng, normal, rng.randint(2, 4))]
    missing = [
        item
        for rival in case.rivals
        for item in rival.exam
        if item not in (*case.diagnosis.exam, *case.exam)
        and not _NOT_DENIABLE.search(item)
        and not case.diagnosis.is_named_in(item)
    ]
    rng.shuffle(findings)
    if missing and rng.random() < 0.5:
        findings.append(f"no {rng.choice(missing)}")
    return sentence(", ".join(findings))


def results(rng: random.Random, case: Case) -> str:
    """Test results, a telling one among normal ones."""
    return sentence(rng.choice((", ", "; ")).join(case.tests))


def _agrees(normal: str, shown: str) -> bool:
    """False for an alert drowsy patient and the like."""
    contradicted = {"alert": "drowsy", "abdomen": "rigid", "lungs": "crackles", "normal gait": "unsteady"}
    return not any(normal.startswith(start) and word in shown for start, word in contradicted.items())


def _contexts(rng: random.Random, case: Case) -> list[str]:
    """What belongs to the story and not to the diagnosis, another complaint's words among it."""
    other = rng.choice(complaints()[rng.choice(sorted(complaints()))])
    drawn = several(rng, wording()["contexts"], rng.randint(1, 3))
    return [line.format(medicine=rng.choice(_medicines(case)), other=other) for line in drawn]


def _medicines(case: Case) -> list[str]:
    return wording()["medicines_of_children" if case.patient.is_child else "medicines"]


def _listed(items: Sequence[str], joiner: str) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {joiner} {items[-1]}"
