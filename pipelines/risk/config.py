"""Settings of the re-identification risk: which attributes count, from which class size on a patient is safe."""

from dataclasses import dataclass

from schemas.errors import ConfigError
from schemas.risk import Attribute

# Safe Harbor lets no age above 89 stand: 45 CFR 164.514(b)(2)(i)(C).
TOP_AGE = 90


@dataclass(frozen=True, kw_only=True)
class RiskConfig:
    """Settings of the risk assessment.

    The Privacy Rule asks for a "very small" risk (45 CFR 164.514(b)(1)) and names no number. The defaults are
    conventions, and an expert who signs a determination may ask for others.

    Attributes:
        act: carry out what the assessment decides; without, it is reported only. In a small data set nearly every
            patient is in a small class, and acting on all costs much of its use.
        min_k: smallest class of patients with the same combination that may stand. 11 is the smallest cell that the
            Centers for Medicare & Medicaid Services let be published, and gives a highest risk of 1/11 = 0.09.
        max_mean_risk: mean of 1/k over patients beyond which the report warns. 0.04 is a stricter convention for the
            chance that a record drawn at random is matched.
        age_band_years: width of the bands in which ages are compared.
        wide_age_band_years: width of the bands that ages are generalised to, a multiple of the other.
        population: people from whom the patients came, as a hospital's catchment area; null where that is not known,
            and then nothing is said of the population.
        attributes: those that an attacker is taken to know.

    Raises:
        ConfigError: a value is out of its range.
    """

    act: bool = False
    min_k: int = 11
    max_mean_risk: float = 0.04
    age_band_years: int = 5
    wide_age_band_years: int = 10
    population: int | None = None
    attributes: tuple[Attribute, ...] = tuple(Attribute)

    def __post_init__(self) -> None:
        if self.min_k < 2:
            raise ConfigError(f"risk.min_k is {self.min_k}: give at least 2")
        if not 0 < self.max_mean_risk <= 1:
            raise ConfigError(f"risk.max_mean_risk is {self.max_mean_risk}: give a share above 0, up to 1")
        if self.age_band_years < 1 or TOP_AGE % self.age_band_years:
            raise ConfigError(f"risk.age_band_years is {self.age_band_years}: give a divisor of {TOP_AGE}, as 5")
        wide = self.wide_age_band_years
        if wide <= self.age_band_years or wide % self.age_band_years or TOP_AGE % wide:
            raise ConfigError(
                f"risk.wide_age_band_years is {wide}: give a divisor of {TOP_AGE} that is a multiple of "
                f"risk.age_band_years, {self.age_band_years}, and larger"
            )
        if self.population is not None and self.population < self.min_k:
            raise ConfigError(f"risk.population is {self.population}: give the number of people, or null")
        if not self.attributes:
            raise ConfigError(f"risk.attributes is empty: name some of {', '.join(Attribute)}")


def band_start(age: int, width: int) -> int:
    """The lowest age of the band of an age, in years."""
    return min(age, TOP_AGE) // width * width


def age_band(age: int, width: int) -> str:
    """The band of an age in years: "60-69" of 67 with a width of 10, and "90+" from 90 on."""
    low = band_start(age, width)
    if low == TOP_AGE:
        return f"{TOP_AGE}+"
    return f"{low}-{low + width - 1}" if width > 1 else str(low)
