# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Telephone, fax and pager numbers, e-mail addresses, web addresses, handles."""

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import is_listed_word
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser
from pipelines.screening.spans import Span

_LONG = r"(?:\+?1[-. \t]?)?(?:\(\d{3}\)[-. \t]?|\d{3}[-. \t/])\d{3}[-. \t]\d{4}"
_EXTENSION = r"(?:[ \t,]*(?i:ext\.?|extension|x)[ \t.]*\d{1,6})?"
_ANY = rf"(?:{_LONG}|\+\d[\d \t().-]{{6,18}}\d|\d{{3}}[-. \t]\d{{4}}|\d{{10,11}}|\d{{7}}|\d{{3,5}}[ \t]\d{{3}}[ \t]\d{{3,4}}|\d-\d{{4}}|0\d{{4}}[ \t]\d{{6}}|0\d{{10}}|00\d{{2}}[ \t]?\d{{1,4}}[ \t]?\d{{4,9}}){_EXTENSION}"
_DIGIT_WORD = "(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_SCANNED = "[0-9OoIlSB]"
_TOP_LEVEL = "example|local|internal|online|site|page|link|cloud|live|news|blog|shop|store|tech|digital|website|events|fund|support|network|church|school|academy|foundation|solutions|xyz|com|org|net|edu|gov|mil|int|io|co|info|health|healthcare|clinic|hospital|doctor|care|uk|ca|au|de|fr|us|biz|app|dev|ai|me|tv"


def _own_name(text: str, span: Span) -> Span | None:
    """Refuse "visit_2" and "40 u/day": a word of notes with a number, or behind one."""
    value = text[slice(*span)]
    word = value.removeprefix("u/").rsplit("_", 1)[0]
    counted = value.startswith("u/") and text[max(0, span[0] - 2) : span[0]].strip()[-1:].isdigit()
    return None if counted or is_listed_word(word) else span


