"""Domains made of what libvirt's different answers say about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vtui.backends.libvirt.definition import Definition
from vtui.backends.libvirt.words import words
from vtui.model import Domain, DomainDisk, DomainInterface, Ref

Stats = Mapping[str, object]
"""One domain's typed parameters, under the names virConnectGetAllDomainStats documents."""

_KIB = 1024
_UNKNOWN = Definition()
_NO_STATS: Stats = {}


@dataclass(frozen=True, slots=True)
class Sighting:
    """One entry of the list of all domains."""

    uuid: str
    name: str
    number: int
    """The id of the running instance, -1 without one."""
    state: int
    reason: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """What the list of all domains and the XML tell; the sets hold UUIDs."""

    version: str
    sightings: tuple[Sighting, ...]
    autostart: frozenset[str]
    persistent: frozenset[str]
    managed_save: frozenset[str]
    definitions: Mapping[str, Definition]
    stats: Mapping[str, Stats] | None
    """By UUID; None when they have to be asked for."""


def compose(uri: str, listing: Listing, stats: Mapping[str, Stats]) -> tuple[Domain, ...]:
    """The domains, by name. What `stats` lack is taken from the XML, or is unknown."""
    found = (
        _domain(uri, one, listing, stats.get(one.uuid, _NO_STATS)) for one in listing.sightings
    )
    return tuple(sorted(found, key=lambda domain: (domain.name, domain.ref.id)))


def _domain(uri: str, seen: Sighting, listing: Listing, stats: Stats) -> Domain:
    active = seen.number >= 0
    if not active:
        # libvirt 9.0 reports another process' CPU time for a domain that does not run.
        stats = _NO_STATS
    known = listing.definitions.get(seen.uuid)
    defined = known or _UNKNOWN
    state, reason = words(seen.state, seen.reason)
    return Domain(
        ref=Ref("domain", seen.uuid, uri),
        name=seen.name,
        state=state,
        reason=reason,
        number=seen.number if active else None,
        vcpus=_either(_number(stats, "vcpu.current"), defined.vcpus),
        memory=_either(_kib(stats, "balloon.current"), defined.memory),
        memory_max=_either(_kib(stats, "balloon.maximum"), defined.memory_max),
        cpu_time=_number(stats, "cpu.time"),
        autostart=seen.uuid in listing.autostart,
        persistent=seen.uuid in listing.persistent,
        managed_save=seen.uuid in listing.managed_save,
        interfaces=_interfaces(stats) or defined.interfaces,
        disks=_disks(stats, defined) or defined.disks,
        pins=defined.pins,
    )


def _interfaces(stats: Stats) -> tuple[DomainInterface, ...]:
    return tuple(
        DomainInterface(name, _number(stats, f"{key}.rx.bytes"), _number(stats, f"{key}.tx.bytes"))
        for key, name in _entries(stats, "net")
    )


def _disks(stats: Stats, defined: Definition) -> tuple[DomainDisk, ...]:
    paths = {disk.name: disk.path for disk in defined.disks}
    return tuple(
        DomainDisk(
            name,
            str(stats.get(f"{key}.path") or paths.get(name, "")),
            read_bytes=_number(stats, f"{key}.rd.bytes"),
            written_bytes=_number(stats, f"{key}.wr.bytes"),
            capacity=_number(stats, f"{key}.capacity"),
        )
        for key, name in _entries(stats, "block")
    )


def _entries(stats: Stats, group: str) -> Iterator[tuple[str, str]]:
    """The prefix and the name of each entry of a counted group; nameless ones are left out."""
    for index in range(_number(stats, f"{group}.count") or 0):
        name = stats.get(f"{group}.{index}.name")
        if isinstance(name, str):
            yield f"{group}.{index}", name


def _number(stats: Stats, key: str) -> int | None:
    value = stats.get(key)
    return value if isinstance(value, int) else None


def _kib(stats: Stats, key: str) -> int | None:
    value = _number(stats, key)
    return None if value is None else value * _KIB


def _either(first: int | None, second: int | None) -> int:
    return first if first is not None else second or 0
