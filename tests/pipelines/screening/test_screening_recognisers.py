from pathlib import Path

import pytest
import yaml

from pipelines.screening.entities import EntityType
from pipelines.screening.recognisers.listed_names import ListedNameRecogniser

HERE = Path(__file__).parent
SENTENCES = yaml.safe_load((HERE / "planted_sentences.yaml").read_text(encoding="utf-8"))
CLINICAL = (HERE / "clinical_sentences.txt").read_text(encoding="utf-8").splitlines()

PLANTED = [
    # numbers
    ("MRN: 48572113 reviewed.", "MEDICAL_RECORD_NUMBER", "48572113"),
    ("See chartMRN04857211 for details.", "MEDICAL_RECORD_NUMBER", "MRN04857211"),
    ("Unit No: 482-31-77", "MEDICAL_RECORD_NUMBER", "482-31-77"),
    ("MRN: 21-31-14 on file", "MEDICAL_RECORD_NUMBER", "21-31-14"),
    ("Acct # A00913345 was billed.", "ACCOUNT_NUMBER", "A00913345"),
    ("Accession number S26-12345.", "UNIQUE_ID", "S26-12345"),
    ("Member ID: XQH884301227", "HEALTH_PLAN_NUMBER", "XQH884301227"),
    ("Policy number 77-4431-A", "HEALTH_PLAN_NUMBER", "77-4431-A"),
    ("DEA MC3808463", "LICENSE_NUMBER", "MC3808463"),
    ("NPI: 4993412632", "LICENSE_NUMBER", "4993412632"),
    ("Pacemaker S/N 4471-AB-90", "DEVICE_ID", "4471-AB-90"),
    ("License plate 7ABC123", "VEHICLE_ID", "7ABC123"),
    ("Vehicle in lot B: BQR-T27", "VEHICLE_ID", "BQR-T27"),
    ("Identity at window by fingerprint (FP 2207-R-INDEX).", "BIOMETRIC", "FP 2207-R-INDEX"),
    ("dob 3-22-70 / SL 11840 / visit 2-9-24", "UNIQUE_ID", "SL 11840"),
    ("SSN 512-44-0198", "US_SSN", "512-44-0198"),
    ("his social is 402 19 8877", "US_SSN", "402 19 8877"),
    ("Study ID: ONC-2231", "UNIQUE_ID", "ONC-2231"),
    ("Photo stored as jdoe_leftarm.jpg", "PHOTO", "jdoe_leftarm.jpg"),
    ("Card 4454794511390933 on file", "CREDIT_CARD", "4454794511390933"),
    # contacts
    ("Call (617) 555-0143.", "PHONE_NUMBER", "(617) 555-0143"),
    ("Reach her at 617.555.0143 x12", "PHONE_NUMBER", "617.555.0143 x12"),
    ("pager # 12345", "PHONE_NUMBER", "12345"),
    ("Fax: 617-555-0144", "FAX_NUMBER", "617-555-0144"),
    ("Write to r.okonkwo@ward3.internal please", "EMAIL_ADDRESS", "r.okonkwo@ward3.internal"),
    ("Portal https://portal.example.org/p?id=7.", "URL", "https://portal.example.org/p?id=7"),
    ("Logged in from 10.20.30.40.", "IP_ADDRESS", "10.20.30.40"),
    ("user j.doe@mail.365.org asked", "EMAIL_ADDRESS", "j.doe@mail.365.org"),
    # dates
    ("Seen 03/14/2019.", "DATE_TIME", "03/14/2019"),
    ("Seen on 3/14 for follow up.", "DATE_TIME", "3/14"),
    ("Admitted 2024-08-21T07:15:00Z.", "DATE_TIME", "2024-08-21T07:15:00Z"),
    ("Surgery on July 3, 2019.", "DATE_TIME", "July 3, 2019"),
    ("Surgery on the 3rd of July.", "DATE_TIME", "3rd of July"),
    ("Surgery on the third of July.", "DATE_TIME", "third of July"),
    ("Symptoms began in November.", "DATE_TIME", "November"),
    ("Stent in 03/2021.", "DATE_TIME", "03/2021"),
    ("Off food since Weds 1st. Temp 38.", "DATE_TIME", "Weds 1st"),
    ("They changed brands Mon 10/21 and it fell off.", "DATE_TIME", "Mon 10/21"),
    ("Review 28/10 at the eye clinic.", "DATE_TIME", "28/10"),
    ("Mother says last shot July.", "DATE_TIME", "July"),
    ("Mircera 75 mcg due 12/12; given 11/29.", "DATE_TIME", "12/12"),
    ("Skin check here 1.2023.", "DATE_TIME", "1.2023"),
    ("Vanc 10/2 -> 10/7 then stopped.", "DATE_TIME", "10/2"),
    ("off work for labor day, back after", "DATE_TIME", "labor day"),
    ("Concert on St David's Day with the choir.", "DATE_TIME", "St David's Day"),
    ("Repeat UACR May, then yearly.", "DATE_TIME", "May"),
    ("Back at work mid-June at the latest.", "DATE_TIME", "mid-June"),
    # ages
    ("A 94-year-old woman.", "AGE_OVER_89", "94"),
    ("This 92 y/o M fell.", "AGE_OVER_89", "92"),
    ("Arrived to find 94 yof supine.", "AGE_OVER_89", "94"),
    ("A ninety-two-year-old man.", "AGE_OVER_89", "ninety-two"),
    ("The patient, aged 101, fell.", "AGE_OVER_89", "101"),
    # persons
    ("Discussed with Dr. James Parkinson today.", "PERSON", "James Parkinson"),
    ("Mr. Long tolerated it.", "PERSON", "Long"),
    ("Seen with Dr. Foley at bedside.", "PERSON", "Foley"),
    ("Referred by Dr. St. Jude.", "PERSON", "St. Jude"),
    ("Patient: OKONKWO, ROBERT", "PERSON", "OKONKWO, ROBERT"),
    ("Siobhan O'Neill, RN, was present.", "PERSON", "Siobhan O'Neill"),
    ("Her husband Tadeusz drove her.", "PERSON", "Tadeusz"),
    ("Lives with her son, May, and a dog.", "PERSON", "May"),
    ("pt john smith came in today", "PERSON", "john smith"),
    ("He goes by 'Sunny' at home.", "PERSON", "Sunny"),
    ("Electronically signed by Anaïs Lefèvre", "PERSON", "Anaïs Lefèvre"),
    ("Dear Dr. Moreau,", "PERSON", "Moreau"),
    ("Grace Young was discharged.", "PERSON", "Grace Young"),
    ("Employee Emily Walker came.", "PERSON", "Emily Walker"),
    ("CREW: R. STOKES NRP, A. MUNOZ EMT-B", "PERSON", "R. STOKES"),
    ("R. HAND, MD", "PERSON", "R. HAND"),
    ("Spoke w/ MR. WHITE re the plan.", "PERSON", "WHITE"),
    ("First noticed in spring 2023, worse since.", "DATE_TIME", "spring 2023"),
    ("Her postal code is N2J 3G7 still.", "LOCATION", "N2J 3G7"),
    ("PRIOR ANES: KNEE SCOPE DR BONE, GRADE 2 VIEW", "PERSON", "BONE"),
    ("2345 t 38.4, np grace notified, ua sent", "PERSON", "grace"),
    ('Received in formalin, labeled "Fournier, A  left breast", four cores.', "PERSON", "Fournier, A"),
    # numbers that stand with little beside them
    ("0112 #4410 bed 22 itchy", "UNIQUE_ID", "4410"),
    ("Key safe 2580.", "UNIQUE_ID", "2580"),
    ("Called at 2221, badge 1412.", "UNIQUE_ID", "1412"),
    ("VNS: SenTiva SN 84421.", "UNIQUE_ID", "84421"),
    ("RAMQ MBAE 0455 1809.", "UNIQUE_ID", "MBAE 0455 1809"),
    ("MRN ends 4416, knee.", "UNIQUE_ID", "4416"),
    ("Her handle is zk9, posts daily.", "UNIQUE_ID", "zk9"),
    ("NINO QQ 12 34 56 C. Yes", "US_SSN", "QQ 12 34 56 C"),
    ("Ring Bunty: 07700 900 214.", "PHONE_NUMBER", "07700 900 214"),
    ("Ring the lab on 01 555 0133.", "PHONE_NUMBER", "01 555 0133"),
    ("Her boss may ring (452 0160).", "PHONE_NUMBER", "452 0160"),
    ("It was signed as root_user_0.", "UNIQUE_ID", "root_user_0"),
    ("He streams as k3y.splash at night.", "UNIQUE_ID", "k3y.splash"),
    ("He posts as u/NobodySawMe there.", "UNIQUE_ID", "u/NobodySawMe"),
    # places
    ("Lives at 12 Orchard Lane, Springfield, IL 62704 now.", "LOCATION", "12 Orchard Lane, Springfield, IL 62704"),
    ("Mail to P.O. Box 331.", "LOCATION", "P.O. Box 331"),
    ("Choice list given. Mail to Box 440.", "LOCATION", "Box 440"),
    ("Moved from Covington to Over-the-Rhine.", "LOCATION", "Over-the-Rhine"),
    ("She is staying at the wagon wheel motel tonight.", "ORGANIZATION", "wagon wheel motel"),
    ("She lives in Springfield with a cat.", "LOCATION", "Springfield"),
    ("ZIP code 62704", "LOCATION", "62704"),
    ("Transferred from Lakeside Memorial Hospital.", "FACILITY", "Lakeside Memorial Hospital"),
    ("He was seen at St. Mary's.", "FACILITY", "St. Mary's"),
    ("He works at Acme Tooling as a welder.", "ORGANIZATION", "Acme Tooling"),
]

