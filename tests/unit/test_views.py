"""The lists: every column and every detail of every kind, for whatever a backend may bring."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hosts import (
    bridge,
    container,
    containers,
    cpu,
    cpus,
    domain,
    domains,
    host,
    interrupts,
    irq,
    link,
    ovs,
    pinned,
    port,
)
from vtui.columns import fit
from vtui.find import LISTS
from vtui.model import (
    KINDS,
    Bridge,
    Container,
    Controller,
    Cpu,
    Domain,
    Host,
    HugePages,
    Interface,
    Irq,
    Irqbalance,
    Link,
    Pins,
    Port,
    PublishedPort,
)
from vtui.sources import SOURCES
from vtui.views import VIEWS, View
from vtui.views.view import sparkline

TYPES = {
    "domains": Domain,
    "containers": Container,
    "bridges": Bridge,
    "ports": Port,
    "links": Link,
    "irqs": Irq,
    "cpus": Cpu,
}


CPUS = st.frozensets(st.integers(0, 64))
BOUNDED = {
    "vcpus": st.integers(0, 64),
    "pins": st.none()
    | st.builds(
        Pins,
        vcpus=st.dictionaries(st.integers(0, 64), CPUS),
        emulator=st.none() | CPUS,
        iothreads=st.dictionaries(st.integers(0, 64), CPUS),
        placement=st.none() | CPUS,
    ),
}
"""Fields whose size decides how long the test takes."""


def anything(kind: type) -> st.SearchStrategy[Any]:
    """Values of a model class with every field at random."""
    return st.builds(kind, **{field.name: BOUNDED.get(field.name, ...) for field in fields(kind)})


def cell(plural: str, column: str, item: object, snapshot: Host | None = None) -> str:
    """The text of one column for one thing."""
    (chosen,) = (one for one in VIEWS[plural].columns if one.id == column)
    return chosen.cell(item, snapshot or Host()).text


def detail(plural: str, item: object, snapshot: Host | None = None) -> dict[str, str]:
    """The labelled fields of one thing."""
    return dict(VIEWS[plural].detail(item, snapshot or Host()))


def test_there_is_a_view_for_every_kind_that_a_ref_can_name() -> None:
    assert tuple(view.kind for view in VIEWS.values()) == KINDS == tuple(LISTS)


@pytest.mark.parametrize("view", VIEWS.values(), ids=str)
class TestEveryView:
    def test_columns_have_ids_of_their_own(self, view: View) -> None:
        ids = [column.id for column in view.columns]
        assert len(set(ids)) == len(ids)

    def test_the_columns_that_always_stay_fit_80_characters(self, view: View) -> None:
        assert sum(width + 1 for _, width in fit(view.columns, 80)) <= 81

    def test_its_backends_are_ones_that_exist(self, view: View) -> None:
        assert {*view.backends} <= {"libvirt", *(source.name for source in SOURCES)}


@pytest.mark.parametrize("plural", VIEWS)
class TestWhateverABackendBrings:
    @settings(suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_is_listed_described_and_sorted(self, plural: str, data: st.DataObject) -> None:
        view = VIEWS[plural]
        items = data.draw(st.lists(anything(TYPES[plural]), max_size=3))
        snapshot = Host()
        for column in view.columns:
            assert all(isinstance(column.cell(item, snapshot).text, str) for item in items)
            sorted(items, key=lambda item, column=column: column.sort_key(item, snapshot))
        for item in items:
            assert isinstance(view.words(item), str)
            assert all(len(pair) == 2 for pair in view.detail(item, snapshot))


class TestDomains:
    @pytest.mark.parametrize(
        ("item", "text"),
        [
            (pinned("plc", "2", "3"), "2-3"),
            (domain("web", vcpus=2, pins=Pins(placement=frozenset({0, 1}))), "0-1"),
            (domain("web", vcpus=2, pins=Pins(vcpus={0: frozenset({2})})), "-"),
            (domain("web", vcpus=2), "-"),
        ],
    )
    def test_are_pinned_when_no_vcpu_floats(self, item: Domain, text: str) -> None:
        assert cell("domains", "pins", item) == text

    def test_a_saved_state_is_told(self) -> None:
        saved = domain("web", state="shut off", managed_save=True)
        assert cell("domains", "state", saved) == "shut off (saved)"

    def test_an_unknown_state_is_shown_as_it_is(self) -> None:
        assert cell("domains", "state", domain("web", state="dreaming")) == "dreaming"
        assert cell("domains", "mark", domain("web", state="dreaming")) == "?"

    def test_details_give_the_reason_and_every_pin(self) -> None:
        shown = detail("domains", pinned("plc", "2", "3", emulator=frozenset({0})))
        assert shown["vCPU 1 pin"] == "3"
        assert shown["emulator pin"] == "0"
        assert detail("domains", domain("web", reason="booted"))["state"] == "running (booted)"


class TestContainers:
    @pytest.mark.parametrize(
        ("item", "state", "mark"),
        [
            (container("a"), "running", "●"),
            (container("a", health="unhealthy"), "unhealthy", "!"),
            (container("a", health="healthy"), "healthy", "●"),
            (container("a", state="exited", exit_code=3), "exited (3)", "✗"),
            (container("a", state="exited", exit_code=0), "exited (0)", "○"),
            (container("a", state="exited", exit_code=0, health="unhealthy"), "exited (0)", "○"),
            (container("a", state="frozen"), "frozen", "‖"),
        ],
    )
    def test_state_and_mark(self, item: Container, state: str, mark: str) -> None:
        assert (cell("containers", "state", item), cell("containers", "mark", item)) == (
            state,
            mark,
        )

    def test_ports_published_on_every_address_are_told_once(self) -> None:
        both = tuple(PublishedPort(ip, 8080, 80, "tcp") for ip in ("0.0.0.0", "::"))
        assert cell("containers", "ports", container(ports=both)) == "8080->80/tcp"

    def test_a_port_published_on_one_address_tells_it(self) -> None:
        one = (PublishedPort("127.0.0.1", 8080, 80, "tcp"),)
        assert cell("containers", "ports", container(ports=one)) == "127.0.0.1:8080->80/tcp"

    def test_the_age_is_never_negative(self) -> None:
        assert cell("containers", "age", container(created=9e9), Host(at=1.0)) == "0 s"


class TestNetwork:
    @pytest.mark.parametrize(
        ("item", "text"),
        [
            (port(tag=10), "tag 10"),
            (port(tag=0), "tag 0"),
            (port(trunks=(1, 2)), "trunk 1,2"),
            (port(tag=10, trunks=(1, 2)), "tag 10 trunk 1,2"),
            (port(), "-"),
        ],
    )
    def test_vlan(self, item: Port, text: str) -> None:
        assert cell("ports", "vlan", item) == text

    @pytest.mark.parametrize(
        ("states", "mark", "word"),
        [
            (("up",), "●", "up"),
            (("down",), "○", "down"),
            (("up", "down"), "◐", "mixed"),
            (("",), "○", "-"),
        ],
    )
    def test_a_ports_links(self, states: tuple[str, ...], mark: str, word: str) -> None:
        bond = port("bond0", *(Interface(f"eth{state}", link_state=state) for state in states))
        assert (cell("ports", "mark", bond), cell("ports", "link", bond)) == (mark, word)

    def test_an_interface_that_could_not_be_set_up_outweighs_its_link(self) -> None:
        broken = port("tap0", Interface("tap0", link_state="up", error="no such device"))
        assert (cell("ports", "mark", broken), cell("ports", "link", broken)) == ("✗", "error")

    def test_a_bridges_ports_are_counted_and_named(self) -> None:
        switch = bridge("br0")
        snapshot = host(ovs([switch], [port("tap1", of=switch), port("tap0", of=switch)]))
        assert cell("bridges", "ports", switch, snapshot) == "2"
        assert ("port", "tap0") in VIEWS["bridges"].detail(switch, snapshot)

    @pytest.mark.parametrize(
        ("connected", "text"),
        [((), "-"), ((True,), "1/1 up"), ((True, False), "1/2 up")],
    )
    def test_controllers(self, connected: tuple[bool, ...], text: str) -> None:
        controllers = tuple(Controller("tcp:1.2.3.4", one) for one in connected)
        assert cell("bridges", "controllers", bridge(controllers=controllers)) == text

    @pytest.mark.parametrize(
        ("item", "state", "mark"),
        [
            (link(up=True, state="UP"), "up", "●"),
            (link(up=True, state="UNKNOWN"), "unknown", "●"),
            (link(up=True, state="LOWERLAYERDOWN"), "lowerlayerdown", "✗"),
            (link(up=False, state="DOWN"), "down", "○"),
        ],
    )
    def test_a_links_state(self, item: Link, state: str, mark: str) -> None:
        assert (cell("links", "state", item), cell("links", "mark", item)) == (state, mark)


class TestIrqs:
    ISOLATED = cpus(cpu(0), cpu(1, isolated=True))
    LINE = irq("24", 100, 200, requested=frozenset({0, 1}), effective=frozenset({1}))

    def snapshot(self, *rates: float) -> Host:
        """Two readings' worth of one interrupt."""
        ref = self.LINE.ref
        return host(
            self.ISOLATED,
            interrupts(self.LINE),
            rates={ref: {"irq": sum(rates)}},
            irq_rates={ref: rates},
        )

    def test_after_one_reading_nothing_is_said_of_rates(self) -> None:
        snapshot = host(self.ISOLATED, interrupts(self.LINE))
        shown = detail("irqs", self.LINE, snapshot)
        assert (shown["rate"], shown["on isolated"], shown["CPU 1"]) == ("-", "-", "200")
        assert cell("irqs", "isolated", self.LINE, snapshot) == "-"

    def test_after_two_the_part_on_isolated_cpus_is_told(self) -> None:
        shown = detail("irqs", self.LINE, self.snapshot(5.0, 20.0))
        assert (shown["rate"], shown["on isolated"]) == ("25/s", "20/s")
        assert shown["CPU 1"] == "200 20/s"

    def test_a_line_that_did_not_fire_says_so(self) -> None:
        snapshot = host(self.ISOLATED, interrupts(self.LINE), rates={self.LINE.ref: {"irq": 0.0}})
        shown = detail("irqs", self.LINE, snapshot)
        assert (shown["rate"], shown["on isolated"], shown["CPU 0"]) == ("0/s", "0/s", "100 0/s")

    def test_a_ban_of_irqbalance_is_told(self) -> None:
        snapshot = host(Irqbalance(1, banned_irqs=frozenset({24})))
        assert cell("irqs", "banned", self.LINE, snapshot) == "ban"
        assert cell("irqs", "banned", irq("LOC"), snapshot) == "-"

    def test_lines_with_a_number_stand_before_the_others(self) -> None:
        lines = [irq("LOC"), irq("130"), irq("24")]
        column = VIEWS["irqs"].columns[0]
        ordered = sorted(lines, key=lambda line: column.sort_key(line, Host()))
        assert [line.label for line in ordered] == ["24", "130", "LOC"]


