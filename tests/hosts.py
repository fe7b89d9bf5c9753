"""Snapshots for tests: a host from the things on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vtui.model import (
    Bridge,
    Container,
    Containers,
    Cpu,
    Cpus,
    Domain,
    Domains,
    Host,
    Interface,
    Interrupts,
    Irq,
    Link,
    Links,
    OpenVSwitch,
    Pins,
    Port,
    Ref,
)
from vtui.reading import Ready

URI = "qemu:///system"
HOSTILE = "evil\x1b[2J\x9b31m[bold]\u202e\x07"
"""A name that would clear the screen, colour it, turn the line round and ring."""


def host(*values: object, **fields: Any) -> Host:
    """One reading for each value, named after its type in lower case."""
    readings = {type(value).__name__.lower(): Ready(value, 0.0) for value in values}
    return Host(readings=readings, **fields)


def domain(name: str = "web", *, uuid: str = "", source: str = URI, **fields: Any) -> Domain:
    fields.setdefault("state", "running")
    fields.setdefault("number", 1 if fields["state"] == "running" else None)
    return Domain(Ref("domain", uuid or f"uuid-of-{name}", source), name, **fields)


def pinned(name: str, *vcpus: str, **fields: Any) -> Domain:
    """A domain whose vCPUs are pinned to these CPUs, one number or "0 1" for several."""
    pins = {number: frozenset(map(int, text.split())) for number, text in enumerate(vcpus)}
    return domain(name, vcpus=len(vcpus), pins=Pins(vcpus=pins, **fields))


def container(
    name: str = "db", *, runtime: str = "docker", ident: str = "", **fields: Any
) -> Container:
    fields.setdefault("state", "running")
    ident = ident or (name if runtime == "lxc" else f"{name}-0123456789abcdef")
    return Container(Ref("container", ident, runtime), name, runtime, **fields)


def bridge(name: str = "br0", *, kind: str = "ovs", **fields: Any) -> Bridge:
    source = "ovs" if kind == "ovs" else "linux"
    return Bridge(Ref("bridge", f"row-{name}", source), name, kind, **fields)


def port(
    name: str = "tap0", *interfaces: Interface, of: Bridge | None = None, **fields: Any
) -> Port:
    return Port(
        Ref("port", f"row-{name}", "ovs"),
        name,
        (of or bridge()).ref,
        interfaces or (Interface(name, link_state="up"),),
        **fields,
    )


def link(name: str = "eth0", index: int = 2, **fields: Any) -> Link:
    return Link(Ref("link", str(index), "linux"), name, index, **fields)


def irq(label: str = "24", *counts: int, **fields: Any) -> Irq:
    return Irq(Ref("irq", label), label, counts, **fields)


def cpu(number: int = 0, **fields: Any) -> Cpu:
    return Cpu(Ref("cpu", str(number)), number, **fields)


def domains(*items: Domain, uri: str = URI) -> Domains:
    return Domains(uri, items)


def containers(*items: Container, runtime: str = "docker") -> Containers:
    return Containers(runtime, items)


def cpus(*items: Cpu, **fields: Any) -> Cpus:
    return Cpus(items, **fields)


def interrupts(*items: Irq, columns: Sequence[int] = (0, 1)) -> Interrupts:
    return Interrupts(tuple(columns), items)


def links(*items: Link, bridges: Sequence[Bridge] = (), ports: Sequence[Port] = ()) -> Links:
    return Links(items, tuple(bridges), tuple(ports))


def ovs(bridges: Sequence[Bridge] = (), ports: Sequence[Port] = ()) -> OpenVSwitch:
    return OpenVSwitch(tuple(bridges), tuple(ports))