NEGATIVES = [
    "Parkinson disease, stable on carbidopa.",
    "Parkinson's disease and Hashimoto thyroiditis.",
    "Foley catheter removed. Foley draining clear urine.",
    "Gleason 3+4, Barrett esophagus, Swan-Ganz in place.",
    "Murphy sign negative, McBurney point tender, Homans sign absent.",
    "Continue Lasix 40 mg, Coumadin 5 mg and Synthroid.",
    "BP 120/80, HR 72, RR 16, SpO2 98% on RA, T 98.6 F.",
    "2/6 systolic murmur, strength 5/5, pain 7/10.",
    "On exam 2/6 holosystolic murmur.",
    "L4-L5 stenosis, C5-C6 disc, S1 radiculopathy.",
    "WBC 11.2, Hgb 9.8, platelets 250,000, creatinine 1.4, troponin <0.01.",
    "CT 10-12 mm nodule; ejection fraction 45-50%.",
    "POD#2, 3 days ago, in 2 weeks, since 2015.",
    "Norco #30, no refills; vitamin_d3 and BP_sys: 120; visit_2, grade_3.",
    "Insulin 40 u/day, heparin 18 u/min.",
    "CT 2221, on screen 2228. TNK 2240. CTA to RAPID 2251, accepted 2255.",
    "Sinemet at 0600 1000 1400 1800; fall risk: gait 9/12.",
    "Started 0800; sats 94, weight 92, QTc 490.",
    "A 64-year-old man and his 89-year-old mother.",
    "Smokes 1 pack/day for 30 years. Retired in 2009.",
    "Seen in the Heart Failure Clinic and the Emergency Department.",
    "Lives in Texas with his wife. Born in Mexico.",
    "CPT 99214, ICD-10 E11.9, SNOMED 44054006.",
    "HISTORY OF PRESENT ILLNESS\nPatient denies chest pain.\nALLERGIES: Penicillin.",
    "The patient may follow up. He will march on.",
    "MR angiography and MS relapse discussed. Severe AS, mild MR. CPET next.",
    "RA: P 2.1 mV, 0.75 V @ 0.4 ms, 418 ohms. RV: 0.625 V @ 0.4 ms.",
    "12 LEAD ST, IV 18G, FENTANYL 50 MCG.",
    "QBL 1150 after uterine massage. Wt 203, reg rhythm.",
    "Schatzki ring dilated with a CRE balloon 15-16.5-18 mm.",
    "AC/VC 18/380/PEEP 10/40%, Pplat 26.",
    "Class III, activity 14/24, chronicity 3/12.",
    "MICU PROGRESS NOTE      Hospital day 4 / Vent day 3",
    "Converted to SR 78 on amiodarone.",
    "Flow 1,200-1,500.5-2,000 mL per day; counting 6-5-4-3-2-1; TPAL 4-3-0-1-3.",
    "Hip fracture after fall 2019, healed.",
    "Abd: soft. NT\nExt: no edema. WWP\nCXR: clear. N.A.D.\n1) RLS\n2. OSA\nHx of stroke. TIA\n",
    "Plan:\r\n\r\nDVT\r\n\r\nwatch",
    "Form CMS-2728 filed. ROS\n\nNegative.",
    "Mother has Parkinson disease; father had Crohn disease.",
    "Seen by Cardiology and Infectious Disease.",
]


