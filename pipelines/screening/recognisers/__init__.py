"""Recognisers of clinical identifiers, one theme a file. Each is a Presidio recogniser and may be used as such."""

from presidio_analyzer import EntityRecognizer
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    IbanRecognizer,
    IpRecognizer,
    MacAddressRecognizer,
)

from pipelines.screening.recognisers.addresses import AddressRecogniser
from pipelines.screening.recognisers.ages import AgeRecogniser
from pipelines.screening.recognisers.codes import CodeRecogniser
from pipelines.screening.recognisers.contacts import ContactRecogniser
from pipelines.screening.recognisers.dates import DateRecogniser
from pipelines.screening.recognisers.facilities import FacilityRecogniser
from pipelines.screening.recognisers.identifiers import IdentifierRecogniser
from pipelines.screening.recognisers.listed_names import ListedNameRecogniser
from pipelines.screening.recognisers.name_forms import NameFormRecogniser
from pipelines.screening.recognisers.names import NameRecogniser
from pipelines.screening.recognisers.ner import NerRecogniser
from pipelines.screening.recognisers.phone_numbers import PhoneNumberRecogniser
from pipelines.screening.recognisers.plates import PlateRecogniser
from pipelines.screening.recognisers.title_case import TitleCaseRecogniser

_PHONE_REGIONS = ("US", "GB")


def clinical_recognisers(timeout_s: float) -> list[EntityRecognizer]:
    """Every recogniser of the screen.

    Args:
        timeout_s: time for one of our patterns on one note, in seconds.
    """
    return [
        NameRecogniser(timeout_s),
        NameFormRecogniser(timeout_s),
        ListedNameRecogniser(),
        NerRecogniser(),
        DateRecogniser(timeout_s),
        AgeRecogniser(timeout_s),
        IdentifierRecogniser(timeout_s),
        CodeRecogniser(),
        PlateRecogniser(),
        ContactRecogniser(timeout_s),
        PhoneNumberRecogniser(supported_regions=_PHONE_REGIONS, name=PhoneNumberRecogniser.__name__),
        AddressRecogniser(timeout_s),
        FacilityRecogniser(timeout_s),
        TitleCaseRecogniser(),
        IpRecognizer(),
        MacAddressRecognizer(),
        CreditCardRecognizer(),
        IbanRecognizer(),
    ]
