"""Domains made of the list, the XML and the statistics."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from vtui.backends.libvirt.compose import Listing, Sighting, compose
from vtui.backends.libvirt.definition import Definition
from vtui.model import Domain, DomainDisk, DomainInterface, Pins, Ref

RUNNING = Sighting("u1", "gateway", 7, 1, 1)
SHUT_OFF = Sighting("u2", "archive", -1, 5, 2)
PINS = Pins(vcpus={0: frozenset({3})})
DEFINED = Definition(
    pins=PINS,
    vcpus=2,
    memory=1024,
    memory_max=2048,
    interfaces=(DomainInterface("tap0"),),
    disks=(DomainDisk("vda", "pool/image"), DomainDisk("vdb", "/b")),
)
LISTING = Listing(
    version="9.0.0",
    sightings=(RUNNING, SHUT_OFF),
    autostart=frozenset({"u1"}),
    persistent=frozenset({"u2"}),
    managed_save=frozenset({"u2"}),
    definitions={"u1": DEFINED},
    stats=None,
)
STATS = {
    "cpu.time": 5,
    "vcpu.current": 1,
    "balloon.current": 3,
    "balloon.maximum": 4,
    "net.count": 2,
    "net.0.name": "vnet0",
    "net.0.rx.bytes": 10,
    "net.0.tx.bytes": 20,
    "net.1.name": "vnet1",
    "block.count": 2,
    "block.0.name": "vda",
    "block.0.rd.bytes": 30,
    "block.0.wr.bytes": 40,
    "block.0.capacity": 50,
    "block.1.name": "vdb",
    "block.1.path": "/b.snap",
}


def test_statistics_go_before_the_xml():
    _, gateway = compose("qemu:///system", LISTING, {"u1": STATS})
    assert gateway == Domain(
        ref=Ref("domain", "u1", "qemu:///system"),
        name="gateway",
        state="running",
        reason="booted",
        number=7,
        vcpus=1,
        memory=3 * 1024,
        memory_max=4 * 1024,
        cpu_time=5,
        autostart=True,
        persistent=False,
        managed_save=False,
        interfaces=(DomainInterface("vnet0", 10, 20), DomainInterface("vnet1")),
        disks=(
            DomainDisk("vda", "pool/image", read_bytes=30, written_bytes=40, capacity=50),
            DomainDisk("vdb", "/b.snap"),
        ),
        pins=PINS,
    )


def test_a_domain_that_withholds_its_statistics_has_what_the_xml_says_and_no_counters():
    _, gateway = compose("qemu:///system", LISTING, {})
    assert (gateway.vcpus, gateway.memory, gateway.memory_max) == (2, 1024, 2048)
    assert (gateway.interfaces, gateway.disks) == (DEFINED.interfaces, DEFINED.disks)
    assert gateway.counters() == {}


def test_a_domain_without_an_instance_has_no_number_and_no_cpu_time_whatever_libvirt_counts():
    archive, _ = compose("qemu:///system", LISTING, {"u2": STATS})
    assert (archive.number, archive.active, archive.cpu_time) == (None, False, None)
    assert (archive.state, archive.reason) == ("shut off", "destroyed")
    assert archive.managed_save


def test_pins_are_unknown_until_the_xml_was_read():
    archive, gateway = compose("qemu:///system", LISTING, {})
    assert (archive.pins, gateway.pins) == (None, PINS)


def test_domains_come_by_name():
    listing = replace(LISTING, sightings=tuple(reversed(LISTING.sightings)))
    assert [one.name for one in compose("", listing, {})] == ["archive", "gateway"]


values = st.one_of(st.integers(), st.text(max_size=4), st.booleans(), st.floats())
keys = st.sampled_from([*STATS, "net.2.name", "block.-1.name"])


@given(st.dictionaries(keys, values))
def test_statistics_of_any_shape_are_taken_without_an_exception(stats):
    small = {key: value for key, value in stats.items() if not key.endswith(".count")}
    assert len(compose("", LISTING, {"u1": {**STATS, **small}})) == 2
