# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""Identifiers in Spanish notes: what labels, titles, streets, centres and the shapes of Spain's numbers give away.

The lists of names and towns are those of the English screen, which hold the Spanish ones too. Clinical Spanish has no
gate and no eponym filter of its own here: a name needs a cue, or two words of which the lists know the first.
"""

from presidio_analyzer import EntityRecognizer, LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    EsNieRecognizer,
    EsNifRecognizer,
    IbanRecognizer,
    IpRecognizer,
    UrlRecognizer,
)

from pipelines.screening.entities import EntityType
from pipelines.screening.gazetteer import fold, name_lists
from pipelines.screening.lexicon import words
from pipelines.screening.recognisers.pattern import CuedPattern, CuedRecogniser, result
from pipelines.screening.recognisers.phone_numbers import PhoneNumberRecogniser
from pipelines.screening.spans import Span
from pipelines.screening.towns import is_town

LANGUAGE = "es"

_WORD = r"(?:\p{Lu}\.[ªa]|\p{Lu}[\p{L}\p{M}'’-]*[.ª]?)"
_PARTICLE = r"(?:de(?: l[ao]s?)?|del|y|i|e|da|do|dos|la|von|van|al)"
_NAME = rf"(?P<value>{_WORD}(?:[ \t]+(?:{_PARTICLE}[ \t]+)?{_WORD}){{0,5}})"
_PROPER = rf"{_WORD}(?:[ \t]+(?:{_PARTICLE}[ \t]+|[“\"«])?{_WORD}[”\"»]?){{0,7}}"
_LOWER_NAME = r"(?P<value>[\p{L}\p{M}'’-]+(?:[ \t]+[\p{L}\p{M}'’-]+){0,4})"
_IS = r"[ \t]*[:.=]?[ \t]*"
_CODE = r"(?P<value>(?=(?:[\p{L}/ .-]{0,5}\d){3})[A-Za-z0-9](?:[A-Za-z0-9](?![\p{Ll}]{2})|[ ./-](?=[A-Z0-9])){2,24})(?![\p{L}\d])"

_MONTH = r"(?:ene(?:ro)?|feb(?:rero)?|mar(?:zo)?|abr(?:il)?|may(?:o)?|jun(?:io)?|jul(?:io)?|ago(?:sto)?|sep(?:t(?:iembre)?)?|setiembre|oct(?:ubre)?|nov(?:iembre)?|dic(?:iembre)?)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:(?:19|20)\d{2}|\d{2})"
_STREET = r"(?:calle|c/|avd?a?[.]?(?= )|avenida|plaza|pza?[.]?(?= )|pl[.]|plaça|paseo|p[º°][.]?|passeig|ctra[.]?|carretera|camino|ronda|travesía|urbanización|urb[.]|polígono|rambla|glorieta|callejón|gran vía|carrer|barrio|bulevar|alameda|autovía|apartado de correos|edificio)"
_CENTRE = r"(?:hospital(?:es)?|h\.(?=[ ]?[\p{Lu}])|clínica|cl[ií]nic|sanatorio|centro(?: de salud| médico| hospitalario| nacional| de especialidades| sociosanitario)?|ambulatorio|complejo(?: hospitalario| asistencial)?|policlínic[ao]|residencia|fundaci[óo]n?|instituto?|institut|consorci[oa]|mutua|maternidad|universidad|facultad|colegio|corporaci[óo]n?|laboratorios?|c\.?s\.|chu[acs]?\b|parc)"


def _patterns() -> list[CuedPattern]:
    person, place, number = EntityType.PERSON.value, EntityType.LOCATION.value, EntityType.UNIQUE_ID.value
    labelled = [
        (
            EntityType.MEDICAL_RECORD_NUMBER,
            r"n\.?h\.?c\.?|h\.?c\.?(?= ?:)|(?:n[ºo°.]*|número)? ?(?:de )?historia(?: clínica)?|historial|id(?:entificación)? (?:del )?paciente",
        ),
        (
            EntityType.HEALTH_PLAN_NUMBER,
            r"n\.?a\.?s\.?s\.?|n\.?s\.?s\.?|(?:n[ºo°.]*|número)? ?(?:de )?(?:la )?(?:afiliación|seguridad social|s\. ?s\.|póliza|tarjeta sanitaria)|c\.?i\.?p\.?a?|s\.?i\.?p|t\.?s\.?i|cipsns",
        ),
        (
            EntityType.LICENSE_NUMBER,
            r"n[ºo°.]* ?(?:de )?col(?:\.|egiad[oa])?|colegiad[oa](?: n[ºo°.]*)?|c\.?p\.?m|pasaporte|carn[eé](?: de conducir)?",
        ),
        (
            EntityType.UNIQUE_ID,
            r"(?:n[ºo°.]*|número)? ?(?:de )?(?:episodio|contacto|proceso|expediente|solicitud|petición|muestra|informe|registro|biopsia)|episodio|d\.?n\.?i\.?|n\.?i\.?f\.?|n\.?i\.?e\.?|documento",
        ),
        (EntityType.ACCOUNT_NUMBER, r"(?:n[ºo°.]*|número)? ?(?:de )?(?:cuenta|factura)|iban|ccc"),
        (EntityType.DEVICE_ID, r"(?:n[ºo°.]*|número) ?(?:de )?(?:serie|lote)|lote|s/n(?= ?:)"),
        (EntityType.VEHICLE_ID, r"matrícula|bastidor"),
    ]
    return [
        CuedPattern(
            name="name_label",
            entity_type=person,
            expression=rf"(?<!\p{{L}})(?i:nombre(?:s)?(?: y apellidos?)?|(?:primer |segundo |1er |2º )?apellidos?|(?<!del )paciente|médic[oa](?: responsable| adjunto| peticionario)?|facultativ[oa]|enfermer[oa]|responsable(?: cl[ií]nico)?|(?:r?emitido|firmado|informado)(?: por)?|fdo\.?|para correspondencia|autor(?:es)?|solicitante|contacto|tutor(?:a)?|cuidador(?:a)?|familiar|cirujan[oa]|anestesista|residente)[ \t]*:[ \t]*(?:(?i:dr(?:a)?s?[.:]?|d\.|dña\.|don|doña)[ \t]*)?{_NAME}",
            refine=_no_opening,
        ),
        CuedPattern(
            name="name_label_lower",
            entity_type=person,
            expression=rf"^[ \t]*(?i:nombre|apellidos?|nombre y apellidos)[ \t]*:[ \t]*{_LOWER_NAME}",
        ),
        CuedPattern(
            name="title",
            entity_type=person,
            expression=rf"(?<!\p{{L}})(?:(?i:dr(?:a)?s?\.|d[rñ]a?\.?ª?|prof(?:a|esora?)?\.?|sra?\.|srta\.)|Dres?\.?|DR(?:A)?\.?|D\.[ªa]?|Dña\.?|Don|Doña|don|doña|doctora?|Doctora?|señora?|Señora?)[ \t]*{_NAME}",
        ),
        CuedPattern(
            name="signed_by",
            entity_type=person,
            expression=rf"(?i:remitido por|correspondencia|firmado|fdo)[ \t]*[:.]?[ \t]*\r?\n[ \t]*(?:(?i:dr(?:a)?\.?)[ \t]*)?{_NAME}",
        ),
        CuedPattern(
            name="relative",
            entity_type=person,
            expression=rf"(?i:su (?:madre|padre|herman[oa]|hij[oa]|espos[oa]|marido|mujer|pareja|ti[oa]|abuel[oa]|vecin[oa]|cuidadora?)|llamad[oa]|acompañad[oa] (?:de|por))[ \t]*,?[ \t]*(?-i:{_NAME})",
            score=0.7,
            refine=_listed,
        ),
        CuedPattern(
            name="name_and_address",
            entity_type=person,
            expression=rf"^[ \t]*{_NAME}(?=[ \t]*[.,;]?[ \t]*\r?\n?[ \t]*(?i:servicio de|departamento|unidad de|hospital|clínica|{_STREET}[ \t]))",
            score=0.7,
            refine=_listed,
        ),
        CuedPattern(
            name="street",
            entity_type=place,
            expression=rf"(?<![\p{{L}}/])(?P<value>(?i:{_STREET})[ \t]*(?:(?:de|del|la|el|los|las|l['’])[ \t]+){{0,2}}(?:(?<=(?i:calle|c/)[ \t]*)\p{{L}}|[\p{{Lu}}\d])[\p{{L}}\p{{M}}'’.ºª-]*(?:[ \t]+[\p{{L}}\p{{M}}\d'’.ºª-]+){{0,6}}?(?:[ \t]*,?[ \t]*(?:(?i:n[º°o.]*|núm\.?)[ \t]*)?(?:\d{{1,4}}(?:[ \t]*[-/][ \t]*\d{{1,4}})?|(?i:s/n))\b(?:[ \t]*[,.-]?[ \t]*(?:\d{{1,2}}[ºª°.o]{{0,2}}[ \t]*(?:-[ \t]*\d|[A-Z])?\b|\p{{Lu}}\d?\b(?![.]?[ ]?\p{{Ll}})|(?i:bajo|ático|esc(?:alera)?\.?|izq(?:da|uierda)?\.?|d(?:e?re?)?cha\.?|piso|puerta|planta|bloque|portal|pta\.?)[ \t]*\w{{0,3}}))*)?)(?=[ \t]*(?:[.,;()]|\r?\n|$|(?:-[ \t]*)?\d{{5}}))",
            refine=_no_acuity,
        ),
        CuedPattern(
            name="home",
            entity_type=place,
            expression=r"(?<!\p{L})(?i:domicilio|dirección(?: postal)?|localidad(?:[ \t]*/[ \t]*provincia)?|provincia|municipio|población|ciudad|lugar de nacimiento|residencia habitual)[ \t]*:[ \t]*(?P<value>[^\r\n]{2,80}?)(?=[ \t]*\.?[ \t]*(?:\r?\n|$)|[ \t]+(?i:cp|c\.p\.|país)[ \t]*[.:])",
        ),
        CuedPattern(
            name="postcode",
            entity_type=place,
            expression=rf"(?<!\p{{L}})(?i:c\.?p\.?|código postal)[ \t]*[:.]?[ \t]*(?P<value>\d{{5}})\b(?:[ \t]*[.,-]?[ \t]*\(?(?P<value>{_PROPER})\)?)?",
        ),
        CuedPattern(
            name="postcode_town",
            entity_type=place,
            expression=rf"(?<![\d.,/-])(?P<value>(?:E-?)?(?:0[1-9]|[1-4]\d|5[0-2])\d{{3}})[ \t]*[.,-]?[ \t]*\(?(?P<value>{_PROPER})",
        ),
        CuedPattern(
            name="town_cue",
            entity_type=place,
            expression=rf"(?i:natural de|procedente de|nacid[oa] en|reside(?:nte)? en|vive en|vecin[oa] de|trasladad[oa] (?:a|desde)|viaj[eoó] (?:a|por)|viajado (?:a|por)|provincia de|localidad de|ciudad de|pueblo de|municipio de)[ \t]+(?-i:(?P<value>{_PROPER}))",
        ),
        CuedPattern(
            name="listed_town",
            entity_type=place,
            expression=rf"(?:(?<=[,.(-][ \t]?)|(?<=\b(?:en|de|a|desde)[ \t]))(?P<value>{_PROPER})(?=[ \t]*(?:[.,;)(]|\r?\n|$))",
            score=0.6,
            refine=_town,
        ),
        CuedPattern(
            name="centre",
            entity_type=EntityType.FACILITY.value,
            expression=rf"(?<!\p{{L}})(?P<value>(?i:{_CENTRE})[ \t]+(?:(?:de|del|la|el|los|las|d['’]|l['’]|san|santa|para|y|universitari[oa]|general|clínico|comarcal|regional|provincial|infantil|materno)[ \t]+){{0,4}}[“\"«]?{_PROPER})",
        ),
        CuedPattern(
            name="date",
            entity_type=EntityType.DATE_TIME.value,
            expression=rf"(?<![\d.,/-])(?P<value>{_DAY}([/.-])(?:0?[1-9]|1[0-2])\2{_YEAR}|(?:19|20)\d{{2}}([/.-])(?:0?[1-9]|1[0-2])\3{_DAY})(?![\d/-])",
        ),
        CuedPattern(
            name="date_words",
            entity_type=EntityType.DATE_TIME.value,
            expression=rf"(?<![\p{{L}}\d])(?P<value>(?i:(?:{_DAY}|primero|uno)[ \t]*(?:de[ \t]+|[/-])?{_MONTH}\b\.?(?:[ \t]*(?:del?(?: año)?|[/,-])?[ \t]*{_YEAR}\b)?))",
        ),
        CuedPattern(
            name="month_year",
            entity_type=EntityType.DATE_TIME.value,
            expression=rf"(?<!\p{{L}})(?P<value>(?i:{_MONTH})\.?[ \t]*(?:(?i:del?(?: año)?)[ \t]+|[/-]|,[ \t]*)?(?:19|20)\d{{2}})\b",
        ),
        CuedPattern(
            name="month",
            entity_type=EntityType.DATE_TIME.value,
            expression=r"(?<=\b(?i:en|de|desde|hasta|mes de|finales de|principios de|mediados de)[ \t])(?P<value>enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre)(?!\p{L})",
        ),
        CuedPattern(
            name="age",
            entity_type=EntityType.AGE_OVER_89.value,
            expression=r"(?<![\d.,])(?P<value>(?:9\d|1[0-2]\d))(?=[ \t]*(?i:años?)(?!\p{L}))|(?i:edad)[ \t]*:?[ \t]*(?P<value>9\d|1[0-2]\d)\b|(?<!\p{L})(?P<value>(?i:noventa(?: y \p{L}+)?|cien(?:to \p{L}+)?))(?=[ \t]+(?i:años?))|(?<!\p{L})(?P<value>(?i:nonagenari[oa]|centenari[oa]))(?!\p{L})",
        ),
        CuedPattern(
            name="phone",
            entity_type=EntityType.PHONE_NUMBER.value,
            expression=r"(?<!\p{L})(?i:tel(?:[ée]f(?:ono)?s?)?\.?|tlfn?o?s?\.?|tf(?:no|n)?s?\.?|móvil|busca|teléfonos?|extensión|ext\.?)[ \t]*(?:de contacto)?[ \t]*[.:]?[ \t]*(?P<value>[+(]{0,2}[ ]?\d[\d ().-]{3,18}\d)",
        ),
        CuedPattern(
            name="bare_phone",
            entity_type=EntityType.PHONE_NUMBER.value,
            expression=r"(?<![\d.,/-])(?P<value>(?:(?:\+|00)?34[ -]{0,2})?[6789]\d{2}(?:[ .-]?\d{3}){2}|(?:(?:\+|00)?34[ -]{0,2})?[6789]\d{2}(?:[ .-]?\d{2}){3}|(?:(?:\+|00)34[ -]{0,2})\d{2}[ .-]?\d{3}[ .-]?\d{2}[ .-]?\d{2})(?![\d/]|[ ]?(?:mm|mg|ml|U/|/))",
            score=0.6,
        ),
        CuedPattern(
            name="fax",
            entity_type=EntityType.FAX_NUMBER.value,
            expression=r"(?i:fax)[ \t]*[.:]?[ \t]*(?P<value>[+(]{0,2}[ ]?\d[\d ().-]{5,18}\d)",
        ),
        CuedPattern(
            name="email",
            entity_type=EntityType.EMAIL_ADDRESS.value,
            expression=r"(?P<value>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)",
        ),
        CuedPattern(
            name="social_security",
            entity_type=EntityType.HEALTH_PLAN_NUMBER.value,
            expression=r"(?<!\d)(?P<value>\d{2}[ /-]?\d{8}[ /-]?\d{2})(?!\d)",
            score=0.7,
        ),
        CuedPattern(
            name="collegiate",
            entity_type=EntityType.LICENSE_NUMBER.value,
            expression=r"(?<!\d)(?P<value>\d{2}[ ]\d{2}[ ]\d{5})(?!\d)",
            score=0.7,
        ),
        CuedPattern(
            name="long_number",
            entity_type=number,
            expression=r"(?<![\p{L}\d.,/-])(?P<value>\d{7,12}[A-Z]?)(?![\p{L}\d]|[.,/]\d|[ ]?(?:/|U\b|copias|células))",
            score=0.6,
        ),
        *(
            CuedPattern(
                name=f"{kind.lower()}_label",
                entity_type=kind.value,
                expression=rf"(?<!\p{{L}})(?i:{labels})(?!\p{{L}}){_IS}(?i:n[ºo°.]*[ \t]*)?{_CODE}",
            )
            for kind, labels in labelled
        ),
    ]


def _no_opening(text: str, span: Span) -> Span | None:
    """ "Informe clínico del paciente: Mujer de 40 años" begins a sentence: one word that no list of names has."""
    value = text[slice(*span)].split()
    follows_on = text[span[1] : span[1] + 2].lstrip()[:1].islower()
    return None if len(value) == 1 and follows_on and not _is_name(value[0]) else span


def _is_name(word: str) -> bool:
    lists, folded = name_lists(), fold(word.rstrip("."))
    return folded in lists.given or folded in lists.family


def _listed(text: str, span: Span) -> Span | None:
    """Names of which the lists know a word; an institution's name is none."""
    return span if any(_is_name(word) for word in text[slice(*span)].split()) else None


