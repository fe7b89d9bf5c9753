"""Who claims which CPU."""

from __future__ import annotations

from tests.hosts import container, containers, cpu, cpus, domain, domains, host, pinned
from vtui.model import Host, Pins
from vtui.owners import owners

FOUR = cpus(*map(cpu, range(4)))


def claims(snapshot: Host) -> dict[int, list[str]]:
    """Owner and role by CPU."""
    return {
        number: [f"{owner.name} {owner.role}" for owner in found]
        for number, found in owners(snapshot).items()
    }


def test_a_pinned_vcpu_claims_its_cpus() -> None:
    assert claims(host(FOUR, domains(pinned("plc", "2", "3")))) == {
        2: ["plc vCPU 0"],
        3: ["plc vCPU 1"],
    }


def test_a_vcpu_without_pin_of_its_own_lives_where_the_domain_is_placed() -> None:
    placed = domain("plc", vcpus=1, pins=Pins(placement=frozenset({1})))
    assert claims(host(FOUR, domains(placed))) == {1: ["plc vCPU 0", "plc emulator"]}


def test_emulator_and_iothreads_claim_theirs() -> None:
    pins = Pins(emulator=frozenset({0}), iothreads={1: frozenset({3})})
    threads = domain("plc", vcpus=2, pins=pins)
    assert claims(host(FOUR, domains(threads))) == {0: ["plc emulator"], 3: ["plc iothread 1"]}


def test_a_containers_cpuset_claims_its_cpus() -> None:
    db = container("db", cpuset=frozenset({1}))
    assert claims(host(FOUR, containers(db))) == {1: ["db cpuset"]}


def test_what_may_run_anywhere_claims_nothing() -> None:
    anywhere = container("db", cpuset=frozenset(range(4)))
    floating = domain("web", vcpus=2, pins=Pins())
    assert claims(host(FOUR, containers(anywhere), domains(floating))) == {}


def test_anywhere_means_the_cpus_that_are_online() -> None:
    one_off = cpus(cpu(0), cpu(1), cpu(2), cpu(3, online=False))
    anywhere = container("db", cpuset=frozenset(range(3)))
    assert claims(host(one_off, containers(anywhere))) == {}


def test_what_does_not_run_claims_nothing() -> None:
    off = domain("plc", state="shut off", vcpus=1, pins=Pins(vcpus={0: frozenset({2})}))
    stopped = container("db", state="exited", cpuset=frozenset({1}))
    assert claims(host(FOUR, domains(off), containers(stopped))) == {}


def test_a_domain_whose_pins_were_not_read_claims_nothing() -> None:
    assert claims(host(FOUR, domains(domain("web", vcpus=4)))) == {}


def test_a_cpu_may_be_claimed_twice() -> None:
    two = domains(pinned("plc", "2"), pinned("hmi", "2"))
    assert claims(host(FOUR, two)) == {2: ["plc vCPU 0", "hmi vCPU 0"]}


def test_without_knowing_the_cpus_every_pin_is_a_claim() -> None:
    assert claims(host(domains(pinned("plc", "0 1")))) == {0: ["plc vCPU 0"], 1: ["plc vCPU 0"]}
