"""Finding out that part of the screen has moved up or down."""

from __future__ import annotations

from collections.abc import Sequence
from operator import ne
from typing import NamedTuple

from vtui.terminal.cells import BLANK, Row

GAIN = 32
"""Cells that scrolling must spare to be worth its 15 to 25 bytes and the stir on the screen."""


class Scroll(NamedTuple):
    """Rows `top` to `bottom` move up by `rows`, down where that is negative; blanks come in."""

    top: int
    bottom: int
    rows: int

    def apply(self, shown: Sequence[Row]) -> list[Row]:
        """What the screen shows afterwards."""
        height, width = self.bottom - self.top + 1, len(shown[0])
        region = [list(row) for row in shown[self.top : self.bottom + 1]]
        blank = [[BLANK] * width for _ in range(min(abs(self.rows), height))]
        region = region[self.rows :] + blank if self.rows > 0 else blank + region[: self.rows]
        return [*shown[: self.top], *region, *shown[self.bottom + 1 :]]


def find_scroll(shown: Sequence[Row], wanted: Sequence[Row]) -> Scroll | None:
    """The move that leaves least to write, where it spares more than it costs."""
    changed = [y for y, (old, new) in enumerate(zip(shown, wanted, strict=True)) if old != new]
    if len(changed) < 3:
        return None
    moved = _moved_rows(shown, wanted, changed)
    best, most = None, GAIN
    for rows, targets in sorted(moved.items(), key=lambda item: -len(item[1]))[:2]:
        scroll = Scroll(
            min(targets) + min(rows, 0),
            max(targets) + max(rows, 0),
            rows,
        )
        gain = _differences(shown, wanted, scroll) - _differences(
            scroll.apply(shown), wanted, scroll
        )
        if gain > most:
            best, most = scroll, gain
    return best


def _moved_rows(
    shown: Sequence[Row], wanted: Sequence[Row], changed: Sequence[int]
) -> dict[int, list[int]]:
    """By how far they moved: the rows that were somewhere else before."""
    before: dict[tuple[object, ...], list[int]] = {}
    for y in range(changed[0], changed[-1] + 1):
        row = shown[y]
        if any(cell != row[0] for cell in row):
            before.setdefault(tuple(row), []).append(y)
    moved: dict[int, list[int]] = {}
    for y in changed:
        for origin in before.get(tuple(wanted[y]), ()):
            moved.setdefault(origin - y, []).append(y)
    return moved


def _differences(shown: Sequence[Row], wanted: Sequence[Row], scroll: Scroll) -> int:
    region = slice(scroll.top, scroll.bottom + 1)
    return sum(
        sum(map(ne, old, new)) for old, new in zip(shown[region], wanted[region], strict=True)
    )
