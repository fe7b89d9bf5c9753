"""What happened between two snapshots, in words: the log screen's source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vtui.cpuset import CpuSet, format_list
from vtui.diff import diff
from vtui.find import Thing, name_of
from vtui.model import (
    Container,
    Containers,
    Cpu,
    Cpus,
    Domain,
    Domains,
    Host,
    Interrupts,
    Irq,
    Link,
    Links,
    OpenVSwitch,
    Port,
    Ref,
)
from vtui.reading import Absent, Failed, Reading, Ready


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log; `at` is seconds since the epoch, `thing` what it is about."""

    ref: Ref
    at: float
    text: str
    bad: bool = False
    thing: Ref | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change in words."""

    text: str
    bad: bool = False
    thing: Ref | None = None


def changes(old: Host, new: Host) -> Iterator[Change]:
    """What came, went or changed; silent about things first seen when their backend became ready."""
    for name, reading in new.readings.items():
        before = old.readings.get(name)
        yield from _availability(name, before, reading)
        if (
            isinstance(before, Ready)
            and isinstance(reading, Ready)
            and before.value is not reading.value
        ):
            yield from _things(before.value, reading.value)


def _availability(
    name: str, before: Reading[object] | None, now: Reading[object]
) -> Iterator[Change]:
    match before, now:
        case ((Failed() | Absent()), Ready()):
            yield Change(f"{name}: answers again")
        case Failed(error=same), Failed(error=error) if same == error:
            return
        case _, Failed(error=error):
            yield Change(f"{name}: {error}", bad=True)
        case Ready(), Absent(reason=reason):
            yield Change(f"{name}: {reason}", bad=True)
        case _:
            return


def _things(before: object, now: object) -> Iterator[Change]:
    for old, new in zip(_items(before), _items(now), strict=True):
        delta = diff(old, new)
        for thing in delta.added:
            yield Change(
                f"{thing.ref.kind} {name_of(thing)}: appeared{_state(thing)}", thing=thing.ref
            )
        for thing in delta.removed:
            yield Change(f"{thing.ref.kind} {name_of(thing)}: is gone", thing=thing.ref)
        for was, thing in delta.changed:
            for label, then, value in _differences(was, thing):
                words = f"{label} " if label else ""
                text = f"{thing.ref.kind} {name_of(thing)}: {words}{then} → {value}"
                yield Change(text, value in BAD, thing.ref)


BAD = frozenset(("crashed", "unhealthy", "dead", "restarting", "paused (I/O error)"))


def _items(value: object) -> tuple[Iterable[Thing], ...]:
    match value:
        case Domains():
            return (value.domains,)
        case Containers():
            return (value.containers,)
        case OpenVSwitch():
            return value.bridges, value.ports
        case Links():
            return value.links, value.bridges, value.ports
        case Interrupts():
            return (value.irqs,)
        case Cpus():
            return (value.cpus,)
        case _:
            return ()


def _state(thing: Thing) -> str:
    return f", {thing.state}" if isinstance(thing, Domain | Container) else ""


def _cpus(cpus: CpuSet | None) -> str:
    return "-" if cpus is None else format_list(cpus) or "none"


Watched = tuple[tuple[str, Callable[[Thing], object]], ...]
"""Labels and what is watched below them; the label is empty for the main state."""


def _of(
    kind: type[Thing], *fields: tuple[str, Callable[..., object]]
) -> tuple[type[Thing], Watched]:
    return kind, fields


WATCHED: tuple[tuple[type[Thing], Watched], ...] = (
    _of(
        Domain,
        ("", lambda one: f"{one.state} ({one.reason})" if one.reason == "I/O error" else one.state),
        ("name", lambda one: one.name),
        ("vCPUs", lambda one: one.vcpus),
        ("autostart", lambda one: one.autostart),
        ("managed save", lambda one: one.managed_save),
    ),
    _of(
        Container,
        ("", lambda one: one.state),
        ("health", lambda one: one.health),
        ("name", lambda one: one.name),
        ("CPUs", lambda one: _cpus(one.cpuset)),
    ),
    _of(
        Port,
        ("tag", lambda one: one.tag),
        ("trunks", lambda one: one.trunks),
        (
            "link",
            lambda one: ", ".join(interface.link_state or "-" for interface in one.interfaces),
        ),
    ),
    _of(
        Link,
        ("", lambda one: "up" if one.up else "down"),
        ("operational state", lambda one: one.state.lower()),
        ("name", lambda one: one.name),
        ("master", lambda one: one.master or "-"),
    ),
    _of(
        Irq,
        ("requested affinity", lambda one: _cpus(one.requested)),
        ("effective affinity", lambda one: _cpus(one.effective)),
    ),
    _of(
        Cpu,
        ("", lambda one: "online" if one.online else "offline"),
        ("governor", lambda one: one.governor),
    ),
)


def _differences(was: Thing, now: Thing) -> Iterator[tuple[str, object, object]]:
    for kind, fields in WATCHED:
        if isinstance(now, kind):
            for label, value in fields:
                then, this = value(was), value(now)
                if then != this:
                    yield label, then, this
