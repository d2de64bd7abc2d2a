"""The physician's reasoning (the MDM) in five styles, all of which may name the diagnosis in many phrases."""

import random
from collections.abc import Callable

from pipelines.synthetic.cases import Case
from pipelines.synthetic.content import Diagnosis, draw, several, wording
from pipelines.synthetic.markup import KEEP, mark, sentence

UNNAMED_SHARE = 0.04  # reasoning that ends without a diagnosis


def disposition(rng: random.Random, case: Case) -> str:
    """Where the patient goes."""
    return rng.choice(wording()["dispositions"][case.diagnosis.dispo])


def reasoning(rng: random.Random, case: Case, event: str, num_parts: int) -> list[str]:
    """The reasoning, in as many parts as there are headers (assessment, or assessment and plan).

    Args:
        event: a sentence on what happened in the department, "" for none.
        num_parts: 1, or 2 where a plan has its own header.
    """
    write = draw(rng, _STYLES)
    assessment, plan = write(rng, case)
    if event:
        assessment = f"{assessment}\n{event}" if "\n" in assessment else f"{assessment} {event}"
    if num_parts == 2:
        return [assessment, plan]
    return [f"{assessment}{chr(10) if chr(10) in assessment + plan else ' '}{plan}"]


def _naming(rng: random.Random, case: Case) -> str:
    if rng.random() < UNNAMED_SHARE:
        return f"cause of {case.complaint} remains unclear at this time"
    return draw(rng, wording()["naming"]).format(dx=_name(case.diagnosis))


def _name(diagnosis: Diagnosis) -> str:
    return mark(KEEP, diagnosis.name)


def _support(rng: random.Random, case: Case) -> str:
    return " and ".join(several(rng, case.evidence or case.symptoms or (case.complaint,), rng.choice((1, 2, 2))))


def _rivals(case: Case, joiner: str) -> str:
    return f" {joiner} ".join(_name(rival) for rival in case.rivals)


def _against(rng: random.Random, case: Case, rival: Diagnosis | None = None) -> str:
    """What speaks against a rival, or against all of them."""
    denied = [item for item in case.absent if rival is None or item in rival.symptoms]
    missing = [item for item in (rival.symptoms if rival else ()) if item not in case.symptoms]
    options = denied or missing
    return f"no {rng.choice(options).removeprefix('a ')}" if options else "a different course"


def _reassessment(rng: random.Random) -> str:
    return sentence(rng.choice(wording()["reassessments"]))


def _prose(rng: random.Random, case: Case) -> tuple[str, str]:
    opening = f"{_naming(rng, case)} given {_support(rng, case)}"
    ruled_out = rng.choice(
        (
            f"{_rivals(case, 'and')} were considered but less likely with {_against(rng, case)}",
            f"Doubt {_rivals(case, 'or')} given {_against(rng, case)}",
            f"Low suspicion for {_rivals(case, 'or')}",
            f"Also considered {_rivals(case, 'and')}, but there is {_against(rng, case)}",
        )
    )
    plan = (f"treated with {rng.choice(case.diagnosis.treatment)}", f"plan: {disposition(rng, case)}")
    return " ".join(map(sentence, (opening, ruled_out))), " ".join((*map(sentence, plan), _reassessment(rng)))


def _problems(rng: random.Random, case: Case) -> tuple[str, str]:
    bullet = rng.choice(("1. ", "#", "# "))
    second = "2. " if bullet == "1. " else bullet
    lines = [f"{bullet}{sentence(_naming(rng, case))} Shown by {_support(rng, case)}."]
    lines.append(sentence(f"{_rivals(case, 'and')} less likely, {_against(rng, case)}"))
    if case.history:
        lines.append(f"{second}{sentence(case.history[-1])} Home medicines continued.")
    given = sentence(f"given {rng.choice(case.diagnosis.treatment)}")
    return "\n".join(lines), f"{given} {_reassessment(rng)} {sentence(disposition(rng, case))}"


def _bullets(rng: random.Random, case: Case) -> tuple[str, str]:
    lines = [_naming(rng, case), f"for: {_support(rng, case)}"]
    lines += [f"against {_name(rival)}: {_against(rng, case, rival)}" for rival in case.rivals]
    plan = [f"gave {rng.choice(case.diagnosis.treatment)}", disposition(rng, case)]
    return "\n".join(f"- {sentence(line)}" for line in lines), "\n".join(f"- {sentence(line)}" for line in plan)


def _differential(rng: random.Random, case: Case) -> tuple[str, str]:
    candidates = [*case.rivals, case.diagnosis]
    rng.shuffle(candidates)
    lines = (
        f"differential includes {', '.join(_name(candidate) for candidate in candidates)}",
        f"there is {_against(rng, case)}",
        f"with {_support(rng, case)}, {_naming(rng, case)}",
    )
    plan = (f"{rng.choice(case.diagnosis.treatment)} given", disposition(rng, case))
    return " ".join(map(sentence, lines)), " ".join((*map(sentence, plan), _reassessment(rng)))


def _terse(rng: random.Random, case: Case) -> tuple[str, str]:
    lines = (_naming(rng, case), _support(rng, case), f"not {_rivals(case, 'or')}: {_against(rng, case)}")
    return " ".join(
        map(sentence, lines)
    ), f"{sentence(rng.choice(case.diagnosis.treatment))} {sentence(disposition(rng, case))}"


_STYLES: dict[Callable[[random.Random, Case], tuple[str, str]], float] = {
    _prose: 8,
    _problems: 3,
    _bullets: 3,
    _differential: 3,
    _terse: 3,
}
