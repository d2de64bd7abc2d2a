from datetime import datetime

import pytest

from pipelines.screening.lexicon import words
from pipelines.screening.surrogates import SURROGATE_TYPES, Surrogates

KEY = b"a key for the tests, of 32 bytes"
PERSON, DATE, PHONE, MRN = "PERSON", "DATE_TIME", "PHONE_NUMBER", "MEDICAL_RECORD_NUMBER"
VALUES = [
    (PERSON, "Robert Okonkwo"),
    (PERSON, "SMITH"),
    (DATE, "03/14/2019"),
    (PHONE, "(617) 555-0143"),
    ("FAX_NUMBER", "617.555.0144"),
    ("EMAIL_ADDRESS", "r.okonkwo7@hospital.org"),
    ("US_SSN", "512-44-0198"),
    (MRN, "48572113"),
    ("DEVICE_ID", "AB12-Cd34"),
]


def patients(count, key=KEY):
    return [Surrogates(key, f"p{i}") for i in range(count)]


@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_the_same_for_a_patient_another_for_another_and_never_the_original(kind, value):
    made = [patient.replace(kind, value) for patient in patients(200)]
    assert made == [patient.replace(kind, value) for patient in patients(200)]
    assert value not in made
    assert None not in made
    least_distinct = {DATE: 70, "US_SSN": 199}.get(kind, 190)
    assert len(set(made)) >= least_distinct
    assert made[0] != Surrogates(KEY[::-1], "p0").replace(kind, value)


def test_a_name_is_the_same_in_every_case_order_and_form():
    (patient,) = patients(1)
    first, last = patient.replace(PERSON, "Robert Okonkwo").split()
    assert patient.replace(PERSON, "Okonkwo, Robert") == f"{last}, {first}"
    assert patient.replace(PERSON, "OKONKWO") == last.upper()
    assert patient.replace(PERSON, "pt okonkwo").split()[1] == last.lower()
    assert patient.replace(PERSON, "Okonkwo's") == f"{last}'s"
    assert patient.replace(PERSON, "R. Okonkwo") == f"{first[0]}. {last}"
    assert patient.replace("EMAIL_ADDRESS", "robert.okonkwo@x.org") == f"{first}.{last}@example.org".lower()


def test_titles_credentials_particles_and_accents():
    (patient,) = patients(1)
    name = patient.replace(PERSON, "Dr. Ana de la Cruz-O'Neill, MD")
    assert name.startswith("Dr. ")
    assert name.endswith(", MD")
    assert " de la " in name
    assert "-O'" in name
    assert not {"Ana", "Cruz", "Neill"} & set(name.replace("-", " ").replace("'", " ").split())
    assert patient.replace(PERSON, "Müller") == patient.replace(PERSON, "Muller")
    assert patient.replace(PERSON, "Cafe\u0301") == patient.replace(PERSON, "Café")


def test_names_are_of_no_list():
    listed = words("first_names") | words("surnames")
    originals = sorted(listed)[:150]
    made = [patient.replace(PERSON, name).lower() for patient in patients(3) for name in originals]
    assert not listed & set(made)
    assert all(new[0] != old[0] for new, old in zip(made, originals * 3, strict=True))


def test_all_dates_of_a_patient_move_back_by_the_same_whole_weeks():
    for patient in patients(30):
        assert patient.days % 7 == 0
        assert -730 < patient.days < -30
        days = [
            datetime.strptime(patient.replace(DATE, value), form)
            for value, form in (("03/14/2019", "%m/%d/%Y"), ("March 20, 2019", "%B %d, %Y"), ("2019-04-01", "%Y-%m-%d"))
        ]
        assert [(day - days[0]).days for day in days] == [0, 6, 18]
        assert (datetime(2019, 3, 14) - days[0]).days == -patient.days
        assert patient.replace(DATE, "November") not in (None, "November")


def test_telephone_numbers_keep_their_form_and_reach_nobody():
    for patient in patients(30):
        number = patient.replace(PHONE, "+1 (617) 555-0143 ext. 221")
        assert number.startswith("+1 (")
        assert number[8:15] == " 555-01"
        assert " ext. " in number
        line = patient.replace(PHONE, "555-0143")
        assert line[:6] == "555-01"
        assert line in number
        pager = patient.replace(PHONE, "x4410")
        assert pager[0] == "x"
        assert len(pager) == 5
        assert patient.replace(PHONE, "+44 20 7946 0958") is None


def test_identifiers_keep_their_form_and_follow_their_letters_and_digits():
    (patient,) = patients(1)
    assert patient.replace(MRN, "4857-2113").replace("-", "") == patient.replace(MRN, "48572113")
    assert patient.replace("UNIQUE_ID", "48572113") == patient.replace(MRN, "48572113")
    assert patient.replace(MRN, "MRN-04857211")[:4] == "MRN-"
    new = patient.replace("DEVICE_ID", "AB12-Cd34")
    shape = "".join("A" if c.isupper() else "a" if c.islower() else "0" if c.isdigit() else c for c in new)
    assert shape == "AA00-Aa00"
    assert patient.replace("PHOTO", "IMG_0447.jpg").endswith(".jpg")
    assert patient.replace("PHOTO", "IMG_0447.jpg") != "IMG_0447.jpg"
    assert patient.replace("US_SSN", "512-44-0198")[0] == "9"
    assert patient.replace("US_SSN", "XXX-XX-0198")[:7] == "XXX-XX-"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (PERSON, "山田"),
        (PERSON, "Smith 48572113"),
        (PERSON, "?"),
        (DATE, "Christmas"),
        (PHONE, "call me"),
        (MRN, "№48Ж"),
        (MRN, "---"),
        (MRN, "9" * 60),
        ("EMAIL_ADDRESS", "ann [at] home"),
        ("US_SSN", "XXX"),
        ("US_SSN", "٥١٢-44-0198"),
        (PHONE, "٦١٧-555-0143"),
    ],
)
def test_a_form_not_understood_has_no_surrogate(kind, value):
    assert all(patient.replace(kind, value) is None for patient in patients(5))


def test_short_values_never_keep_themselves():
    for kind in sorted(SURROGATE_TYPES - {DATE}):
        for patient in patients(40):
            assert patient.replace(kind, "7") != "7"
