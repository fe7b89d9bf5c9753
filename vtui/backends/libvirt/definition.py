"""A domain's XML, as far as it is shown. Format: https://libvirt.org/formatdomain.html"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass

from vtui.cpuset import CpuSet, parse_list
from vtui.model import DomainDisk, DomainInterface, Pins

_KIB = 1024

_SOURCES = ("file", "dev", "dir", "volume", "name")
"""Attributes of <source> that say where a disk lies, by its type."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What is taken from the XML; the defaults stand for an XML nothing could be taken from."""

    pins: Pins | None = None
    vcpus: int | None = None
    """Now online, not the most there may be."""
    memory: int | None = None
    """Bytes the guest has now."""
    memory_max: int | None = None
    interfaces: tuple[DomainInterface, ...] = ()
    disks: tuple[DomainDisk, ...] = ()
    vhostuser: bool = False
    """Whether a NIC is of the vhostuser type, whose counters libvirtd gets by running ovs-vsctl."""


def parse(text: str) -> Definition:
    """The definition in `text`; what is missing or makes no sense in it stays unknown."""
    try:
        root = ET.fromstring(text)
    except (ET.ParseError, ValueError):
        return Definition()
    vcpu = root.find("vcpu")
    nics = root.findall("devices/interface")
    return Definition(
        pins=_pins(root),
        vcpus=None if vcpu is None else _number(vcpu.get("current") or vcpu.text),
        memory=_bytes(root.find("currentMemory")),
        memory_max=_bytes(root.find("memory")),
        interfaces=tuple(DomainInterface(name) for name in _targets(nics)),
        disks=tuple(
            DomainDisk(name, _source(disk))
            for disk in root.findall("devices/disk")
            for name in _targets([disk])
        ),
        vhostuser=any(nic.get("type") == "vhostuser" for nic in nics),
    )


def _pins(root: ET.Element) -> Pins | None:
    """None when any of them makes no sense: half the truth about pins would mislead."""
    try:
        return Pins(
            vcpus=_pinned(root.findall("cputune/vcpupin"), "vcpu"),
            emulator=_cpus(root.find("cputune/emulatorpin")),
            iothreads=_pinned(root.findall("cputune/iothreadpin"), "iothread"),
            placement=_cpus(root.find("vcpu")),
        )
    except ValueError:
        return None


def _pinned(elements: Iterable[ET.Element], number: str) -> dict[int, CpuSet]:
    return {int(one.get(number, "")): parse_list(one.get("cpuset", "")) for one in elements}


def _cpus(element: ET.Element | None) -> CpuSet | None:
    text = None if element is None else element.get("cpuset")
    return None if text is None else parse_list(text)


def _number(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None


def _bytes(element: ET.Element | None) -> int | None:
    # libvirt takes any unit but always gives KiB.
    value = None if element is None else _number(element.text)
    return None if value is None else value * _KIB


def _targets(devices: Iterable[ET.Element]) -> list[str]:
    targets = (device.find("target") for device in devices)
    names = (target.get("dev") for target in targets if target is not None)
    return [name for name in names if name]


def _source(disk: ET.Element) -> str:
    source = disk.find("source")
    if source is None:
        return ""
    return next((source.get(key, "") for key in _SOURCES if source.get(key)), "")