def _town(text: str, span: Span) -> Span | None:
    """Refuse abbreviations, "(OI)", and eponyms, "signo de Vincent"."""
    value = text[slice(*span)]
    known = is_town(value) and not value.isupper() and fold(value) not in words("eponyms")
    return span if known else None


def _no_acuity(text: str, span: Span) -> Span | None:
    """Refuse visual acuity, "AV de 0,6", and lone letters, "F.C.F."."""
    value = text[slice(*span)]
    return None if value.startswith("AV de ") or value.lower().startswith(("c.c", "c.r")) else span


class SpanishRecogniser(CuedRecogniser):
    """Patterns of Spanish notes."""

    def __init__(self, timeout_s: float):
        super().__init__(_patterns(), timeout_s)


class SpanishNameRecogniser(LocalRecognizer):
    """Persons that the NLP model finds: two words or more, the first a listed given name, which no heading is."""

    def __init__(self) -> None:
        super().__init__(supported_entities=[EntityType.PERSON.value], name=type(self).__name__)

    def load(self) -> None:
        """Nothing to load: the engine holds the model."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Findings among the tagged entities.

        Raises:
            ValueError: the text was not tagged. Without the model names would pass unseen.
        """
        if nlp_artifacts is None:
            raise ValueError("SpanishNameRecogniser needs the NLP engine's artifacts")
        found = []
        for entity, score in zip(nlp_artifacts.entities, nlp_artifacts.scores, strict=True):
            parts = text[entity.start_char : entity.end_char].split()
            is_person = len(parts) > 1 and fold(parts[0]) in name_lists().given and parts[-1][:1].isupper()
            if entity.label_ == EntityType.PERSON and is_person:
                found.append(
                    result(EntityType.PERSON.value, (entity.start_char, entity.end_char), score, self.name, self.id)
                )
        return found


def spanish_recognisers(timeout_s: float) -> list[EntityRecognizer]:
    """Every recogniser of the screen for Spanish notes.

    Args:
        timeout_s: time for one of our patterns on one note, in seconds.
    """
    recognisers: list[EntityRecognizer] = [
        SpanishRecogniser(timeout_s),
        SpanishNameRecogniser(),
        PhoneNumberRecogniser(supported_regions=("ES",), name=PhoneNumberRecogniser.__name__),
        EsNifRecognizer(),
        EsNieRecognizer(),
        UrlRecognizer(),
        IpRecognizer(),
        CreditCardRecognizer(),
        IbanRecognizer(),
    ]
    for recogniser in recognisers:
        recogniser.supported_language = LANGUAGE
    return recognisers
