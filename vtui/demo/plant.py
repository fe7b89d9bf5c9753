"""The simulated plant: its tables (package data), its time, and who runs when.

Everything is a function of `at`, the seconds since the simulated host booted.
"""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from vtui.demo import wave

UPTIME = 9 * 86_400
"""Seconds the host was up already when the clock stood at zero."""

CYCLE = 80.0
"""Seconds in which each guest that comes and goes runs for one half."""

Table = dict[str, Any]
"""What one of the TOML files holds."""


@dataclass(frozen=True, slots=True)
class Time:
    """The plant's time, driven by a clock in seconds; `boot` in seconds since the epoch."""

    clock: Callable[[], float]
    boot: float

    @classmethod
    def starting(cls, clock: Callable[[], float], now: Callable[[], float]) -> Time:
        """A host that by the wall clock `now` was UPTIME old when `clock` stood at zero."""
        return cls(clock, float(round(now() - clock()) - UPTIME))

    def at(self) -> float:
        """Seconds since boot."""
        return UPTIME + self.clock()


def data(name: str) -> Path:
    """The path of a file of package data."""
    return Path(__file__).with_name(name)


@cache
def table(name: str) -> Table:
    """A TOML file of package data; treat it as read only."""
    return tomllib.loads(data(f"{name}.toml").read_text())


def identity(name: str) -> str:
    """A UUID that is the same everywhere; guests.xml has those of its guests."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.rt-node-07.example"))


def since(guest: str, at: float) -> float | None:
    """When the guest's present run began by the plant's schedule, None while it is off."""
    row = table("guests").get(guest, {})
    if "shift" in row:
        into = (at - row["shift"]) % CYCLE
        return float(round(at - into)) if into < CYCLE / 2 else None
    return None if row.get("off") else 0.0


def counted(mean: float, name: str, at: float, began: float = 0.0) -> int:
    """A counter that stood at zero when its owner began."""
    return int(wave.total(mean, name, at)) - int(wave.total(mean, name, began))


def traffic(interface: str, at: float, began: float = 0.0) -> dict[str, int]:
    """An interface's counters by OVSDB's names, as the host sees it."""
    rates = table("network")["traffic"].get(interface)
    if rates is None:
        return {}
    rx, tx, size, dropped = rates
    received = counted(rx, f"{interface} rx", at, began)
    sent = counted(tx, f"{interface} tx", at, began)
    return {
        "rx_bytes": received,
        "tx_bytes": sent,
        "rx_packets": received // size,
        "tx_packets": sent // size,
        "rx_errors": 0,
        "tx_errors": 0,
        "rx_dropped": 0,
        "tx_dropped": counted(dropped, f"{interface} dropped", at, began),
    }
