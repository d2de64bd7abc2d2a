from pathlib import Path

import polars as pl
import pytest

DATA = Path(__file__).resolve().parents[3] / "../shared/data"
CLINICAL = DATA / "phi/pii_anon_clinical_en_open.parquet"
SENTENCES = DATA / "phi/presidio_synth_v2.parquet"
VISITS = DATA / "notes/aci_bench_train_valid.parquet"
IDENTIFIERS = {
    "PERSON_NAME", "MEDICAL_RECORD_NUMBER", "PHONE_NUMBER", "DATE_OF_BIRTH", "NPI_NUMBER", "HEALTH_INSURANCE_ID",
    "TIMESTAMP", "EMAIL_ADDRESS", "STREET_ADDRESS", "SOCIAL_SECURITY_NUMBER", "DEA_NUMBER",
}  # fmt: skip


@pytest.mark.skipif(not CLINICAL.exists(), reason="public sets are not beside the repository")
def test_recall_on_synthetic_clinical_documents(screener):
    documents = pl.read_parquet(CLINICAL).sample(60, seed=11).to_dicts()
    covered = total = 0
    for document, findings in zip(documents, screener.find([d["text"] for d in documents]), strict=True):
        for span in document["spans"]:
            if span["type"] in IDENTIFIERS:
                total += 1
                covered += any(f.start < span["end"] and span["start"] < f.end for f in findings)
    assert covered / total > 0.99


@pytest.mark.skipif(not SENTENCES.exists(), reason="public sets are not beside the repository")
def test_names_without_a_cue(screener):
    sentences = pl.read_parquet(SENTENCES).sample(300, seed=11).to_dicts()
    whole = total = 0
    for sentence, findings in zip(sentences, screener.find([s["text"] for s in sentences]), strict=True):
        for span in sentence["spans"]:
            if span["type"] == "PERSON":
                total += 1
                whole += any(f.start <= span["start"] and span["end"] <= f.end for f in findings)
    assert whole / total > 0.85


@pytest.mark.skipif(not VISITS.exists(), reason="public sets are not beside the repository")
def test_few_findings_on_visit_notes(screener):
    texts = pl.read_parquet(VISITS)["note"].to_list()[:20]
    num_findings = sum(len(findings) for findings in screener.find(texts))
    assert num_findings / sum(len(text.split()) for text in texts) < 0.009