@pytest.mark.parametrize(("text", "entity_type", "value"), PLANTED)
def test_planted_identifier_is_found_whole(bench, text, entity_type, value):
    assert (entity_type, value) in bench.found(text)


@pytest.mark.parametrize("text", NEGATIVES)
def test_clinical_text_is_left_alone(bench, text):
    assert bench.found(text) == []


def planted(marked):
    """The sentence without its braces, and the spans that they enclosed."""
    text, spans = "", []
    for number, piece in enumerate(marked.replace("}", "{").split("{")):
        if number % 2:
            spans.append((len(text), len(text) + len(piece)))
        text += piece
    return text, spans


@pytest.mark.parametrize("kind", SENTENCES)
def test_identifiers_of_every_kind_are_found_whole(screener, kind):
    cases = [planted(marked) for marked in SENTENCES[kind]]
    missed = []
    for (text, spans), findings in zip(cases, screener.find([text for text, _ in cases]), strict=True):
        covered = {i for f in findings for i in range(f.start, f.end)}
        missed += [
            text for start, end in spans if any(i not in covered and text[i].isalnum() for i in range(start, end))
        ]
    assert missed == []


def test_every_kind_has_sentences():
    without = {EntityType.CREDIT_CARD, EntityType.IBAN_CODE, EntityType.MAC_ADDRESS, EntityType.MALFORMED_PLACEHOLDER}
    assert set(SENTENCES) == {kind.value for kind in set(EntityType) - without}


