"""The rates of OVS ports come from the times its counters were refreshed, not from those of the reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.backends.ovs.pace import Pace
from vtui.history import History
from vtui.model import Host, Interface, OpenVSwitch, Port, Ref
from vtui.reading import Ready

INTERVAL = 5.0
PORT = Ref("port", "p", "ovs")


class Line:
    """A port that ovs-vswitchd counts every five seconds, read by vtui at other times."""

    def __init__(self) -> None:
        self.bytes = 0
        self._history = History()
        self._pace = Pace()

    def joined(self, now: float) -> None:
        self._pace.joined(now)

    def refreshed(self, now: float, more: int) -> None:
        self.bytes += more
        if more:
            self._pace.refreshed(now, INTERVAL)

    def rate(self, now: float) -> float | None:
        interface = Interface("eth1", statistics=(("rx_bytes", self.bytes),))
        port = Port(PORT, "eth1", Ref("bridge", "b", "ovs"), (interface,))
        value = OpenVSwitch((), (port,), counted_at=self._pace.counted_at(now, INTERVAL))
        return self._history.complete(Host(readings={"ovs": Ready(value, now)})).rate(PORT, "rx")


@pytest.fixture
def line() -> Line:
    """Joined at 100 s, the counters refreshed 4 s later."""
    joined = Line()
    joined.joined(100.0)
    joined.rate(100.0)
    joined.refreshed(104.0, 1_000_000)
    joined.rate(104.1)
    return joined


def test_before_two_refreshes_are_known_there_is_no_rate(line):
    assert line.rate(108.0) is None


def test_a_rate_is_over_the_time_between_the_refreshes(line):
    line.refreshed(109.0, 5000)

    assert line.rate(109.1) == 1000.0


def test_a_read_between_two_refreshes_keeps_the_rate(line):
    line.refreshed(109.0, 5000)
    line.rate(109.1)

    assert line.rate(112.0) == 1000.0


def test_a_late_refresh_counts_its_whole_time(line):
    line.refreshed(109.0, 5000)
    line.rate(109.1)
    line.refreshed(114.5, 5500)

    assert line.rate(114.6) == 1000.0


def test_silence_for_longer_than_the_pace_is_a_rate_of_zero(line):
    line.refreshed(109.0, 5000)
    line.rate(109.1)

    assert line.rate(115.5) == 0.0


def test_traffic_after_silence_is_counted_over_one_interval(line):
    line.refreshed(109.0, 5000)
    for second in range(110, 160):
        line.rate(float(second))
    line.refreshed(160.0, 5000)

    assert line.rate(160.1) == 1000.0


def test_silence_from_the_start_is_a_rate_of_zero():
    line = Line()
    line.joined(100.0)

    assert [line.rate(100.0), line.rate(107.0), line.rate(112.0)] == [None, None, 0.0]


def test_a_lost_connection_makes_the_next_rate_one_over_the_whole_outage(line):
    line.refreshed(109.0, 5000)
    line.rate(109.1)
    line.bytes += 10_000
    line.joined(118.0)
    line.rate(118.1)
    line.refreshed(119.0, 0)
    line.refreshed(124.0, 5000)

    assert line.rate(124.1) == 1000.0


@given(st.lists(st.tuples(st.floats(0.0, 30.0), st.booleans()), max_size=60))
def test_the_time_of_the_counters_never_goes_back(steps):
    pace, now, before = Pace(), 1000.0, 0.0
    pace.joined(now)
    for seconds, refreshed in steps:
        now += seconds
        if refreshed:
            pace.refreshed(now, INTERVAL)
        counted = pace.counted_at(now, INTERVAL)
        assert counted >= before
        before = counted
