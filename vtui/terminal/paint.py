"""One row from what it shows to what it shall show, in the fewest bytes."""

from __future__ import annotations

from collections.abc import Iterator

from vtui.terminal.cells import Cell, Row
from vtui.terminal.pencil import Pencil
from vtui.terminal.pens import Pen, erasable

ERASE = 3
"""Bytes of EL."""

WORTH_TRYING = 8
"""Cells a row must have changed, and blanks it must have, before erasing it first is considered."""

Span = tuple[int, int]


def paint_row(pencil: Pencil, y: int, shown: Row, wanted: Row) -> None:
    """Write the row's changes."""
    spans = list(changes(shown, wanted))
    if not spans:
        return
    direct = pencil.fork()
    _write(direct, y, spans, wanted)
    start = spans[0][0]
    pen = _main_blank(wanted, start, pencil.terminal.bce)
    if pen is not None and sum(end - begin for begin, end in spans) >= WORTH_TRYING:
        anew = pencil.fork()
        anew.erase_line(y, start, pen)
        erased = [*shown[:start], *[(" ", pen)] * (len(shown) - start)]
        _write(anew, y, list(changes(erased, wanted)), wanted)
        if anew.size < direct.size:
            direct = anew
    pencil.join(direct)


def changes(shown: Row, wanted: Row) -> Iterator[Span]:
    """Where the row differs: first cell and the one behind the last, wide characters as a whole."""
    start = None
    for x, (old, new) in enumerate(zip(shown, wanted, strict=True)):
        if old is not new and old != new:
            if start is None:
                start = x if new[0] else x - 1
        elif start is not None and new[0]:
            yield start, x
            start = None
    if start is not None:
        yield start, len(wanted)


def _write(pencil: Pencil, y: int, spans: list[Span], wanted: Row) -> None:
    tail = _tail(wanted, pencil.terminal.bce)
    erase = None
    if spans and spans[-1][1] > tail:
        begin = next(max(start, tail) for start, end in spans if end > tail)
        if spans[-1][1] - begin > ERASE:
            erase = begin
            spans = [(start, min(end, begin)) for start, end in spans if start < begin]
    for start, end in spans:
        pencil.reach(wanted, y, start)
        pencil.write(wanted, y, start, end)
    if erase is not None:
        pencil.reach(wanted, y, erase)
        pencil.erase_line(y, erase, wanted[erase][1])


def _tail(row: Row, bce: bool) -> int:
    """From where on the row is nothing but blanks that erasing can leave."""
    last = row[-1]
    x = len(row)
    if last[0] == " " and erasable(last[1], bce):
        while x and row[x - 1] == last:
            x -= 1
    return x


def _main_blank(row: Row, start: int, bce: bool) -> Pen | None:
    """The pen of most blanks from a column on, where there are many and erasing can leave them."""
    counts: dict[Cell, int] = {}
    for cell in row[start:]:
        if cell[0] == " ":
            counts[cell] = counts.get(cell, 0) + 1
    if not counts:
        return None
    most = max(counts, key=counts.__getitem__)
    if counts[most] < WORTH_TRYING or not erasable(most[1], bce):
        return None
    return most[1]
