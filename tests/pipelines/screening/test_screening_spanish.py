# ruff: noqa: E501  (the lines of a note are as long as they are)
"""Spanish notes are screened by configuration."""

import importlib.util

import pytest

from pipelines.screening.policy import ScreeningConfig
from pipelines.screening.screener import Screener
from schemas.errors import ConfigError

MODEL = "es_core_news_sm"
NOTE = (
    "Nombre: Nerea\nApellidos: Ibarrola Quesada\nNHC: 4471902\nNASS: 31 55420918 07\nDomicilio: Calle de los Olmos, 14, 2º B\n"
    "Localidad/ Provincia: Estella (Navarra)\nCP: 31200\nFecha de nacimiento: 08/02/1949\nMédico: Dr. Unai Goñi Larrea  NºCol: 31 31 20417\n"
    "Mujer que ingresa el 3 de mayo de 2018 desde el Hospital San Telmo por disnea. Su hermana Ainhoa Ibarrola avisó al 948 550 127. "
    "Nerea vive con ella. Remitida por la Dra. M. Etxarri, metxarri@ejemplo.es."
)
IDENTIFIERS = [
    *(
        "Nerea",
        "Ibarrola Quesada",
        "4471902",
        "31 55420918 07",
        "Calle de los Olmos, 14, 2º B",
        "Estella",
        "31200",
        "08/02/1949",
    ),
    *(
        "Unai Goñi Larrea",
        "31 31 20417",
        "3 de mayo de 2018",
        "Hospital San Telmo",
        "Ainhoa Ibarrola",
        "948 550 127",
        "Nerea vive",
    ),
    *("Etxarri", "metxarri@ejemplo.es"),
]
CLEAN = [
    "Enfermedad de Crohn en tratamiento con azatioprina 50 mg cada 12 horas; hemoglobina 11,2 g/dl, leucocitos 8.400/mm3.",
    "AV de 0,6 en OD. Maniobra de Valsalva sin cambios. Carcinoma de células claras, Gleason 7 (3+4), pT2N0M0.",
    "Mujer de 54 años que en 2009 fue intervenida de una hernia. Signo de Murphy negativo.",
]


def test_a_spanish_note_needs_a_spanish_model() -> None:
    with pytest.raises(ConfigError, match="nlp_model"):
        ScreeningConfig(language="es")


@pytest.fixture(scope="module")
def screener() -> Screener:
    if importlib.util.find_spec(MODEL) is None:
        pytest.skip(f"{MODEL} is not installed: requirements/spanish.txt")
    return Screener(ScreeningConfig(language="es", nlp_model=MODEL), b"0" * 32)


def test_identifiers_of_a_spanish_note_are_found(screener: Screener) -> None:
    (findings,) = screener.find([NOTE])
    assert findings is not None
    missed = []
    for value in IDENTIFIERS:
        start = NOTE.index(value)
        end = start + len(value.removesuffix(" vive"))
        hidden = {i for finding in findings for i in range(finding.start, finding.end)}
        if not all(i in hidden for i in range(start, end) if NOTE[i].isalnum()):
            missed.append(value)
    assert missed == []


def test_clinical_spanish_stays(screener: Screener) -> None:
    assert screener.find(CLEAN) == [[], [], []]
