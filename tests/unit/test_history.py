"""Counters to rates and trends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.history import TREND, History
from vtui.model import Cpu, Cpus, Host, Interrupts, Irq, Link, Links, Ref
from vtui.reading import Absent, Failed, Reading, Ready, Waiting

CPU = Ref("cpu", "0")
IRQ = Ref("irq", "24")
LINK = Ref("link", "2")


def cpu(busy: int | None) -> Cpus:
    """One CPU that was busy for so many ns."""
    return Cpus((Cpu(CPU, 0, busy=busy),))


def irq(*counts: int, columns: Sequence[int] = (0, 1)) -> Interrupts:
    """One interrupt line."""
    return Interrupts(tuple(columns), (Irq(IRQ, "24", counts),))


def link(**counters: int) -> Links:
    """One network interface."""
    return Links((Link(LINK, "eth0", 2, statistics=tuple(counters.items())),))


def host(reading: Reading[object]) -> Host:
    """A snapshot with this reading alone."""
    return Host(readings={"it": reading})


def after(*readings: Reading[object]) -> Host:
    """The last of the completed snapshots of a history that saw these readings."""
    history = History()
    return [history.complete(host(reading)) for reading in readings][-1]


def test_one_sample_has_no_rate() -> None:
    assert after(Ready(cpu(5), 1.0)).rates == {}


def test_a_rate_is_the_difference_by_the_seconds_between() -> None:
    assert after(Ready(link(rx=100), 1.0), Ready(link(rx=700), 3.0)).rate(LINK, "rx") == 300.0


def test_cpu_time_becomes_cpus() -> None:
    assert after(Ready(cpu(0), 1.0), Ready(cpu(500_000_000), 2.0)).rate(CPU, "busy") == 0.5


def test_a_reading_seen_already_keeps_its_rates() -> None:
    again = Ready(cpu(10**9), 2.0)
    assert after(Ready(cpu(0), 1.0), again, again).rate(CPU, "busy") == 1.0


def test_a_reading_seen_already_adds_nothing_to_the_trend() -> None:
    again = Ready(cpu(10**9), 2.0)
    assert after(Ready(cpu(0), 1.0), again, again).trends[CPU] == (1.0,)


def test_a_stale_reading_keeps_its_rates() -> None:
    value = cpu(10**9)
    stale = Failed("frozen", "", value, 3.0)
    assert after(Ready(cpu(0), 1.0), Ready(value, 2.0), stale).rate(CPU, "busy") == 1.0


def test_after_a_failure_the_rate_is_the_mean_over_the_gap() -> None:
    stale = Failed("frozen", "", cpu(0), 2.0)
    assert after(Ready(cpu(0), 1.0), stale, Ready(cpu(10**9), 5.0)).rate(CPU, "busy") == 0.25


@pytest.mark.parametrize("gone", [Absent("stopped", "start it"), Waiting()])
def test_what_is_gone_has_no_rates(gone: Reading[object]) -> None:
    assert after(Ready(cpu(0), 1.0), Ready(cpu(10**9), 2.0), gone).rates == {}


def test_what_came_back_starts_anew() -> None:
    gone = Absent("stopped", "start it")
    assert after(Ready(cpu(0), 1.0), gone, Ready(cpu(10**9), 3.0)).rates == {}


def test_a_counter_that_went_back_has_no_rate_until_the_next_sample() -> None:
    restarted = (Ready(cpu(10**9), 1.0), Ready(cpu(0), 2.0))
    assert after(*restarted).rates[CPU] == {}
    assert after(*restarted, Ready(cpu(10**9), 3.0)).rate(CPU, "busy") == 1.0


def test_a_counter_not_known_has_no_rate() -> None:
    assert after(Ready(cpu(None), 1.0), Ready(cpu(10**9), 2.0)).rate(CPU, "busy") is None


def test_an_interrupt_has_a_rate_by_column_and_in_all() -> None:
    done = after(Ready(irq(0, 10), 1.0), Ready(irq(4, 30), 3.0))
    assert done.irq_rates == {IRQ: (2.0, 10.0)}
    assert done.rate(IRQ, "irq") == 12.0


def test_an_interrupt_that_did_not_fire_is_silent() -> None:
    done = after(Ready(irq(0, 10), 1.0), Ready(irq(0, 10), 2.0))
    assert done.irq_rates == {}
    assert done.rate(IRQ, "irq") == 0.0


def test_the_very_same_counts_are_silent_without_a_look_at_them() -> None:
    value = irq(0, 10)
    assert after(Ready(value, 1.0), Ready(value, 2.0)).rate(IRQ, "irq") == 0.0


def test_a_line_whose_counts_are_not_known_has_no_rate() -> None:
    assert after(Ready(irq(), 1.0), Ready(irq(), 2.0)).rate(IRQ, "irq") is None


def test_a_column_that_wrapped_around_counts_as_silent() -> None:
    done = after(Ready(irq(2**32 - 1, 0), 1.0), Ready(irq(5, 8), 2.0))
    assert done.irq_rates == {IRQ: (0.0, 8.0)}


def test_a_cpu_coming_or_going_has_no_rates_until_the_next_sample() -> None:
    moved = (Ready(irq(0, 0), 1.0), Ready(irq(5, 5, columns=(0, 2)), 2.0))
    assert after(*moved).rates == {}
    assert after(*moved, Ready(irq(6, 5, columns=(0, 2)), 3.0)).rate(IRQ, "irq") == 1.0


def test_the_trend_of_traffic_is_both_directions() -> None:
    done = after(Ready(link(rx=0, tx=0), 1.0), Ready(link(rx=10, tx=5), 2.0))
    assert done.trends == {LINK: (15.0,)}


def test_a_trend_keeps_a_minute() -> None:
    samples = [Ready(cpu(at * 10**9), float(at)) for at in range(TREND + 20)]
    assert after(*samples).trends[CPU] == (1.0,) * TREND


def test_what_never_did_anything_has_no_trend() -> None:
    assert after(Ready(cpu(0), 1.0), Ready(cpu(0), 2.0)).trends == {}


def test_what_fell_silent_goes_on_at_zero() -> None:
    done = after(Ready(cpu(0), 1.0), Ready(cpu(10**9), 2.0), Ready(cpu(10**9), 3.0))
    assert done.trends[CPU] == (1.0, 0.0)


def test_a_snapshot_given_out_does_not_change_any_more() -> None:
    history = History()
    history.complete(host(Ready(cpu(0), 1.0)))
    given_out = history.complete(host(Ready(cpu(10**9), 2.0)))
    history.complete(host(Ready(cpu(2 * 10**9), 3.0)))
    assert given_out.trends == {CPU: (1.0,)}


def test_a_backend_that_was_left_out_is_forgotten() -> None:
    history = History()
    history.complete(host(Ready(cpu(0), 1.0)))
    history.complete(Host())
    assert history.complete(host(Ready(cpu(10**9), 2.0))).rates == {}


@given(st.lists(st.tuples(st.integers(0, 2**64), st.integers(0, 2**64)), max_size=8))
def test_no_row_of_counters_makes_a_negative_rate(rows: list[tuple[int, int]]) -> None:
    history = History()
    done = [
        history.complete(host(Ready(irq(*counts), float(at)))) for at, counts in enumerate(rows)
    ]
    assert all(rate >= 0 for one in done for rates in one.irq_rates.values() for rate in rates)
