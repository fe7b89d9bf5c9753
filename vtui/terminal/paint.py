"""One row from what it shows to what it shall show, in the fewest bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vtui.terminal.cells import Row
from vtui.terminal.pencil import Pencil
from vtui.terminal.pens import Pen, erasable

ERASE = 3
"""Bytes of EL."""

WORTH_TRYING = 8
"""Cells of a row that must have changed before erasing it first is considered."""

_LONG_BLANK = re.compile(" {6,}")

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
    """The pen of a row's long blanks, where there are some and erasing can leave them."""
    text = "".join([char or "_" for char, _ in row[start:]])
    longest = max(_LONG_BLANK.finditer(text), key=lambda match: len(match[0]), default=None)
    if longest is None:
        return None
    pen = row[start + longest.start()][1]
    return pen if erasable(pen, bce) else None
