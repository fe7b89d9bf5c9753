"""What counts as wrong on a host."""

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
    links,
    ovs,
    port,
)
from vtui.audit import Finding, Severity, audit
from vtui.model import (
    Bridge,
    Container,
    Containers,
    Controller,
    Domain,
    Domains,
    Host,
    Interface,
    Link,
    Links,
    OpenVSwitch,
    Port,
)
from vtui.reading import Absent, Failed


def found(snapshot: Host) -> list[tuple[str, str]]:
    """Rule and text of each finding."""
    return [(finding.rule, finding.text) for finding in audit(snapshot)]


def test_a_host_where_all_is_well_has_no_findings() -> None:
    well = host(
        domains(domain("web", autostart=True)),
        containers(container("db", health="healthy")),
        ovs([bridge(controllers=(Controller("tcp:1.2.3.4", True),))], [port()]),
        links(link(up=True, state="UP")),
        cpus(cpu(0), cpu(1, isolated=True)),
        interrupts(irq("24", 1, 0)),
    )
    assert found(well) == []


def test_an_empty_host_has_no_findings() -> None:
    assert found(Host()) == []


class TestBackends:
    def test_one_that_stopped_answering_is_an_error_with_its_hint(self) -> None:
        failed = Host(readings={"docker": Failed("no answer", "ps -C dockerd", None, 0.0)})
        assert audit(failed) == (
            Finding("backend-failed", Severity.ERROR, "docker: no answer", None, "ps -C dockerd"),
        )

    def test_one_that_is_not_there_is_no_fault(self) -> None:
        assert found(Host(readings={"docker": Absent("not installed", "apt")})) == []

    def test_what_was_last_seen_behind_one_that_fails_still_counts(self) -> None:
        last = domains(domain("web", state="crashed", reason="panicked"))
        stale = Host(readings={"libvirt": Failed("gone", "", last, 0.0)})
        assert [rule for rule, _ in found(stale)] == ["backend-failed", "domain-broken"]


class TestDomains:
    @pytest.mark.parametrize(
        ("state", "reason"),
        [
            ("crashed", "panicked"),
            ("crashed", ""),
            ("paused", "I/O error"),
            ("paused", "watchdog"),
            ("paused", "api error"),
            ("paused", "post-copy failed"),
            ("running", "post-copy failed"),
            ("shut off", "crashed"),
            ("shut off", "failed"),
        ],
    )
    def test_that_broke_are_errors(self, state: str, reason: str) -> None:
        broken = host(domains(domain("web", state=state, reason=reason)))
        assert found(broken) == [
            ("domain-broken", f"domain web: {state} ({reason or 'no reason given'})")
        ]

    @pytest.mark.parametrize(
        ("state", "reason"),
        [
            ("running", "booted"),
            ("running", "crashed"),  # libvirt: resumed from crashed
            ("paused", "user"),
            ("paused", "migrating"),
            ("shut off", "shutdown"),
            ("shut off", "destroyed"),
        ],
    )
    def test_that_people_put_where_they_are_are_not(self, state: str, reason: str) -> None:
        assert found(host(domains(domain("web", state=state, reason=reason)))) == []

    def test_marked_autostart_and_off_are_a_warning(self) -> None:
        off = host(domains(domain("web", state="shut off", autostart=True)))
        assert found(off) == [
            ("domain-not-started", "domain web: shut off, though marked autostart")
        ]


class TestContainers:
    @pytest.mark.parametrize(
        ("item", "rule", "text"),
        [
            (container("db", state="dead"), "container-broken", "dead"),
            (container("db", state="restarting"), "container-broken", "restarting"),
            (container("db", health="unhealthy"), "container-unhealthy", "health check fails"),
            (
                container("db", state="exited", exit_code=3),
                "container-exited",
                "exited with code 3",
            ),
        ],
    )
    def test_in_trouble(self, item: Container, rule: str, text: str) -> None:
        assert found(host(containers(item))) == [(rule, f"container db: {text}")]

    @pytest.mark.parametrize(
        "item",
        [
            container("db", state="exited", exit_code=0),
            container("db", state="exited", exit_code=0, health="unhealthy"),
            container("db", state="paused"),
            container("db", state="created"),
            container("db", health="starting"),
        ],
    )
    def test_at_rest(self, item: Container) -> None:
        assert found(host(containers(item))) == []


