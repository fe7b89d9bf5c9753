"""The cursor gets where it shall, the short way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator import Emulator
from vtui.terminal.capabilities import Capabilities
from vtui.terminal.moves import UNKNOWN, address, move

WIDTH, HEIGHT = 132, 50

rows = st.integers(0, HEIGHT - 1)
columns = st.integers(0, WIDTH - 1)


def landed(column: bool, before: str, sequence: str) -> tuple[int, int]:
    emulator = Emulator(Capabilities(column=column), WIDTH, HEIGHT)
    emulator.feed(before + sequence)
    return emulator.cursor.y, emulator.cursor.x


@given(rows, columns, rows, columns, st.booleans())
def test_it_arrives_from_everywhere(y: int, x: int, to_y: int, to_x: int, column: bool) -> None:
    assert landed(column, address(y, x), move(y, x, to_y, to_x, column)) == (to_y, to_x)


@given(rows, columns, rows, columns, st.booleans())
def test_it_arrives_from_an_unknown_column(
    y: int, x: int, to_y: int, to_x: int, column: bool
) -> None:
    assert landed(column, address(y, x), move(y, UNKNOWN, to_y, to_x, column)) == (to_y, to_x)


@given(rows, columns, rows, columns, st.booleans())
def test_it_is_never_longer_than_the_address(
    y: int, x: int, to_y: int, to_x: int, column: bool
) -> None:
    assert len(move(y, x, to_y, to_x, column)) <= len(address(to_y, to_x))


@pytest.mark.parametrize(
    ("start", "end", "sequence"),
    [
        ((3, 4), (3, 4), ""),
        ((0, 0), (0, 0), ""),
        ((UNKNOWN, UNKNOWN), (0, 0), "\x1b[H"),
        ((UNKNOWN, UNKNOWN), (0, 7), "\x1b[;8H"),
        ((UNKNOWN, UNKNOWN), (7, 0), "\x1b[8H"),
        ((3, 79), (4, 0), "\n\r"),
        ((3, 9), (3, 7), "\b\b"),
        ((3, 9), (3, 20), "\x1b[11C"),
        ((3, 9), (3, 10), "\x1b[C"),
        ((5, 7), (4, 7), "\x1bM"),
        ((5, 7), (8, 7), "\n\n\n"),
        ((2, 40), (20, 60), "\x1b[21;61H"),
    ],
)
def test_the_shortest_way(start: tuple[int, int], end: tuple[int, int], sequence: str) -> None:
    assert move(*start, *end, False) == sequence
