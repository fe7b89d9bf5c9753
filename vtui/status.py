"""What became of each backend, in words: for `vtui status` and for the screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vtui import units
from vtui.cpuset import format_list
from vtui.model import (
    Cpus,
    Criu,
    Host,
    Interrupts,
    Irqbalance,
)
from vtui.reading import Absent, Failed, Reading, Ready
from vtui.views import VIEWS


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """One backend after a read."""

    name: str
    state: str
    """ready, absent (not there, or not for this user), failed (there, and does not answer), waiting."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many things of each kind it knows; empty unless ready."""
    version: str = ""
    detail: str = ""
    """What else is to be said of a ready one, e.g. what could not be read."""
    reason: str = ""
    """Why it is not ready."""
    hint: str = ""
    """What to type to make it ready."""


def statuses(host: Host) -> list[BackendStatus]:
    """All backends, in their order."""
    return [_status(name, reading) for name, reading in host.readings.items()]


def totals(found: Sequence[BackendStatus]) -> dict[str, int | None]:
    """How many things of each kind there are; None when no backend that knows of them is ready."""
    sums: dict[str, int | None] = dict.fromkeys(VIEWS)
    for status in found:
        for plural, count in status.counts.items():
            sums[plural] = (sums[plural] or 0) + count
    return sums


def summary(found: Sequence[BackendStatus]) -> list[tuple[str, str, str, str]]:
    """Rows of name, state, counts or reason, and hint."""
    return [
        ("BACKEND", "STATE", "WHAT", ""),
        *((one.name, one.state, one.reason or _knows(one), one.hint) for one in found),
    ]


def _knows(one: BackendStatus) -> str:
    counts = ", ".join(
        f"{count} {plural if count != 1 else VIEWS[plural].kind}"
        for plural, count in one.counts.items()
    )
    version = f"version {one.version}" if one.version else ""
    return ", ".join(word for word in (counts, version, one.detail) if word)


def _status(name: str, reading: Reading[object]) -> BackendStatus:
    match reading:
        case Ready(value=value):
            return BackendStatus(
                name,
                "ready",
                _counts(value),
                version=getattr(value, "version", ""),
                detail=_detail(value),
            )
        case Absent(reason=reason, hint=hint):
            return BackendStatus(name, "absent", reason=reason, hint=hint)
        case Failed(error=error, hint=hint):
            return BackendStatus(name, "failed", reason=error, hint=hint)
        case _:
            return BackendStatus(name, "waiting")


def _counts(value: object) -> dict[str, int]:
    return {plural: len(getattr(value, plural)) for plural in VIEWS if hasattr(value, plural)}


def _detail(value: object) -> str:
    match value:
        case Interrupts(partial=partial) | Cpus(partial=partial):
            return partial
        case Irqbalance():
            return _irqbalance(value)
        case Criu():
            return value.detail or ("can checkpoint" if value.able else "cannot checkpoint")
        case _:
            return ""


def _irqbalance(daemon: Irqbalance) -> str:
    words = [f"pid {daemon.pid}"]
    if daemon.interval is not None:
        words.append(f"every {units.duration(daemon.interval)}")
    if daemon.banned_cpus:
        words.append(f"keeps off CPU {format_list(daemon.banned_cpus)}")
    if daemon.banned_irqs:
        words.append(f"leaves IRQ {format_list(daemon.banned_irqs)} alone")
    return ", ".join(words)