class TestCpus:
    @pytest.mark.parametrize(
        ("item", "text"),
        [
            (cpu(0), "housekeeping"),
            (cpu(0, isolated=True, nohz_full=True, rcu_nocbs=True), "iso nohz rcu"),
            (cpu(0, nohz_full=True), "nohz"),
            (cpu(0, online=False, isolated=True), "offline"),
        ],
    )
    def test_what_the_kernel_keeps_off(self, item: Cpu, text: str) -> None:
        assert cell("cpus", "flags", item) == text

    @pytest.mark.parametrize(
        ("claimants", "text"),
        [
            ((), "-"),
            ((pinned("plc", "1"),), "plc vCPU 0"),
            ((pinned("plc", "1", "1"),), "plc vCPU 0 + vCPU 1"),
            ((pinned("plc", "1"), pinned("hmi", "1")), "plc, hmi"),
        ],
    )
    def test_claims(self, claimants: tuple[Domain, ...], text: str) -> None:
        snapshot = host(cpus(cpu(0), cpu(1)), domains(*claimants))
        assert cell("cpus", "owners", cpu(1), snapshot) == text

    def test_two_things_of_one_name_are_two(self) -> None:
        web = pinned("web", "1"), container("web", cpuset=frozenset({1}))
        snapshot = host(cpus(cpu(0), cpu(1)), domains(web[0]), containers(web[1]))
        assert cell("cpus", "owners", cpu(1), snapshot) == "web, web"

    def test_after_one_reading_nothing_is_said_of_interrupts(self) -> None:
        snapshot = host(cpus(cpu(0)), interrupts(irq("24", 5), columns=(0,)))
        assert detail("cpus", cpu(0), snapshot)["interrupts"] == "-"

    def test_huge_pages_of_its_node_are_told(self) -> None:
        pages = (HugePages(0, 2**30, 16, 8), HugePages(1, 2**30, 4, 4))
        shown = detail("cpus", cpu(0, node=0), host(cpus(cpu(0, node=0), hugepages=pages)))
        assert shown["1 GiB pages"] == "8 free of 16 on node 0"


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ((), "    "),
        ((0.0, 0.0), "  ▁▁"),
        ((0.0, 7.0), "  ▁█"),
        ((9.0, 0.0, 1.0, 2.0, 4.0), "▁▃▅█"),
    ],
)
def test_a_sparkline_shows_the_newest_values_scaled_to_their_peak(
    values: tuple[float, ...], drawn: str
) -> None:
    assert sparkline(values, 4) == drawn


@given(st.lists(st.floats(0, 1e12), max_size=90), st.integers(1, 60))
def test_a_sparkline_is_as_wide_as_asked(values: list[float], width: int) -> None:
    assert len(sparkline(values, width)) == width
