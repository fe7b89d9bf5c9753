"""Who has a claim on each CPU: pinned vCPUs, emulator threads, iothreads and container cpusets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from vtui.cpuset import CpuSet
from vtui.model import Container, Domain, Host, Ref


@dataclass(frozen=True, slots=True)
class Owner:
    """One claim; `role` is "vCPU 0", "emulator", "iothread 1" or "cpuset"."""

    ref: Ref
    name: str
    role: str
    cpus: CpuSet


@lru_cache(maxsize=1)
def owners(host: Host) -> dict[int, tuple[Owner, ...]]:
    """The claims on each CPU number. Floating vCPUs and containers that may run anywhere claim nothing."""
    # A control group's CPUs are those of its cpuset that are online.
    everywhere = frozenset(cpu.number for cpu in host.cpus if cpu.online)
    found: dict[int, list[Owner]] = {}
    for owner in _claims(host):
        if not everywhere or not owner.cpus >= everywhere:
            for cpu in owner.cpus:
                found.setdefault(cpu, []).append(owner)
    return {cpu: tuple(claims) for cpu, claims in found.items()}


def _claims(host: Host) -> Iterator[Owner]:
    for domain in host.domains:
        if domain.active and domain.pins:
            yield from _domain_claims(domain)
    for container in host.containers:
        if container.active and container.cpuset:
            yield _container_claim(container, container.cpuset)


def _domain_claims(domain: Domain) -> Iterator[Owner]:
    pins = domain.pins
    assert pins
    for number in range(domain.vcpus):
        cpus = pins.vcpus.get(number, pins.placement)
        if cpus:
            yield Owner(domain.ref, domain.name, f"vCPU {number}", cpus)
    emulator = pins.emulator or pins.placement
    if emulator:
        yield Owner(domain.ref, domain.name, "emulator", emulator)
    for number, cpus in pins.iothreads.items():
        yield Owner(domain.ref, domain.name, f"iothread {number}", cpus)


def _container_claim(container: Container, cpus: CpuSet) -> Owner:
    return Owner(container.ref, container.name, "cpuset", cpus)
