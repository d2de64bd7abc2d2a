# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Telephone, fax and pager numbers, e-mail addresses, web addresses, handles."""

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from pipelines.screening.entities import EntityType
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser

_LONG = r"(?:\+?1[-. \t]?)?(?:\(\d{3}\)[-. \t]?|\d{3}[-. \t/])\d{3}[-. \t]\d{4}"
_EXTENSION = r"(?:[ \t,]*(?i:ext\.?|extension|x)[ \t.]*\d{1,6})?"
_ANY = rf"(?:{_LONG}|\+\d[\d \t().-]{{6,18}}\d|\d{{3}}[-. \t]\d{{4}}|\d{{10,11}}|\d{{7}}|\d{{3,5}}[ \t]\d{{3}}[ \t]\d{{3,4}}){_EXTENSION}"
_TOP_LEVEL = "com|org|net|edu|gov|mil|int|io|co|info|health|healthcare|clinic|hospital|doctor|care|uk|ca|au|de|fr|us|biz|app|dev|ai|me|tv"

PATTERNS = (
    CuedPattern(
        name="fax",
        entity_type=EntityType.FAX_NUMBER,
        expression=rf"\b(?i:fax|facsimile)(?:ed)?[ \t]*(?i:numbers?|no\.?|#|to|at|is|line)*[ \t:#]*(?P<value>{_ANY})(?!\d)",
        score=0.95,
    ),
    CuedPattern(
        name="labelled",
        entity_type=EntityType.PHONE_NUMBER,
        expression=(
            rf"\b(?i:tele?(?:phone)?|phones?|ph|mobile|cell(?:ular)?|call(?:ed|ing|back)?|contact|reach(?:ed|able)?|dial|text|home|work|office|whatsapp)\b\.?"
            rf"[ \t]*(?:(?i:me|him|her|them|us|the|clinic|office|patient|family|back|numbers?|no|phone|at|on|is|was|if|needed)\b\.?[ \t]*){{0,4}}[ \t:#]*(?P<value>{_ANY})(?![\d/])"
        ),
        score=0.95,
    ),
    CuedPattern(
        name="pager",
        entity_type=EntityType.PHONE_NUMBER,
        expression=r"\b(?i:pagers?|paged?|beeper|bleep|voicemail|vm|p)(?:[ \t]*(?i:numbers?|no\.?|at|is|me|id))*[ \t]*[:#]+[ \t]*(?P<value>\d[\d\-]{2,11})\b",
    ),
    CuedPattern(
        name="paged_at",
        entity_type=EntityType.PHONE_NUMBER,
        expression=r"\b(?i:pagers?|paged?|beeper|bleep)(?:[ \t]+(?i:numbers?|no\.?|at|is|me))*[ \t]+(?P<value>\d{3,11}(?:-\d{4})?)\b",
    ),
    CuedPattern(
        name="extension",
        entity_type=EntityType.PHONE_NUMBER,
        expression=r"\b(?i:ext\.?|extension)[ \t]*[:#]?[ \t]*(?P<value>\d{3,6})\b|(?<=[ (])(?P<value>x\d{4,6})\b",
    ),
    CuedPattern(
        name="north_american",
        entity_type=EntityType.PHONE_NUMBER,
        expression=rf"(?<![\w./-])(?P<value>{_LONG}{_EXTENSION})(?![\w/]|-\d)",
    ),
    CuedPattern(
        name="international",
        entity_type=EntityType.PHONE_NUMBER,
        expression=rf"(?<![\w+])(?P<value>\+\d{{1,3}}[-. \t]?(?:\(\d{{1,4}}\)[-. \t]?)?\d{{1,5}}(?:[-. \t]\d{{2,5}}){{1,4}}{_EXTENSION})(?!\w)",
    ),
    CuedPattern(
        name="local",
        entity_type=EntityType.PHONE_NUMBER,
        expression=r"(?<![\w./-])(?P<value>[2-9]\d{2}-\d{4})(?![\w/]|-\d|[ \t]?(?:mg|mcg|ml|units?|cal|k?cal|steps|mL|hours)\b)",
        score=0.7,
    ),
    CuedPattern(
        name="email",
        entity_type=EntityType.EMAIL_ADDRESS,
        # any address, whether or not its domain is known to the public suffix list: hospitals have domains of their own
        expression=r"(?<![\w.%+-])(?P<value>[\w.%+'-]+[ \t]?(?:@|\[at\]|\(at\)|[ \t]at[ \t](?=[\w-]+[ \t]dot[ \t]))[ \t]?[\w-]+(?:(?:\.|[ \t]?\[dot\][ \t]?|[ \t]dot[ \t])[\w-]+)+)",
        score=1.0,
    ),
    CuedPattern(
        name="local_email",
        entity_type=EntityType.EMAIL_ADDRESS,
        expression=r"\b(?i:e-?mail)[ \t]*(?i:address|is|at)?[ \t:]+(?P<value>[\w.+-]+@[\w.-]+\w)",
    ),
    CuedPattern(
        name="url",
        entity_type=EntityType.URL,
        expression=r"(?P<value>\b(?i:https?|ftp|sftp)://[^\s<>\"]+[^\s<>\"'.,;:!?)\]}]|\b(?i:www)\d?\.[\w-]+\.[^\s<>\"]*[\w/])",
        score=1.0,
    ),
    CuedPattern(
        name="domain",
        entity_type=EntityType.URL,
        expression=rf"(?<![\w.@/-])(?P<value>(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+(?:{_TOP_LEVEL})\b(?:/[^\s<>\"]*[\w/])?)(?![\w@-]|\.[A-Za-z])",
        score=0.7,
    ),
    CuedPattern(
        name="handle",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"(?<![\w.@/])(?P<value>@(?=\w*[\d_])[A-Za-z_]\w{2,30})(?![\w@]|\.\w)",
        score=0.7,
    ),
    CuedPattern(
        name="named_handle",
        entity_type=EntityType.UNIQUE_ID,
        expression=r"\b(?i:twitter|instagram|tiktok|facebook|snapchat|linkedin|handle|skype|reddit)[ \t:]+(?:(?i:is|handle|account|at)[ \t:]+)*(?P<value>@?(?=\w*[\d_@])[\w.]{3,30})",
    ),
)

_SEVEN_DIGITS = regex.compile(r"\d(?:[ \t().+/-]{0,3}\d){6}")


class ContactRecogniser(CuedRecogniser):
    """Numbers and addresses at which a person can be reached.

    Args:
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, timeout_s: float):
        super().__init__(PATTERNS, timeout_s)


class PhoneNumberRecogniser(PhoneRecognizer):
    """Presidio's recogniser of valid telephone numbers, for the forms that no pattern above has.

    It walks the text once for each region, so it is kept to notes with seven digits in a row and to two regions.
    """

    def __init__(self) -> None:
        super().__init__(supported_regions=("US", "GB"), name=type(self).__name__)

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Valid telephone numbers of the text."""
        return super().analyze(text, entities, nlp_artifacts) if _SEVEN_DIGITS.search(text) else []
