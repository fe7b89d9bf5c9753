"""The cheapest way from one cell to another.

Sources: ECMA-48 for CUP, CUU, CUD, CUF, CUB and CHA, whose parameters of 1 may be left out; CR, LF and BS;
RI (ESC M). The line discipline must not turn LF into CR LF (see `line.py`).
"""

from __future__ import annotations

from functools import lru_cache

UNKNOWN = -1
"""No row or column: the cursor wrote the last column or a wide character, or others have written."""


def _csi(number: int, final: str) -> str:
    return f"\x1b[{number}{final}" if number != 1 else f"\x1b[{final}"


def address(y: int, x: int) -> str:
    """CUP: to a cell, from anywhere."""
    row = str(y + 1) if y else ""
    column = f";{x + 1}" if x else ""
    return f"\x1b[{row}{column}H"


@lru_cache(maxsize=8192)
def move(from_y: int, from_x: int, y: int, x: int, column: bool) -> str:
    """What takes the cursor to row `y` and column `x`; `column` tells whether the terminal knows CHA."""
    if (from_y, from_x) == (y, x):
        return ""
    best = address(y, x)
    if from_y == UNKNOWN:
        return best
    for vertical in _vertical(y - from_y):
        for horizontal in _horizontal(from_x, x, column):
            best = min(best, vertical + horizontal, key=len)
    return best


def _vertical(rows: int) -> tuple[str, ...]:
    if rows == 0:
        return ("",)
    if rows > 0:
        return (_csi(rows, "B"), "\n" * min(rows, 9)) if rows <= 9 else (_csi(rows, "B"),)
    return (_csi(-rows, "A"), "\x1bM") if rows == -1 else (_csi(-rows, "A"),)


def _horizontal(from_x: int, x: int, column: bool) -> tuple[str, ...]:
    if from_x == x:
        return ("",)
    ways = ["\r" if x == 0 else "\r" + _csi(x, "C")]
    if column:
        ways.append(_csi(x + 1, "G"))
    if from_x != UNKNOWN:
        ways.append(_csi(x - from_x, "C") if x > from_x else _csi(from_x - x, "D"))
        if from_x > x:
            ways.append("\b" * min(from_x - x, 9) if from_x - x <= 9 else ways[-1])
    return tuple(ways)
