"""What is taken from a domain's XML."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.backends.libvirt.definition import Definition, parse
from vtui.cpuset import format_list
from vtui.model import DomainDisk, DomainInterface, Pins

LIVE = """\
<domain type='kvm' id='7'>
  <name>rt</name>
  <memory unit='KiB'>2097152</memory>
  <currentMemory unit='KiB'>1048576</currentMemory>
  <vcpu placement='static' cpuset='0-1,4' current='2'>4</vcpu>
  <iothreads>2</iothreads>
  <cputune>
    <shares>2048</shares>
    <vcpupin vcpu='0' cpuset='2'/>
    <vcpupin vcpu='1' cpuset='3'/>
    <emulatorpin cpuset='0-1'/>
    <iothreadpin iothread='2' cpuset='1'/>
    <vcpusched vcpus='0-1' scheduler='fifo' priority='1'/>
  </cputune>
  <devices>
    <disk type='file' device='disk'>
      <source file='/var/lib/libvirt/images/rt.qcow2' index='2'/>
      <backingStore type='file'><source file='/base.qcow2'/></backingStore>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='block' device='disk'>
      <source dev='/dev/vg/rt'/><target dev='vdb' bus='virtio'/>
    </disk>
    <disk type='network' device='disk'>
      <source protocol='rbd' name='pool/image'/><target dev='vdc' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>
    <interface type='bridge'><source bridge='br0'/><target dev='vnet4'/></interface>
    <interface type='vhostuser'>
      <source type='unix' path='/run/vhost0.sock' mode='server'/><target dev='vhost0'/>
    </interface>
    <interface type='hostdev'><mac address='52:54:00:00:00:01'/></interface>
  </devices>
</domain>
"""

numbers = st.integers(min_value=0, max_value=511)
cpus = st.sets(st.integers(min_value=0, max_value=8191), max_size=12).map(frozenset)


def test_a_running_domain_is_read_in_full():
    assert parse(LIVE) == Definition(
        pins=Pins(
            vcpus={0: frozenset({2}), 1: frozenset({3})},
            emulator=frozenset({0, 1}),
            iothreads={2: frozenset({1})},
            placement=frozenset({0, 1, 4}),
        ),
        vcpus=2,
        memory=1 << 30,
        memory_max=2 << 30,
        interfaces=(DomainInterface("vnet4"), DomainInterface("vhost0")),
        disks=(
            DomainDisk("vda", "/var/lib/libvirt/images/rt.qcow2"),
            DomainDisk("vdb", "/dev/vg/rt"),
            DomainDisk("vdc", "pool/image"),
            DomainDisk("sda"),
        ),
        vhostuser=True,
    )


def test_all_vcpus_are_online_unless_the_xml_says_how_many_are():
    assert parse("<domain><vcpu>4</vcpu></domain>").vcpus == 4


def test_a_domain_without_pins_has_pins_that_are_known_to_be_none():
    assert parse("<domain><vcpu>1</vcpu></domain>").pins == Pins()


@pytest.mark.parametrize(
    "cputune",
    [
        "<vcpupin vcpu='x' cpuset='1'/>",
        "<vcpupin cpuset='1'/>",
        "<vcpupin vcpu='0' cpuset='1-'/>",
        "<vcpupin vcpu='0' cpuset='999999'/>",
        "<emulatorpin cpuset='one'/>",
        "<iothreadpin iothread='' cpuset='1'/>",
    ],
)
def test_a_pin_that_makes_no_sense_leaves_the_pins_unknown_and_the_rest_known(cputune):
    definition = parse(f"<domain><vcpu>3</vcpu><cputune>{cputune}</cputune></domain>")
    assert definition.pins is None
    assert definition.vcpus == 3


@pytest.mark.parametrize("text", ["", "<domain>", "no xml", "<domain>\x00</domain>", "\ud800"])
def test_what_is_no_xml_leaves_everything_unknown(text):
    assert parse(text) == Definition()


@pytest.mark.parametrize("text", ["", " ", "lots", "1.5"])
def test_a_number_that_is_none_is_unknown(text):
    xml = f"<domain><vcpu current='{text}'>{text}</vcpu><memory>{text}</memory></domain>"
    assert (parse(xml).vcpus, parse(xml).memory_max) == (None, None)


@given(
    vcpus=st.dictionaries(numbers, cpus, max_size=8),
    iothreads=st.dictionaries(numbers, cpus, max_size=4),
    emulator=st.none() | cpus,
    placement=st.none() | cpus,
)
def test_pins_survive_the_way_through_the_xml(vcpus, iothreads, emulator, placement):
    def attribute(chosen):
        return "" if chosen is None else f" cpuset={quoteattr(format_list(chosen))}"

    tune = [f"<vcpupin vcpu='{n}'{attribute(chosen)}/>" for n, chosen in vcpus.items()]
    tune += [f"<iothreadpin iothread='{n}'{attribute(c)}/>" for n, c in iothreads.items()]
    tune += [] if emulator is None else [f"<emulatorpin{attribute(emulator)}/>"]
    xml = f"<domain><vcpu{attribute(placement)}>1</vcpu><cputune>{''.join(tune)}</cputune></domain>"
    assert parse(xml).pins == Pins(vcpus, emulator, iothreads, placement)


@given(st.text())
def test_any_text_is_taken_without_an_exception(text):
    assert isinstance(parse(text), Definition)


@given(st.text(alphabet="0123456789-,^ x", max_size=12), st.text(max_size=8))
def test_any_attribute_is_taken_without_an_exception(cpuset, number):
    parse(
        f"<domain><vcpu cpuset={quoteattr(cpuset)} current={quoteattr(number)}>1</vcpu><cputune>"
        f"<vcpupin vcpu={quoteattr(number)} cpuset={quoteattr(cpuset)}/></cputune></domain>"
    )


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_names_are_taken_as_they_are(name):
    quoted = quoteattr(name)
    xml = f"<domain><devices><interface><target dev={quoted}/></interface></devices></domain>"
    assert parse(xml).interfaces == (DomainInterface(name),)
