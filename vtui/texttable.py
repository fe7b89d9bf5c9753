"""Plain text for the command line: tables, fields, and how wide a text is on a terminal."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from vtui.columns import Column, fit
from vtui.model import Host
from vtui.text import clean

T = TypeVar("T")

GAP = 2
CUT = ".."


def table(
    columns: Sequence[Column[T]], items: Sequence[T], host: Host, width: int | None
) -> list[str]:
    """A title line, then one line an item.

    In `width` characters the columns of high rank are left out and long texts cut; None cuts nothing.
    """
    texts = {
        column.id: [clean(column.cell(item, host).text) for item in items] for column in columns
    }
    needed = {
        column.id: max(columns_of(text) for text in [column.title, *texts[column.id]])
        for column in columns
    }
    if width is None:
        chosen = [(column, needed[column.id]) for column in columns]
    else:
        chosen = _fit(columns, needed, width)
    rows = [[column.title for column, _ in chosen]]
    rows += [[texts[column.id][index] for column, _ in chosen] for index in range(len(items))]
    blank = " " * GAP
    return [
        blank.join(
            pad(text, wide, right=column.right)
            for text, (column, wide) in zip(row, chosen, strict=True)
        ).rstrip()
        for row in rows
    ]


def _fit(
    columns: Sequence[Column[T]], needed: dict[str, int], width: int
) -> list[tuple[Column[T], int]]:
    """Columns no wider than their texts; what that spares goes to those whose texts are cut."""
    tight = [
        replace(column, width=min(column.width, needed[column.id]), grow=0) for column in columns
    ]
    chosen = fit(tight, width, GAP)
    spare = width - sum(wide for _, wide in chosen) - GAP * (len(chosen) - 1)
    widths = []
    for column, wide in chosen:
        extra = max(0, min(spare, needed[column.id] - wide))
        spare -= extra
        widths.append((column, wide + extra))
    return widths


def stacked(rows: Sequence[tuple[str, str, str, str]], width: int | None) -> list[str]:
    """Two aligned columns and a sentence; the last, a hint, stands below it in `width` characters.

    None puts each row on one line of its own.
    """
    cleaned = [tuple(map(clean, row)) for row in rows]
    first = max(columns_of(row[0]) for row in cleaned)
    second = max(columns_of(row[1]) for row in cleaned)
    blank = " " * GAP
    lines = []
    for name, state, sentence, hint in cleaned:
        begin = pad(name, first) + blank + pad(state, second) + blank
        said = [one for one in (sentence, f"hint: {hint}" if hint else "") if one]
        if width is None:
            texts = ["; ".join(said)]
        else:
            room = max(20, width - columns_of(begin))
            wrapper = textwrap.TextWrapper(room, break_on_hyphens=False)
            texts = [line for one in said for line in wrapper.wrap(one)] or [""]
        lines.append((begin + texts[0]).rstrip())
        lines += [" " * columns_of(begin) + text for text in texts[1:]]
    return lines


def fields(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """`label:  value` lines, the values aligned; an empty label continues the one above."""
    left = max((columns_of(label) for label, _ in pairs), default=0) + 1
    return [
        f"{pad(clean(label) + ':' if label else '', left)}  {clean(value)}".rstrip()
        for label, value in pairs
    ]


def columns_of(text: str) -> int:
    """How many columns of a terminal a cleaned text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly `width` columns, cut with ".." when it is wider."""
    wide = columns_of(text)
    if wide > width:
        text = _cut(text, width)
        wide = columns_of(text)
    blank = " " * (width - wide)
    return blank + text if right else text + blank


def _cut(text: str, width: int) -> str:
    kept, room = "", width - len(CUT)
    for char in text:
        room -= _columns(char)
        if room < 0:
            break
        kept += char
    return (kept + CUT)[:width]


def _columns(char: str) -> int:
    # Unicode Standard Annex 11; marks without a width of their own stand on the letter before them.
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
