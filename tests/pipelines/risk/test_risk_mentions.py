import pytest

from pipelines.risk.mentions import mentions
from schemas.risk import Attribute

KEY = b"a key for the tests, of 32 bytes"


def found(text, attribute):
    return [(m.value, text[m.start : m.end]) for m in mentions(text, KEY) if m.attribute is attribute]


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("A 67-year-old man", ["67"]),
        ("54 yo F, 61 y/o, 70 years of age", ["54", "61", "70"]),
        ("sixty-seven-year-old, eighty year old", ["67", "80"]),
        ("Age: 43. aged 51, at the age of 12", ["43", "51", "12"]),
        ("71M with 45 F", ["71", "45"]),
        ("8-month-old; age 30 mg; Temp 98 F; T 101.2 F; 12 M/F; age 60-69; 60-69-year-old", []),
        ("a 200-year-old house", []),
    ],
)
def test_ages(text, ages):
    assert sorted(value for value, _ in found(text, Attribute.AGE)) == sorted(ages)


@pytest.mark.parametrize(
    ("text", "attribute", "expected"),
    [
        ("67-year-old African American female", Attribute.SEX, [("female", "female")]),
        ("Sex: M", Attribute.SEX, [("male", "M")]),
        ("54 yo retired woman", Attribute.SEX, [("female", "woman")]),
        ("67-year-old African American female", Attribute.RACE, [("black", "African American")]),
        ("Race: Asian", Attribute.RACE, [("asian", "Asian")]),
        ("black stools, white count 12, white matter of a man", Attribute.RACE, []),
        ("She moved here from Ohio.", Attribute.REGION, [("Ohio", "Ohio")]),
        ("Dr. Georgia Smith, Virginia's chart, to Virginia Mason", Attribute.REGION, []),
        ("MI in 2015, 2000 mL, 2019-03-04", Attribute.YEAR, [("2015", "2015")]),
        ("He works as a truck driver.", Attribute.OCCUPATION, [("transport", "truck driver")]),
        ("Occupation: retired. A nurse called.", Attribute.OCCUPATION, []),
        ("a retired teacher", Attribute.OCCUPATION, [("education", "teacher")]),
        ("Her daughter is the mayor.", Attribute.EVENT, [("public_office", "mayor")]),
        ("survived the plane crash", Attribute.EVENT, [("disaster", "plane crash")]),
        ("Huntington's disease", Attribute.DIAGNOSIS, [("huntington_disease", "Huntington's disease")]),
        ("Haemophilia A", Attribute.DIAGNOSIS, [("haemophilia", "Haemophilia A")]),
    ],
)
def test_categories_and_spans(text, attribute, expected):
    assert found(text, attribute) == expected


def test_an_occupation_that_is_not_listed_is_a_keyed_hash():
    (first,), (second,) = (
        found(text, Attribute.OCCUPATION)
        for text in ("She works as a lighthouse keeper and swims.", "Occupation: Lighthouse  Keeper".replace("  ", " "))
    )
    assert first[1] == "lighthouse keeper"
    assert first[0] == second[0]
    assert first[0].startswith("other:")
    assert "lighthouse" not in first[0]
    (other,) = mentions("She works as a lighthouse keeper.", KEY[::-1])
    assert other.value != first[0]


@pytest.mark.parametrize("text", ["", "\r\n", "🚑" * 50, "works as a " * 200, "year-old " * 500, "1 " * 5000])
def test_odd_texts(text):
    for mention in mentions(text, KEY):
        assert 0 <= mention.start < mention.end <= len(text)


def test_every_category_of_the_lexicon_is_found_by_a_phrase_of_its_own():
    phrases = {
        Attribute.DIAGNOSIS: [
            "Behçet's disease",
            "hemophilia",
            "cystic fibrosis",
            "Wilson's disease",
            "situs inversus",
        ],
        Attribute.EVENT: ["in the local news", "first patient in the state", "won the lottery", "quintuplets"],
        Attribute.OCCUPATION: ["He is a priest", "works as an RN", "worked as a bank teller", "retired judge"],
        Attribute.RACE: ["a Filipina woman", "a Native American man", "a Pacific Islander female"],
        Attribute.REGION: ["from West Virginia", "in New York", "to Rhode Island", "Dallas, Texas"],
    }
    for attribute, texts in phrases.items():
        for text in texts:
            assert found(f"Known: {text}.", attribute), text
