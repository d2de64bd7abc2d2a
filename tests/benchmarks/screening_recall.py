"""What the screen finds and what it harms, beside stock Presidio: the README's table.

    python tests/benchmarks/screening_recall.py                 # everything, a few minutes on one core
    python tests/benchmarks/screening_recall.py --sample 50     # 50 documents of each public set

An identifier is found where every letter and digit of it lies in a finding, whatever the finding's type. The notes and
sentences in tests/pipelines/screening were written by another hand than the rules, and so were the canaries; they share
no lists with them. The public sets lie in shared/data beside the checkout, and are left out where they are not there.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import tldextract
import yaml
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

from pipelines.canaries.config import CanaryConfig
from pipelines.canaries.rates import miss_rates, overall
from pipelines.canaries.trial import CanaryTrial
from pipelines.screening.policy import ENGLISH_MODEL, NerReach, ScreeningConfig
from pipelines.screening.screener import Screener
from schemas.findings import Action

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests/pipelines/screening"))
from marked_notes import MarkedText, count_missed, first_set, is_covered  # noqa: E402 - the path is set above

DATA = REPOSITORY / "../shared/data"
STOCK_THRESHOLD = 0.35
KEY = b"a key for the benchmark, 32 bytes"

# Kinds of the public clinical set that Safe Harbor names. Left out: what is medical, demographic or an organisation's
# (an insurer's name identifies no patient), and ages, which that set has below 90.
SAFE_HARBOR_TYPES = {
    "PERSON_NAME", "MEDICAL_RECORD_NUMBER", "PHONE_NUMBER", "DATE_OF_BIRTH", "NPI_NUMBER", "HEALTH_INSURANCE_ID",
    "TIMESTAMP", "EMAIL_ADDRESS", "STREET_ADDRESS", "SOCIAL_SECURITY_NUMBER", "INSURANCE_POLICY_NUMBER", "DEA_NUMBER",
    "EMPLOYEE_ID", "USERNAME", "DRIVER_LICENSE_NUMBER", "NATIONAL_ID_NUMBER", "PASSPORT_NUMBER", "CREDIT_CARD_NUMBER",
    "BANK_ACCOUNT_NUMBER", "MAC_ADDRESS", "LOCATION_NAME", "BIOMETRIC_ID", "IBAN", "TAX_ID", "LICENSE_PLATE",
    "IP_ADDRESS", "SOCIAL_MEDIA_HANDLE", "LATITUDE_LONGITUDE", "POSTAL_CODE", "URL", "VISA_NUMBER",
    "PRESCRIPTION_NUMBER", "DEVICE_IDENTIFIER",
}  # fmt: skip


@dataclass(frozen=True)
class Span:
    """A finding of either screen."""

    start: int
    end: int
    action: Action = Action.REDACT


Find = Callable[[Sequence[str]], list[list[Span]]]


class StockPresidio:
    """Presidio with the configuration that it ships; only the model is replaced, so that both screens have the same."""

    def __init__(self, model: str):
        import presidio_analyzer

        # the stock URL recogniser would fetch the public suffix list
        tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
        shipped = Path(presidio_analyzer.__file__).parent / "conf/default.yaml"
        configuration = yaml.safe_load(shipped.read_text(encoding="utf-8"))
        configuration["models"][0]["model_name"] = model
        engine = NlpEngineProvider(nlp_configuration=configuration).create_engine()
        self._analyzer = AnalyzerEngine(nlp_engine=engine)

    def find(self, texts: Sequence[str], /) -> list[list[Span]]:
        return [
            [
                Span(found.start, found.end)
                for found in self._analyzer.analyze(text, "en", score_threshold=STOCK_THRESHOLD)
            ]
            for text in texts
        ]


class OurScreen:
    """The screen of this repository; a text on which it fails would be quarantined and is counted as an error here."""

    def __init__(self, model: str):
        ner = NerReach.NONE if model == ENGLISH_MODEL else NerReach.ALL
        self._screener = Screener(ScreeningConfig(nlp_model=model, ner=ner), KEY)

    def find(self, texts: Sequence[str], /) -> list[list[Span]]:
        found = []
        for findings in self._screener.find(texts):
            if findings is None:
                raise RuntimeError("the screen failed on a text")
            found.append([Span(finding.start, finding.end, finding.action) for finding in findings])
        return found


def spans(found: Iterable[Span]) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in found]


def recall_rows(title: str, notes: Sequence[MarkedText], find: Find) -> dict[str, str]:
    """Recall over all kinds and of each, as table rows."""
    counts = count_missed(notes, [spans(found) for found in find([note.text for note in notes])])
    planted, missed = counts
    rows = {}
    if len(planted) > 1:
        rows[f"{title}, all"] = share(planted.total() - missed.total(), planted.total())
    for kind, number in sorted(planted.items(), key=lambda item: (-item[1], item[0])):
        rows[f"{title}, {kind}"] = share(number - missed[kind], number)
    return rows


def share(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part}/{whole})" if whole else "–"


def canary_rows(screen: Any, sample: int | None) -> dict[str, str]:
    """Recall on canaries in public notes, with the upper bound on the miss rate of each kind."""
    texts = [text for name, column in NOTES.items() for text in read(name, sample)[column].to_list()]
    notes = pl.DataFrame({"note_id": [str(index) for index in range(len(texts))], "text": texts}).to_arrow()
    config = CanaryConfig(num_notes=len(texts), max_miss_rate=0.99)  # measured, not gated
    plants = CanaryTrial(config, screen, num_notes=len(texts)).run(notes, shard=0)
    whole = overall(plants)
    found = share(whole["planted"] - whole["missed"], whole["planted"])
    rows = {f"canaries in {whole['notes']} public notes, all": f"{found}; missed ≤ {whole['upper_95']:.3f}"}
    for row in miss_rates(plants, ["kind"]).sort("kind").to_dicts():
        rows[f"canaries, {row['kind']}"] = (
            f"{share(row['planted'] - row['missed'], row['planted'])}; missed ≤ {row['upper_95']:.3f}"
        )
    return rows


def harm_rows(find: Find) -> dict[str, str]:
    """What is found where there is nothing to find, and people whom an eponym's name could hide."""
    texts = first_set()
    clean, untouched, people = texts.clean, texts.untouched, texts.people
    num_words = sum(len(text.split()) for text in clean)
    damaged = sum(bool(found) for found in find(untouched))
    caught = sum(
        all(is_covered(person.text, start, end, spans(found)) for _, start, end in person.spans)
        for person, found in zip(people, find([person.text for person in people]), strict=True)
    )
    false = sum(len(found) for found in find(clean))
    return {
        f"false findings per 1,000 words ({num_words} words without identifiers)": f"{false * 1000 / num_words:.1f}",
        "eponym, drug and value sentences damaged": f"{damaged}/{len(untouched)}",
        "people of an eponym's name found": f"{caught}/{len(people)}",
    }


