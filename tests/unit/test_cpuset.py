"""The kernel's two notations of CPU sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.cpuset import MAX_CPUS, format_list, format_mask, parse_list, parse_mask

CPU_SETS = st.frozensets(st.integers(0, MAX_CPUS - 1), max_size=64)


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("", set()),
        ("\n", set()),
        ("0", {0}),
        ("0-3,8", {0, 1, 2, 3, 8}),
        ("0-3,8\n", {0, 1, 2, 3, 8}),
        ("2,1", {1, 2}),
        ("0-7:1/2", {0, 2, 4, 6}),
        ("0-7:2/4", {0, 1, 4, 5}),
        ("8191", {8191}),
    ],
)
def test_a_list_is_read_as_the_kernel_writes_it(text: str, cpus: set[int]) -> None:
    assert parse_list(text) == cpus


@pytest.mark.parametrize(
    "text", ["x", "1-", "-1", "3-1", "1,,2", "1 2", "8192", "0-7:0/2", "0-7:3/2", "(null)", "٣"]
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a CPU"):
        parse_list(text)


@pytest.mark.parametrize(
    ("cpus", "text"),
    [(set(), ""), ({5}, "5"), ({0, 1, 2, 3, 8}, "0-3,8"), ({1, 0}, "0-1"), ({0, 2}, "0,2")],
)
def test_a_list_is_written_as_short_as_the_kernel_does(cpus: set[int], text: str) -> None:
    assert format_list(cpus) == text


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("0", set()),
        ("f", {0, 1, 2, 3}),
        ("0xF", {0, 1, 2, 3}),
        ("00000001,80000000\n", {31, 32}),
        ("1,0,0", {64}),
    ],
)
def test_a_mask_is_read_as_the_kernel_writes_it(text: str, cpus: set[int]) -> None:
    assert parse_mask(text) == cpus


@pytest.mark.parametrize("text", ["", "g", "1,", ",1", "1,123456789", "1 2", "f" * 3000])
def test_what_is_no_mask_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="CPU mask"):
        parse_mask(text)


@pytest.mark.parametrize(
    ("cpus", "text"),
    [(set(), "0"), ({0, 3}, "9"), ({31, 32}, "1,80000000"), ({64}, "1,00000000,00000000")],
)
def test_a_mask_is_written_in_groups_of_32_bits(cpus: set[int], text: str) -> None:
    assert format_mask(cpus) == text


@given(CPU_SETS)
def test_a_list_comes_back_as_it_went(cpus: frozenset[int]) -> None:
    assert parse_list(format_list(cpus)) == cpus


@given(CPU_SETS)
def test_a_mask_comes_back_as_it_went(cpus: frozenset[int]) -> None:
    assert parse_mask(format_mask(cpus)) == cpus


@given(st.text() | st.text(alphabet="0123456789-,:/", max_size=40))
def test_any_text_is_a_list_or_a_value_error(text: str) -> None:
    try:
        cpus = parse_list(text)
    except ValueError:
        return
    assert all(0 <= cpu < MAX_CPUS for cpu in cpus)


@given(st.text() | st.text(alphabet="0123456789abcdefx,", max_size=40))
def test_any_text_is_a_mask_or_a_value_error(text: str) -> None:
    try:
        cpus = parse_mask(text)
    except ValueError:
        return
    assert all(0 <= cpu < MAX_CPUS for cpu in cpus)
