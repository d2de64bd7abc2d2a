"""Numbers as readers see them; a dash where there is none."""

from datetime import UTC, datetime

NONE = "–"
_MINUS = "\u2212"


def count(value: int | None) -> str:
    """12345 → "12,345"."""
    return NONE if value is None else f"{value:,}"


def number(value: float | None) -> str:
    """0.12345 → "0.123"."""
    return NONE if value is None else f"{value:z.3f}".replace("-", _MINUS)


def signed(value: float | None) -> str:
    """0.12345 → "+0.123"; zero has no sign."""
    if value is None:
        return NONE
    rounded = f"{value:+.3f}"
    return "0.000" if float(rounded) == 0 else rounded.replace("-", _MINUS)


def percent(value: float | None) -> str:
    """0.1234 → "12.3 %"."""
    return NONE if value is None else f"{100 * value:.1f} %"


def p_value(value: float | None) -> str:
    """0.0001 → "< 0.001"."""
    if value is None:
        return NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def setting(value: object) -> str:
    """0.0000123 → "1.23e-05"; whatever is no float as it is."""
    if value is None:
        return NONE
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """3725 → "1 h 2 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def moment(iso: str) -> str:
    """ "2026-03-01T09:30:12+00:00" → "2026-03-01 09:30 UTC"."""
    return datetime.fromisoformat(iso).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
