"""The simulated plant: counters, schedule, and the text of its kernel."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from vtui.backends.cpus import parse_load, parse_memory, parse_rcu_nocbs, parse_stat
from vtui.backends.irq import parse
from vtui.demo import kernel, wave
from vtui.demo.containers import containers
from vtui.demo.network import links, open_vswitch
from vtui.demo.plant import CYCLE, UPTIME, Time, data, identity, since, table, traffic
from vtui.model import Ref

HOST = table("host")
times = st.floats(min_value=0, max_value=1e8)
steps = st.floats(min_value=0, max_value=1e4)
names = st.text(max_size=20)


# ------------------------------------------------------------------ counters


@given(st.floats(min_value=0, max_value=1e9), names, times, steps)
def test_a_counter_never_goes_back(mean: float, name: str, at: float, step: float) -> None:
    assert wave.total(mean, name, at + step) >= wave.total(mean, name, at)


@given(st.floats(min_value=0, max_value=1), names, times, st.floats(min_value=1, max_value=1e4))
def test_a_cpu_is_busy_between_none_and_all_of_the_time(
    share: float, name: str, at: float, step: float
) -> None:
    spent = wave.busy(share, name, at + step) - wave.busy(share, name, at)
    assert -1e-6 <= spent <= step + 1e-6


@given(names, times)
def test_a_gauge_keeps_between_its_bounds(name: str, at: float) -> None:
    assert 5.0 <= wave.gauge(5.0, 9.0, name, at) <= 9.0


@given(names, times)
def test_equal_names_and_times_give_equal_counts(name: str, at: float) -> None:
    assert wave.total(100.0, name, at) == wave.total(100.0, name, at)


def test_counters_of_different_names_wobble_differently() -> None:
    assert wave.total(100.0, "eth0", 10.0) != wave.total(100.0, "eth1", 10.0)


@given(times, steps)
def test_no_interface_loses_traffic(at: float, step: float) -> None:
    before = [traffic(name, at) for name in table("network")["traffic"]]
    after = [traffic(name, at + step) for name in table("network")["traffic"]]
    assert not [
        (then, now)
        for then, now in zip(before, after, strict=True)
        if any(now[counter] < then[counter] for counter in then)
    ]


# ------------------------------------------------------------------ time and schedule


def test_the_boot_lies_before_the_clocks_zero_by_the_uptime() -> None:
    time = Time.starting(lambda: 100.0, lambda: 1_800_000_100.0)
    assert (time.boot, time.at()) == (1_800_000_000.0 - UPTIME, UPTIME + 100.0)


def test_every_twenty_seconds_one_guest_comes_or_goes() -> None:
    running = [
        [guest for guest in ("backup", "staging") if since(guest, UPTIME + second) is not None]
        for second in (0, 20, 40, 60, 80)
    ]
    assert running == [["backup"], ["backup", "staging"], ["staging"], [], ["backup"]]


@given(times)
def test_a_run_began_in_the_past_and_in_this_cycle(at: float) -> None:
    began = since("backup", at)
    assert began is None or -0.5 <= at - began <= CYCLE


@given(times, st.floats(min_value=0, max_value=19))
def test_a_run_keeps_its_beginning(at: float, later: float) -> None:
    began, still = since("backup", at), since("backup", at + later)
    assert began == still or began is None or still is None


def test_a_guest_that_is_off_has_no_run() -> None:
    assert since("engineering-ws", UPTIME) is None


# ------------------------------------------------------------------ the kernel's text


def test_the_real_parser_finds_sixty_interrupts_and_no_fault() -> None:
    found = parse(kernel.interrupts(HOST, UPTIME)["proc/interrupts"].encode())
    assert (len(found.columns), len(found.lines or {}), found.problems) == (16, 60, ())


@given(st.floats(min_value=0, max_value=1e12))
def test_interrupt_counts_fit_an_unsigned_int_at_any_time(at: float) -> None:
    found = parse(kernel.interrupts(HOST, at)["proc/interrupts"].encode())
    counts = [count for line in (found.lines or {}).values() for count in line.counts]
    assert 0 <= min(counts) <= max(counts) < 1 << 32
    assert not found.problems


def test_one_device_interrupts_an_isolated_cpu() -> None:
    strays = [(row[4], row[6]) for row in HOST["irqs"] if row[6] > 3]
    assert strays == [("eth1-TxRx-2", 6)]


@given(times, st.floats(min_value=1, max_value=1e4))
def test_no_field_of_proc_stat_goes_back(at: float, step: float) -> None:
    before, after = (kernel.load(HOST, when, 0.0)["proc/stat"] for when in (at, at + step))
    was = [int(word) for word in before.split() if word.isdigit()]
    now = [int(word) for word in after.split() if word.isdigit()]
    assert all(new >= old for old, new in zip(was, now, strict=True))


def test_the_poll_mode_cpu_is_always_busy() -> None:
    before, after = (
        parse_stat(kernel.load(HOST, at, 0.0)["proc/stat"], kernel.USER_HZ).busy[4]
        for at in (UPTIME, UPTIME + 10)
    )
    assert after - before == 10_000_000_000


def test_boot_time_load_and_memory_are_told() -> None:
    files = kernel.load(HOST, UPTIME, 1_799_222_400.0)
    assert parse_stat(files["proc/stat"], kernel.USER_HZ).boot_time == 1_799_222_400.0
    assert parse_load(files["proc/loadavg"]) is not None
    total, available = parse_memory(files["proc/meminfo"])
    assert total == 64 << 30
    assert available is not None
    assert 0 < available < total


def test_the_command_line_says_what_the_files_say() -> None:
    assert parse_rcu_nocbs(HOST["command_line"], frozenset(range(16))) == frozenset(range(4, 16))
    assert f"nohz_full={HOST['isolated']}" in HOST["command_line"]


# ------------------------------------------------------------------ containers


def states(at: float) -> dict[str, str]:
    found = containers(table("containers"), "docker", frozenset(), at, 0.0).containers
    return {one.name: one.state for one in found}


def test_one_container_restarts_now_and_then() -> None:
    seen = [states(UPTIME - UPTIME % 50 + second)["modbus-poller"] for second in (0, 40, 42, 50)]
    assert seen == ["running", "running", "restarting", "running"]


def test_docker_says_how_long_in_its_own_words() -> None:
    found = containers(table("containers"), "docker", frozenset(), 86_400 * 9.0, 0.0).containers
    assert {one.name: one.status for one in found} == {
        "config-migrate": "Exited (3) 2 hours ago",
        "influxdb": "Up 8 days (healthy)",
        "modbus-poller": "Up Less than a second",
        "mosquitto": "Up 8 days (healthy)",
        "opcua-bridge": "Up 5 days (unhealthy)",
        "telegraf": "Up 8 days (healthy)",
        "trace-capture": "Up 22 hours (Paused)",
    }


def test_usage_is_told_of_visible_containers_only() -> None:
    broker = next(
        one.ref
        for one in containers(table("containers"), "docker", frozenset(), 1e6, 0.0).containers
        if one.name == "mosquitto"
    )
    found = containers(table("containers"), "docker", frozenset({broker}), 1e6, 0.0).containers
    assert [one.name for one in found if one.memory is not None] == ["mosquitto"]


def test_an_lxc_container_is_frozen() -> None:
    found = containers(table("containers"), "lxc", frozenset(), 1e6, 0.0).containers
    assert [one.ref for one in found if one.state == "frozen"] == [
        Ref("container", "legacy-scada", "lxc")
    ]


# ------------------------------------------------------------------ the network


def test_a_tap_comes_and_goes_with_its_guest_and_a_vhost_user_port_stays() -> None:
    seen = [
        {
            port.name: port.interfaces[0].link_state
            for port in open_vswitch(table("network"), UPTIME + second).ports
            if port.name in ("tap-backup0", "vhu-stg0")
        }
        for second in (0, 20, 40, 60)
    ]
    assert seen == [
        {"tap-backup0": "up", "vhu-stg0": "down"},
        {"tap-backup0": "up", "vhu-stg0": "up"},
        {"vhu-stg0": "up"},
        {"vhu-stg0": "down"},
    ]


def test_the_taps_link_is_there_as_long_as_its_port() -> None:
    seen = [
        any(link.name == "tap-backup0" for link in links(table("network"), UPTIME + second).links)
        for second in (0, 20, 40, 60)
    ]
    assert seen == [True, True, False, False]


def test_open_vswitch_has_a_bond_tags_trunks_and_a_lost_controller() -> None:
    value = open_vswitch(table("network"), UPTIME)
    assert [port.name for port in value.ports if len(port.interfaces) > 1] == ["bond-wan"]
    assert {port.tag for port in value.ports} >= {None, 100, 101, 210, 220, 900}
    assert any(port.trunks for port in value.ports)
    assert [
        controller.connected for bridge in value.bridges for controller in bridge.controllers
    ] == [False, True, False]


def test_patch_ports_are_each_others_peers() -> None:
    value = open_vswitch(table("network"), UPTIME)
    peers = {
        port.name: dict(port.interfaces[0].options)["peer"]
        for port in value.ports
        if port.interfaces[0].type == "patch"
    }
    assert peers == {"patch-ext": "patch-int", "patch-int": "patch-ext"}


def test_openflow_numbers_are_given_once_on_each_bridge() -> None:
    numbers = [
        (port.bridge, interface.ofport)
        for port in open_vswitch(table("network"), UPTIME).ports
        for interface in port.interfaces
    ]
    assert len(numbers) == len(set(numbers))


def test_macs_are_given_once_but_to_the_devices_stacked_on_one() -> None:
    found = links(table("network"), UPTIME).links
    macs = {link.mac for link in found if not link.lower}
    assert len(macs) == len([link for link in found if not link.lower])


def test_the_guests_xml_has_the_uuids_that_ports_tell() -> None:
    domains = ET.parse(data("guests.xml")).getroot().findall("domain")
    told = {one.findtext("name"): one.findtext("uuid") for one in domains}
    assert told == {name: identity(name) for name in table("guests")}