PATTERNS = tuple(
    CuedPattern(
        name=name,
        entity_type=entity_type,
        score=score,
        expression=expression,
        refine=_own_name if name == "user_name" else None,
    )
    for name, entity_type, score, expression in (
        (
            "fax",
            EntityType.FAX_NUMBER,
            0.95,
            rf"\b(?i:fax|facsimile)(?:ed)?[ \t]*(?i:numbers?|no\.?|#|to|at|is|line)*[ \t:#]*(?P<value>{_ANY})(?!\d)",
        ),
        (
            "labelled",
            EntityType.PHONE_NUMBER,
            0.95,
            (
                rf"\b(?i:tele?(?:phone)?|phones?|ph|mobile|cell(?:ular)?|call(?:ed|ing|back)?|rings?|rang|phoned|contact|reach(?:ed|able)?|dial|text|home|work|office|whatsapp)\b\.?"
                rf"[ \t]*(?:(?i:me|him|her|them|us|the|clinic|office|patient|family|back|numbers?|no|phone|at|on|is|was|if|needed)\b\.?[ \t]*){{0,4}}[ \t:#(]*(?P<value>{_ANY})(?![\d/])"
            ),
        ),
        (
            "pager",
            EntityType.PHONE_NUMBER,
            0.9,
            r"\b(?i:pagers?|paged?|pgr|beeper|bleep|voicemail|vm|p)(?:[ \t]*(?i:numbers?|no\.?|at|is|me|id))*[ \t]*[:#]+[ \t]*(?P<value>\d[\d\-]{2,11})\b",
        ),
        (
            "paged_at",
            EntityType.PHONE_NUMBER,
            0.9,
            r"\b(?i:pagers?|paged?|pgr|beeper|bleep)(?:[ \t]+(?i:numbers?|no\.?|at|is|me))*[ \t]+(?P<value>\d{3,11}(?:-\d{4})?|\d{1,2}-\d{4})\b",
        ),
        (
            "badge_phone",  # telephones worn on a ward, by maker or by kind
            EntityType.PHONE_NUMBER,
            0.9,
            r"\b(?i:vocera|voalte|spectra(?:link)?|ascom|zone phone|wireless|portable|hot ?line|direct(?: line| dial)?|front desk|nurses?['’]? station|ward phone|switchboard|answering service|after[- ]hours|tie ?line)(?:[ \t]*(?i:phone|numbers?|no\.?|at|is|line|ext\.?|badge))*[ \t]*[:#]?[ \t]*(?P<value>\d[\d-]{2,11})(?![\w/%.]\d)\b",
        ),
        (
            "spelled_area_code",
            EntityType.PHONE_NUMBER,
            0.9,
            rf"\b(?P<value>(?i:{_DIGIT_WORD}(?:[ ,-]+{_DIGIT_WORD}){{2,}})[ \t,-]*\d{{3}}[-. \t]?\d{{4}})\b",
        ),
        (
            "spelled",
            EntityType.PHONE_NUMBER,
            0.8,
            rf"\b(?P<value>(?i:{_DIGIT_WORD}(?:[ ,-]+{_DIGIT_WORD}){{6,}}))\b",
        ),
        (
            "local_dotted",
            EntityType.PHONE_NUMBER,
            0.6,
            r"(?:(?<=\b(?i:or|and|at|to|on|call|phone|cell|home|work|is)[ \t])|(?<=\d[,;/][ \t])|(?<=[:(][ \t]?))(?P<value>[2-9]\d{2}\.\d{4})(?![\w%/]|\.\d|[ \t]?(?:m|n|u|μ|k)?(?:g|L|l|m|mol|Da|V|A|U)\b)",
        ),
        (
            "extension",
            EntityType.PHONE_NUMBER,
            0.9,
            r"\b(?i:ext\.?|extension)[ \t]*[:#]?[ \t]*(?P<value>\d{3,6})\b|(?<=\w{4}[ \t,]{1,2})\b(?i:ext\.?)[ \t]*[:#]?[ \t]*(?P<value>\d{2})(?=[ \t]*(?:[.,;)]|\r?\n|$))|(?<![\w./-])(?P<value>[xX]\d{4,6}|[xX]\d-\d{4})\b",
        ),
        (
            "north_american",
            EntityType.PHONE_NUMBER,
            0.9,
            rf"(?<![\w./-])(?P<value>{_LONG}{_EXTENSION})(?![\w/]|-\d)",
        ),
        (
            "international",
            EntityType.PHONE_NUMBER,
            0.9,
            rf"(?<![\w+])(?P<value>\+\d{{1,3}}[-. \t]?(?:\(\d{{1,4}}\)[-. \t]?)?\d{{1,5}}(?:[-. \t]\d{{2,5}}){{1,4}}{_EXTENSION})(?!\w)",
        ),
        (
            "trunk",  # with the zero that is dialled inside Britain, Ireland, New Zealand and others: "07700 900 214", "01 555 0133"
            EntityType.PHONE_NUMBER,
            0.8,
            r"(?<![\w./-])(?<!\d[ ])(?P<value>(?:0\d{4}[ ]\d{3}[ ]?\d{3}|0\d{2,3}[ ]\d{3}[ ]\d{4}|0\d[ ]\d{3,4}[ ]\d{4}|\(0\)\d{2,3}[ ]\d{3}[ ]\d{4}))(?![\w/%]|[.,]\d|[ ]\d)",
        ),
        (
            "local",
            EntityType.PHONE_NUMBER,
            0.7,
            r"(?<![\w./-])(?P<value>[2-9]\d{2}-\d{4})(?![\w/]|-\d|[ \t]?(?:mg|mcg|ml|units?|cal|k?cal|steps|mL|hours)\b)",
        ),
        (
            "email",  # any address, whether or not its domain is known to the public suffix list: hospitals have domains of their own
            EntityType.EMAIL_ADDRESS,
            1.0,
            r"(?<![\w.%+-])(?P<value>(?:\w[ \t](?=\w+[ \t]at[ \t][\w-]+[ \t]dot[ \t]))?(?:\w+[ \t]dot[ \t](?=[\w-]+[ \t]at[ \t]))?[\w.%+'-]+[ \t]?(?:@|\[at\]|\(at\)|[ \t]at[ \t](?=[\w-]+[ \t]dot[ \t]))[ \t]?(?=[\w.-]*\p{L})[\w-]+(?:(?:\.|[ \t]?\[dot\][ \t]?|[ \t]dot[ \t])[\w-]+)+)",
        ),
        (
            "address_with_port",
            EntityType.IP_ADDRESS,
            0.9,
            r"(?<![\w.])(?P<value>(?:\d{1,3}\.){3}\d{1,3}(?::\d{2,5}|/\d{1,2}))(?![\w.]\d)",
        ),
        (
            "local_email",
            EntityType.EMAIL_ADDRESS,
            0.9,
            r"\b(?i:e-?mail)[ \t]*(?i:address|is|at)?[ \t:]+(?P<value>[\w.+-]+@[\w.-]+\w)",
        ),
        (
            "url",
            EntityType.URL,
            1.0,
            r"(?P<value>\b(?i:https?|ftp|sftp)://[^\s<>\"]+[^\s<>\"'.,;:!?)\]}]|\b(?i:www)\d?\.[\w-]+\.[^\s<>\"]*[\w/])",
        ),
        (
            "domain",
            EntityType.URL,
            0.7,
            rf"(?<![\w.@/-])(?P<value>(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+(?:{_TOP_LEVEL})\b(?:/[^\s<>\"]*[\w/])?)(?![\w@-]|\.[A-Za-z])",
        ),
        (
            "misread",
            EntityType.PHONE_NUMBER,
            0.8,
            rf"(?<![\w./-])(?P<value>(?=(?:[()OoIlSB. -]*\d){{6}})(?=[\d().  -]*[OoIlSB])\(?{_SCANNED}{{3}}\)?[-. ]{{1,2}}{_SCANNED}{{3}}[-. ]{_SCANNED}{{4}})(?:[ \t,]*(?i:ext\.?|extension|x)[ \t.]*(?P<value>\d{{1,6}}))?(?!\w)",
        ),
        (
            "path",  # a domain of any kind with a path that no prose has
            EntityType.URL,
            0.7,
            r"(?<![\w.@/-])(?P<value>(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+(?:[a-z]{2,12})/(?=[^\s<>\"]*[\d?=&#_~-])[^\s<>\"]*[\w/])",
        ),
        (
            "handle",
            EntityType.UNIQUE_ID,
            0.7,
            r"(?<![\w.@/])(?P<value>@(?=\w*[\d_])[A-Za-z_]\w{2,30})(?![\w@]|\.\w)",
        ),
        (
            "user_name",  # "root_user_0", "delaneyfam_4", "u/NobodySawMe"
            EntityType.UNIQUE_ID,
            0.6,
            r"(?<![\w.@/:=])(?P<value>(?=\w*\d)[a-z][a-z0-9]{2,}(?:_[a-z0-9]+)*_[0-9]+|u/[A-Za-z][\w-]{2,20})(?![\w@=:]|\.\w)",
        ),
        (
            "named_handle",
            EntityType.UNIQUE_ID,
            0.9,
            r"\b(?i:twitter|instagram|tiktok|facebook|snapchat|linkedin|discord|twitch|youtube|handle|skype|reddit|streams as|posts as)[ \t:]+(?:(?i:is|handle|account|at)[ \t:]+)*[(]?(?P<value>@?(?=[\w.]*[\d_@])[\w.]{2,30}\w)",
        ),
    )
)


class ContactRecogniser(CuedRecogniser):
    """Numbers and addresses at which a person can be reached.

    Args:
        timeout_s: time for one pattern on one note, in seconds.
    """

    def __init__(self, timeout_s: float):
        super().__init__(PATTERNS, timeout_s)
