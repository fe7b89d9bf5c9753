"""Numbers that live: pure functions of time for counters and gauges.

A rate wobbles about its mean as a sum of slow sines whose phases come from the counter's name, so
equal names and times give equal values on every machine. Counters are the exact integral of their
rate, which never turns negative: they only grow.
"""

from __future__ import annotations

import math
import zlib
from functools import lru_cache

_SINES = ((7.0, 0.24), (19.0, 0.20), (53.0, 0.22))
"""(period in seconds, share of the mean); the shares together stay below 1."""

_SWING = sum(share for _, share in _SINES)


def total(mean: float, name: str, at: float) -> float:
    """What a counter of `mean` per second has counted from time 0 to `at` seconds."""
    return mean * (at + _swung(name, at))


def busy(mean: float, name: str, at: float) -> float:
    """The same for a share of one CPU, 0 to 1: it wobbles only as far as 0 and 1 allow."""
    room = min(mean, 1.0 - mean)
    return mean * at + room * _swung(name, at)


def gauge(low: float, high: float, name: str, at: float) -> float:
    """A level that drifts between `low` and `high`."""
    wave = sum(
        share * math.sin(math.tau * at / period + phase)
        for (period, share), phase in zip(_SINES, _phases(name), strict=True)
    )
    return low + (high - low) * (0.5 + 0.5 * wave / _SWING)


def _swung(name: str, at: float) -> float:
    """The integral of the wobble alone, 0 at time 0."""
    return sum(
        share * period / math.tau * (math.cos(phase) - math.cos(math.tau * at / period + phase))
        for (period, share), phase in zip(_SINES, _phases(name), strict=True)
    )


@lru_cache(maxsize=4096)
def _phases(name: str) -> tuple[float, ...]:
    seed = zlib.crc32(name.encode())
    return tuple(math.tau * ((seed >> shift) % 1024) / 1024 for shift in (0, 10, 20))