class TestNetwork:
    def test_a_controller_that_is_not_connected_tells_its_error(self) -> None:
        lost = bridge("br0", controllers=(Controller("tcp:1.2.3.4", False, error="refused"),))
        assert found(host(ovs([lost]))) == [
            ("controller-lost", "bridge br0: controller tcp:1.2.3.4 not connected (refused)")
        ]

    def test_an_interface_that_could_not_be_set_up_is_an_error(self) -> None:
        broken = port("tap0", Interface("tap0", error="could not open tap0"))
        assert found(host(ovs(ports=[broken]))) == [
            ("port-error", "port tap0: could not open tap0")
        ]

    @pytest.mark.parametrize("state", ["DOWN", "LOWERLAYERDOWN"])
    def test_a_card_without_carrier_is_a_warning(self, state: str) -> None:
        assert found(host(links(link("eth0", up=True, state=state)))) == [
            ("link-no-carrier", "link eth0: up, but no carrier")
        ]

    @pytest.mark.parametrize(
        "item",
        [
            link(up=False, state="DOWN"),
            link(up=True, state="UNKNOWN"),
            link(up=True, state="LOWERLAYERDOWN", kind="veth"),
        ],
    )
    def test_links_that_are_off_or_virtual_are_not(self, item: Link) -> None:
        assert found(host(links(item))) == []


class TestInterrupts:
    LINE = irq("24", 5, 5, 5, device="eth0-rx")

    def snapshot(self, *rates: float) -> Host:
        """Three CPUs, the last two isolated, and one line with these rates."""
        return host(
            cpus(cpu(0), cpu(1, isolated=True), cpu(2, isolated=True)),
            interrupts(self.LINE, columns=(0, 1, 2)),
            irq_rates={self.LINE.ref: rates},
        )

    def test_on_isolated_cpus_are_told_with_their_rate_and_cpus(self) -> None:
        assert found(self.snapshot(500.0, 20.0, 30.0)) == [
            ("irq-on-isolated", "irq 24 eth0-rx: 50/s on isolated CPU 1-2")
        ]

    def test_on_housekeeping_cpus_are_none_of_our_business(self) -> None:
        assert found(self.snapshot(500.0, 0.0, 0.0)) == []

    def test_once_in_a_while_is_not_worth_a_word(self) -> None:
        assert found(self.snapshot(0.0, 0.9, 0.9)) == []

    def test_lines_without_a_number_cannot_be_moved(self) -> None:
        timer = irq("LOC", 1, 1)
        snapshot = host(
            cpus(cpu(0), cpu(1, isolated=True)),
            interrupts(timer),
            irq_rates={timer.ref: (9.0, 9.0)},
        )
        assert found(snapshot) == []


def test_the_gravest_come_first_and_equals_in_the_order_of_the_rules() -> None:
    mixed = host(
        domains(domain("web", state="shut off", autostart=True)),
        containers(container("db", state="dead")),
        ovs(ports=[port("tap0", Interface("tap0", error="no"))]),
        links(link(up=True, state="DOWN")),
    )
    assert [rule for rule, _ in found(mixed)] == [
        "container-broken",
        "port-error",
        "domain-not-started",
        "link-no-carrier",
    ]


def anything(kind: type) -> st.SearchStrategy[Any]:
    """Values of a model class with every field at random, bar pins."""
    drawn = {one.name: st.none() if one.name == "pins" else ... for one in fields(kind)}
    return st.builds(kind, **drawn)


READINGS = st.tuples(
    st.builds(Domains, st.text(), st.tuples(anything(Domain))),
    st.builds(Containers, st.text(), st.tuples(anything(Container))),
    st.builds(OpenVSwitch, st.tuples(anything(Bridge)), st.tuples(anything(Port))),
    st.builds(Links, st.tuples(anything(Link))),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(READINGS)
def test_no_host_breaks_a_rule(values: tuple[object, ...]) -> None:
    assert all(finding.text for finding in audit(host(*values)))
