import pytest

from pipelines.screening.spans import Finding
from pipelines.screening.tagger.other_meanings import is_something_else


@pytest.mark.parametrize(
    ("text", "value", "entity_type", "is_else"),
    [
        ("Alterations in DNMT3A.", "DNMT", "LOCATION", True),
        ("Seen (p.Leu235Pro) there.", "Leu235Pro", "ORGANIZATION", True),
        ("Stocks at Food 4 Less.", "Food 4 Less", "ORGANIZATION", False),
        ("On the 6th day of admission.", "6th", "DATE_TIME", True),
        ("On the 8th post-operative day.", "8th", "DATE_TIME", True),
        ("He came on the 6th.", "6th", "DATE_TIME", False),
        ("He came on the 6th in the evening.", "6th", "DATE_TIME", False),
        ("On the 8th morning after it.", "8th", "DATE_TIME", True),
        ("Moved to Mercy2 ward.", "Mercy2", "FACILITY", False),
        ("A 94yo man.", "94", "AGE_OVER_89", False),
        ("(SIH) noted.", "SIH", "PERSON", False),
        ("Her sister (SR) came. SR left.", "SR", "PERSON", False),
        ("In the 2nd week of June.", "2nd", "DATE_TIME", False),
        ("Home on hospital Day 16.", "Day 16", "DATE_TIME", True),
        ("Due to spontaneous intracranial hypotension (SIH). SIH is rare.", "SIH", "PERSON", True),
        ("An angioimmunoblastic T-cell lymphoma (AITL). AITL is rare.", "AITL", "FACILITY", True),
        ("Sent to Vancouver General Hospital (VGH). VGH called.", "VGH", "FACILITY", False),
        ("Then came the surgeon (VGH) himself.", "VGH", "FACILITY", False),
        ("Taught Frenkel exercises.", "Frenkel", "PERSON", True),
        ("Frenkel called.", "Frenkel", "PERSON", False),
        ("Born in Texas.", "Texas", "LOCATION", True),
    ],
)
def test_a_second_look_tells_terms_from_identifiers(text, value, entity_type, is_else):
    start = text.rindex(value)
    finding = Finding(start=start, end=start + len(value), entity_type=entity_type, score=0.8, recogniser="Tagger.name")
    assert is_something_else(text, finding) is is_else
