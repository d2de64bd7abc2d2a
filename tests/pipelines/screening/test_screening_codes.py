import pytest

from pipelines.screening.entities import EntityType
from pipelines.screening.recognisers.codes import CodeRecogniser
from pipelines.screening.recognisers.plates import PlateRecogniser


def found(recogniser, text):
    results = recogniser.analyze(text, list(EntityType))
    return [(result.entity_type, text[result.start : result.end]) for result in results]


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("Nothing announces 7X30118 here.", "UNIQUE_ID", "7X30118"),
        ("The left processor, 7X30118, was charged.", "DEVICE_ID", "7X30118"),
        ("Coverage by Medica 7740 21883 ended.", "HEALTH_PLAN_NUMBER", "7740 21883"),
        ("It reads QXJ 904 417 733 on top.", "UNIQUE_ID", "QXJ 904 417 733"),
        ("The claim wc 23 118840 is open.", "UNIQUE_ID", "wc 23 118840"),
        ("also 0881-22947 and", "UNIQUE_ID", "0881-22947"),
        ("Donor AKHV221 matched.", "UNIQUE_ID", "AKHV221"),
        ("It said 44/318-2 on the slip.", "UNIQUE_ID", "44/318-2"),
        ("Left 97112 at the desk.", "UNIQUE_ID", "97112"),
    ],
)
def test_a_code_is_told_by_its_look_and_its_kind_by_the_nearest_word(text, kind, code):
    assert found(CodeRecogniser(), text) == [(kind, code)]


@pytest.mark.parametrize(
    "text",
    [
        "KRAS G12D, JAK2V617F, c.2230+1_2230+3delinsCACC, DRB1*080302 and 4q35.1q35.2",
        "BP 130/80, 16/420/+8/0.40, 135-145, 1000-2000 and 0700-1900",
        "Platelets 214,000/mm3, CK 22145, 12500 units, 3.09 x10^9/L",
        "pT2N0M0, G4P2012, E4V5M6, S1Q3T3, 39w4d, L4-L5 and T12-L1",
        "CPT 99214, S72.001A, LY2835219, NCT04471882, PMID 31447188",
        "500mg, 20mg/kg/day, 360-degree, 1800-calorie, 24Fr and 0.5%-2%",
        "She was 12 in 2019, seen 03/14/2019 and 2019-03-14.",
        "HR 92 RR 20 WBC 120 HCT 403",
        "blocks A7-A14, g3p2002, ex-26w3d, seen 15h40, grounding 5-4-3-2-1, ALP 140-160",
        "CFTR F508del/G551D, COL5A1/COL3A1 negative",
        "VA 20/25-2, QRS 168→112",
    ],
)
def test_what_has_a_clinical_reading_is_no_code(text):
    assert found(CodeRecogniser(), text) == []


@pytest.mark.parametrize(
    ("text", "plates"),
    [
        ("The pickup (TK 441 NVA) left.", ["TK 441 NVA"]),
        ("His car, AB12 CDE, was towed.", ["AB12 CDE"]),
        ("plate or 882 kgt, he thinks", ["882 kgt"]),
        ("Nobody drives: TK 441 NVA", []),
        ("Driver with BP 150/80 P 96 R 20, PTH 488.", []),
        ("The car left in 2019 at 45 mph on I-95.", []),
    ],
)
def test_a_plate_needs_a_vehicle_beside_it(text, plates):
    assert [value for _, value in found(PlateRecogniser(), text)] == plates
