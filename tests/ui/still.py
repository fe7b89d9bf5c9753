"""Backends that give what a test puts in their hand."""

from __future__ import annotations

from collections.abc import Callable

from vtui.lanes import never
from vtui.model import (
    Container,
    Containers,
    Cpu,
    Cpus,
    Domain,
    DomainInterface,
    Domains,
    Interrupts,
    Irq,
    Ref,
)
from vtui.monitor import Need

URI = "qemu:///system"


class Still:
    """One backend; `value` may be replaced, or be an error to raise."""

    cadence = 3600.0
    deadline = 5.0

    def __init__(self, name: str, value: object) -> None:
        self.name = name
        self.value = value
        self.reads = 0
        self.needs: list[Need] = []

    async def read(self, need: Need) -> object:
        """The value, or its error."""
        self.reads += 1
        self.needs.append(need)
        if isinstance(self.value, Exception):
            raise self.value
        return self.value

    async def changed(self) -> None:
        """Nothing ever changes by itself."""
        await never()

    async def close(self) -> None:
        """Nothing to give back."""


def domain(name: str, number: int = 1, **fields: object) -> Domain:
    """A running domain."""
    given: dict[str, object] = {"state": "running", "number": number, "vcpus": 2, **fields}
    return Domain(Ref("domain", f"uuid-{number:04}", URI), name, **given)  # type: ignore[arg-type]


def domains(*chosen: Domain) -> Domains:
    """What the libvirt backend returns."""
    return Domains(URI, chosen)


def many_domains(count: int) -> Domains:
    """`guest-000` and so on, each with a tap."""
    return domains(
        *(
            domain(f"guest-{number:03}", number, interfaces=(DomainInterface(f"vnet{number}"),))
            for number in range(count)
        )
    )


def container(name: str, number: int = 1, **fields: object) -> Container:
    """A running Docker container."""
    ref = Ref("container", f"{number:064x}", "docker")
    given: dict[str, object] = {"state": "running", **fields}
    return Container(ref, name, "docker", **given)  # type: ignore[arg-type]


def containers(*chosen: Container) -> Containers:
    """What the Docker backend returns."""
    return Containers("docker", chosen)


def cpus(count: int, isolated: Callable[[int], bool] = lambda number: False) -> Cpus:
    """So many CPUs of one socket."""
    return Cpus(
        tuple(Cpu(Ref("cpu", str(one)), one, isolated=isolated(one)) for one in range(count)),
        hostname="box",
        boot_time=1.0,
    )


def interrupts(lines: int, columns: int) -> Interrupts:
    """So many IRQs that never fire."""
    counts = (0,) * columns
    return Interrupts(
        tuple(range(columns)),
        tuple(Irq(Ref("irq", str(one)), str(one), counts) for one in range(lines)),
    )