NOTES = {
    "notes/aci_bench_train_valid": "note",
    "notes/maccrobat2020_open": "text",
    "notes/primock57_day1to3": "note",
    "notes/mts_dialog_train_valid": "section_text",
}


def read(name: str, sample: int | None) -> pl.DataFrame:
    frame = pl.read_parquet(DATA / f"{name}.parquet")
    return frame if sample is None else frame.sample(min(sample, frame.height), seed=11)


def marked(frame: pl.DataFrame, types: set[str]) -> list[MarkedText]:
    """Documents of a public set with the spans of these types."""
    return [
        MarkedText(
            text=row["text"], spans=tuple((s["type"], s["start"], s["end"]) for s in row["spans"] if s["type"] in types)
        )
        for row in frame.to_dicts()
    ]


def measure(screen: Any, sample: int | None) -> dict[str, str]:
    """Every row of the table for one screen."""
    rows = recall_rows("planted notes", first_set().notes, screen.find) | harm_rows(screen.find)
    if DATA.is_dir():
        rows |= canary_rows(screen, sample)
        clinical = marked(read("phi/pii_anon_clinical_en_open", sample), SAFE_HARBOR_TYPES)
        rows |= recall_rows("pii-anon clinical", clinical, screen.find)
        rows |= recall_rows("Presidio synth v2", marked(read("phi/presidio_synth_v2", sample), {"PERSON"}), screen.find)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, help="documents of each public set; all of them without it")
    parser.add_argument("--model", default=ScreeningConfig().nlp_model, help="spaCy model of both")
    arguments = parser.parse_args()
    stock = measure(StockPresidio(arguments.model), arguments.sample)
    ours = measure(OurScreen(arguments.model), arguments.sample)
    print(f"| {arguments.model} | stock Presidio | Wardround |\n|---|---|---|")
    for name, value in ours.items():
        print(f"| {name} | {stock[name]} | {value} |")


if __name__ == "__main__":
    main()
