"""Presidio's recogniser of valid telephone numbers, with its findings, shown only the lines that may hold one.

Presidio walks the whole text once for each region. No number runs over a line end, and none has fewer digits than the
shortest that its region or, behind a plus sign, any region knows: so it is enough to walk the lines that have as many.
"""

from functools import cache

import regex
from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    SUPPORTED_REGIONS,
    PhoneMetadata,
    PhoneNumberMatcher,
    country_code_for_region,
)
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from pipelines.screening.recognisers.pattern import result

# what the matcher lets stand between two digits: punctuation, a Japanese long mark, an x; four of them at most
_JOINT = r"(?:[^\w\n]|[xX\u30FC]){0,4}"
_PLUS = regex.compile("[+\uff0b]")


class PhoneNumberRecogniser(PhoneRecognizer):
    """Valid telephone numbers of the regions given. Arguments are those of Presidio's PhoneRecognizer."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Telephone numbers of the text."""
        found = []
        enough = _enough_digits(min(_least_digits(region, True) for region in self.supported_regions))
        at = 0
        while digits := enough.search(text, at):
            start = text.rfind("\n", 0, digits.start()) + 1
            end = text.find("\n", digits.end())
            line = text[start : end if end >= 0 else len(text)]
            at = start + len(line) + 1
            for region in self.supported_regions:
                if not _enough_digits(_least_digits(region, bool(_PLUS.search(line)))).search(line):
                    continue
                for match in PhoneNumberMatcher(line, region, leniency=self.leniency):
                    span = (start + match.start, start + match.end)
                    found.append(result(self.supported_entities[0], span, self.SCORE, self.name, self.id))
        return EntityRecognizer.remove_duplicates(found)


@cache
def _enough_digits(num_digits: int) -> "regex.Pattern[str]":
    return regex.compile(rf"\d(?:{_JOINT}\d){{{num_digits - 1}}}")


@cache
def _least_digits(region: str, with_plus: bool) -> int:
    """Digits of the shortest valid number, as dialled inside the region or, behind a plus sign, from any other."""
    code = country_code_for_region(region)
    inside = min(_shortest(sharing) for sharing in COUNTRY_CODE_TO_REGION_CODE[code])
    return min(inside, _shortest_international()) if with_plus else inside


@cache
def _shortest_international() -> int:
    return min(len(str(country_code_for_region(region))) + _shortest(region) for region in SUPPORTED_REGIONS)


def _shortest(region: str) -> int:
    metadata = PhoneMetadata.metadata_for_region(region)
    return min(metadata.general_desc.possible_length) if metadata and metadata.general_desc else 1
