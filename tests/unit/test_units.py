"""Numbers as people read them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui import units

WIDEST = 8


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "-"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 KiB"),
        (512 * 2**20, "512 MiB"),
        (1536 * 2**20, "1.5 GiB"),
        (2**30 - 1, "1 GiB"),
        (10 * 2**30, "10 GiB"),
        (2**50, "1 PiB"),
    ],
)
def test_size(count: int | None, text: str) -> None:
    assert units.size(count) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (None, "-"),
        (0.0, "0 B/s"),
        (12_345.0, "12 kB/s"),
        (1_234_567.0, "1.2 MB/s"),
        (999_499.0, "999 kB/s"),
        (999_500.0, "1 MB/s"),
    ],
)
def test_traffic_is_decimal_as_line_rates_are(rate: float | None, text: str) -> None:
    assert units.traffic(rate) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [(None, "-"), (10**10, "10 Gb/s"), (2_500_000_000, "2.5 Gb/s"), (10_000_000, "10 Mb/s")],
)
def test_bits(rate: int | None, text: str) -> None:
    assert units.bits(rate) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (None, "-"),
        (0.0, "0/s"),
        (0.01, "<0.1/s"),
        (0.05, "0.1/s"),
        (9.9, "9.9/s"),
        (9.96, "10/s"),
        (250.0, "250/s"),
        (12_000.0, "12 k/s"),
    ],
)
def test_frequency_never_says_zero_for_what_happened(rate: float | None, text: str) -> None:
    assert units.frequency(rate) == text


@pytest.mark.parametrize(
    ("clock", "text"), [(None, "-"), (2_400_000_000, "2.4 GHz"), (800_000_000, "800 MHz")]
)
def test_hertz(clock: int | None, text: str) -> None:
    assert units.hertz(clock) == text


@pytest.mark.parametrize(
    ("load", "text"), [(None, "-"), (0.0, "0 %"), (0.004, "0 %"), (1.534, "153 %")]
)
def test_percent(load: float | None, text: str) -> None:
    assert units.percent(load) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.9, "0 s"),
        (99.9, "99 s"),
        (100, "1 min"),
        (5999, "99 min"),
        (6000, "1 h"),
        (172_799, "47 h"),
        (172_800, "2 d"),
        (12 * 86_400, "12 d"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert units.duration(seconds) == text


@pytest.mark.parametrize("write", [units.size, units.traffic, units.bits, units.hertz])
@given(count=st.integers(0, 999 * 10**15))
def test_no_number_is_wider_than_its_column(write: Callable[[int], str], count: int) -> None:
    assert len(write(count)) <= WIDEST


@given(st.floats(0, 1e12))
def test_no_rate_is_wider_than_its_column(rate: float) -> None:
    assert len(units.frequency(rate)) <= WIDEST


@given(st.floats(0, 1e9))
def test_no_span_is_wider_than_its_column(seconds: float) -> None:
    assert len(units.duration(seconds)) <= WIDEST
