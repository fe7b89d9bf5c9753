"""Numbers as people read them, always with their unit and never wider than eight characters."""

from __future__ import annotations

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_DECIMAL = ("", "k", "M", "G", "T", "P")

NOTHING = "-"
"""What stands where a value is not known."""


def size(count: int | None) -> str:
    """Bytes of memory or disk: `512 MiB`, `1.5 GiB`."""
    if count is None:
        return NOTHING
    value, power = float(count), 0
    while value >= 999.5 and power < len(_BINARY) - 1:
        value, power = value / 1024, power + 1
    return f"{_short(value, power)} {_BINARY[power]}"


def traffic(per_second: float | None) -> str:
    """Bytes per second, decimal as line rates are: `12 kB/s`, `1.2 MB/s`."""
    if per_second is None:
        return NOTHING
    value, power = _scale(per_second)
    return f"{_short(value, power)} {_DECIMAL[power]}B/s"


def bits(per_second: int | None) -> str:
    """A link's speed: `10 Gb/s`."""
    if per_second is None:
        return NOTHING
    value, power = _scale(per_second)
    return f"{_short(value, power)} {_DECIMAL[power]}b/s"


def frequency(count: float | None) -> str:
    """Events per second: `250/s`, `12 k/s`; below ten with one decimal, and never zero for some."""
    if count is None:
        return NOTHING
    if 0 < count < 0.05:
        return "<0.1/s"
    if 0 < count < 9.95:
        return f"{count:.1f}/s"
    value, power = _scale(count)
    return f"{_short(value, power)}{' ' if power else ''}{_DECIMAL[power]}/s"


def hertz(count: int | None) -> str:
    """A clock: `2.4 GHz`."""
    if count is None:
        return NOTHING
    value, power = _scale(count)
    return f"{_short(value, power)} {_DECIMAL[power]}Hz"


def percent(cpus: float | None) -> str:
    """A load in CPUs as per cent of one: `0 %`, `153 %`."""
    return NOTHING if cpus is None else f"{cpus * 100:.0f} %"


def duration(seconds: float | None) -> str:
    """A span, coarse on purpose so that it seldom changes: `12 s`, `5 min`, `3 h`, `12 d`."""
    if seconds is None:
        return NOTHING
    for limit, unit, name in ((100, 1, "s"), (6000, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{seconds // unit:.0f} {name}"
    return f"{seconds // 86400:.0f} d"


def _scale(value: float) -> tuple[float, int]:
    power = 0
    while value >= 999.5 and power < len(_DECIMAL) - 1:
        value, power = value / 1000, power + 1
    return value, power


def _short(value: float, power: int) -> str:
    return f"{value:.1f}".removesuffix(".0") if power and value < 9.95 else f"{value:.0f}"
