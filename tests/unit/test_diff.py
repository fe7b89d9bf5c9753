"""What changed between two lists."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from vtui.diff import diff
from vtui.model import Cpu, Ref

ONE, TWO, THREE = (Cpu(Ref("cpu", str(number)), number) for number in (1, 2, 3))
BUSY = replace(ONE, busy=7)

NUMBERED = {number: Cpu(Ref("cpu", str(number)), number) for number in range(10)}
CPUS = st.dictionaries(st.sampled_from(range(10)), st.integers(0, 2)).map(
    lambda found: [replace(NUMBERED[number], busy=busy) for number, busy in found.items()]
)


def test_equal_lists_differ_in_nothing() -> None:
    assert not diff([ONE, TWO], [ONE, TWO])


def test_a_new_ref_is_added() -> None:
    assert diff([ONE], [ONE, TWO]).added == (TWO,)


def test_a_missing_ref_is_removed() -> None:
    assert diff([ONE, TWO], [TWO]).removed == (ONE,)


def test_the_same_ref_with_another_value_is_changed() -> None:
    assert diff([ONE], [BUSY]).changed == ((ONE, BUSY),)


def test_a_new_order_is_no_change() -> None:
    assert not diff([ONE, TWO], [TWO, ONE])


def test_additions_stand_in_the_order_of_the_newer_list() -> None:
    assert diff([], [THREE, ONE, TWO]).added == (THREE, ONE, TWO)


@given(CPUS, CPUS)
def test_the_difference_leads_from_the_old_list_to_the_new_one(
    old: list[Cpu], new: list[Cpu]
) -> None:
    delta = diff(old, new)
    after = {cpu.ref: cpu for cpu in old}
    for cpu in delta.removed:
        del after[cpu.ref]
    after.update({cpu.ref: cpu for cpu in delta.added})
    after.update({now.ref: now for _, now in delta.changed})
    assert after == {cpu.ref: cpu for cpu in new}