# of sentences made to mislead: what the tagger, which judges by likelihood, is wrong about
KNOWN_DAMAGE = {
    "Ted hose and Venodynes.",
    "The Poisson distribution fits the counts.",
    "Dr. Scholl inserts did not help the heel.",
    "Seen for visit 7/12 of the program; BPP 8/8.",
    "Alvarado 7, went for laparoscopic appendectomy.",
    "Toupet and Dor were discussed; Nissen preferred.",
}


def test_clinical_sentences_are_left_alone(screener):
    found = screener.find(CLINICAL)
    damaged = {text for text, findings in zip(CLINICAL, found, strict=True) if findings}
    assert damaged <= KNOWN_DAMAGE, damaged - KNOWN_DAMAGE


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Later Ngozi felt better.", ["Ngozi"]),
        ("We heard Franciska Kastner speak.", ["Franciska Kastner"]),
        ("heard aksel kristensen speak", ["aksel kristensen"]),
        ("Seen with Müller by the door.", ["Müller"]),
        ("Samples went to Tokyo, Japan by air.", []),
        ("The Foley drained; Lasix was given to Stable effect.", []),
        ("Reach for the Ship and the Kumar reach.", ["Kumar"]),  # "Ship" is a surname, and English
    ],
)
def test_lists_of_names_need_neither_cue_nor_tagger(text, names):
    results = ListedNameRecogniser().analyze(text, ["PERSON"])
    found = {(r.start, r.end) for r in results}
    longest = [s for s in found if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in found)]
    assert [text[a:b] for a, b in sorted(longest)] == names


