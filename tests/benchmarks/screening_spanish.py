"""The screen on Spanish notes: MEDDOCAN's development set, whose identifiers people have marked.

    python tests/benchmarks/screening_spanish.py --notes FOLDER/meddocan_es_dev.parquet

An identifier is found if every letter and digit of it is covered. Left out, because the Safe Harbor rule names
them not: sex, countries, ages below 90, relatives without a name, occupations, years alone, makers of drugs.
The rules were written with a look at this set: its figures are development figures.
"""

import argparse
import re
from collections import Counter
from pathlib import Path

import polars as pl

from pipelines.screening.policy import ScreeningConfig
from pipelines.screening.screener import Screener

NOTES = Path(__file__).resolve().parents[2] / "../shared/data/phi/meddocan_es_dev.parquet"
KINDS = {
    "NOMBRE_SUJETO_ASISTENCIA": "name",
    "NOMBRE_PERSONAL_SANITARIO": "name",
    "FECHAS": "date",
    "TERRITORIO": "place below the country",
    "CALLE": "street",
    "HOSPITAL": "hospital",
    "CENTRO_SALUD": "hospital",
    "ID_SUJETO_ASISTENCIA": "patient's number",
    "ID_ASEGURAMIENTO": "insurance number",
    "ID_CONTACTO_ASISTENCIAL": "encounter number",
    "ID_TITULACION_PERSONAL_SANITARIO": "licence number",
    "NUMERO_TELEFONO": "telephone or fax",
    "NUMERO_FAX": "telephone or fax",
    "CORREO_ELECTRONICO": "e-mail",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=Path, default=NOTES)
    parser.add_argument("--nlp-model", default="es_core_news_sm")
    options = parser.parse_args()
    notes = pl.read_parquet(options.notes)
    screener = Screener(ScreeningConfig(language="es", nlp_model=options.nlp_model), b"0" * 32)
    total, found = Counter[str](), Counter[str]()
    num_false = num_words = 0
    for text, spans, findings in zip(
        notes["text"], notes["spans"], screener.find(notes["text"].to_list()), strict=True
    ):
        if findings is None:
            raise RuntimeError("a note was not screened: the engine failed on it")
        hidden = {index for finding in findings for index in range(finding.start, finding.end)}
        for span in spans:
            value, kind = text[span["start"] : span["end"]], KINDS.get(span["type"])
            if kind is None or (re.fullmatch(r"\d{4}", value) and kind == "date"):
                continue
            if kind == "patient's number" and not any(map(str.isdigit, value)):
                continue  # what a patient looks like
            total[kind] += 1
            found[kind] += all(i in hidden for i in range(span["start"], span["end"]) if text[i].isalnum())
        num_words += len(text.split())
        num_false += sum(all(f.end <= span["start"] or span["end"] <= f.start for span in spans) for f in findings)
    print(f"all {found.total()}/{total.total()} = {found.total() / total.total():.3f}")
    for kind, count in sorted(total.items()):
        print(f"  {kind:24} {found[kind]:4}/{count:<4} {found[kind] / count:.3f}")
    print(f"findings that touch nothing marked: {1000 * num_false / num_words:.2f} per 1,000 words")


if __name__ == "__main__":
    main()