def test_a_certain_name_is_found_wherever_the_note_repeats_it(bench):
    text = "Attending: Dr. James Parkinson.\nParkinson agrees. Known Parkinson disease. PARKINSON to review."
    assert [value for _, value in bench.found(text)] == ["James Parkinson", "Parkinson", "PARKINSON"]


def test_a_label_is_not_redacted_with_its_value(bench):
    screened, _ = bench.run(["MRN: 48572113 and Phone: (617) 555-0143."])
    assert screened.notes["text"].to_pylist() == ["MRN: [MRN] and Phone: [PHONE]."]


@pytest.mark.parametrize(
    ("text", "initials"),
    [
        ("PI reviewed labs and signed.\nTP", {"TP"}),
        ("NURSE MANAGER AWARE. Sat 1900. lk\n", {"lk"}),
        ("Closed 5/27 0530 KD\n", {"KD"}),
        ("E. Thibodeaux, MD    D: 06/02/2022  T: 06/03/2022  Job #7714203   rhb\n", {"rhb"}),
        ("Submitted entirely in A1-A2. (bmk)\n\nMICROSCOPIC", {"bmk"}),
        ("W. Oyelaran, M.D.\nWO:KLB    DD 10/3/19", {"WO:KLB"}),
        ("Sips only. NPO. SpO2 96 RA\nAllergies: PCN. IV\n", set()),
    ],
)
def test_initials_at_the_end_are_a_persons(bench, text, initials):
    found = {value for kind, value in bench.found(text) if kind == "PERSON"}
    assert initials <= found
    assert len(found) - len(initials) <= text.count("MD") + text.count("M.D.")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("PT FROM SPRINGFIELD DENIES PAIN NURSING NOTIFIED", "SPRINGFIELD"),
        ("Transferred from Mercy #2 COPD", "Mercy"),
    ],
)
def test_what_stands_behind_an_organisation_is_not_always_its_name(bench, text, value):
    assert value in [found for _, found in bench.found(text)]


def test_the_rest_of_an_organisations_name_is_found_with_it(screener):
    for text in (
        "HELICOPTER ON STANDBY FOR SPRINGFIELD LEVEL ONE TRAUMA CENTER.",
        "Evaluator works at Brazos Children's Therapy, in town.",
        "Union rep Bill Marsh of Steelworkers Local 1104 has a copy.",
    ):
        (findings,) = screener.find([text])
        hidden = {i for f in findings for i in range(f.start, f.end)}
        name = text[text.index({"H": "SPRING", "E": "Brazos", "U": "Steel"}[text[0]]) :].split(",")[0].split(" has")[0]
        assert all(text.index(name) + i in hidden for i, char in enumerate(name.rstrip(".")) if char.isalnum()), text


def test_a_typists_initials_stand_under_a_signature_and_are_no_time_zone(bench):
    assert ("PERSON", "rco/dj") in bench.found("Ann Cho, MD\nrco/dj\n")
    assert ("PERSON", "acb") in bench.found("D: 1/15/2018 T: 1/16/2018 09:02 acb\n")
    persons = [value for kind, value in bench.found("D: 1/15/2018 T: 1/16/2018 09:02 EST\npt/ot\n") if kind == "PERSON"]
    assert persons == []
