"""Cells and columns: how one thing becomes one row, on screen and in the CLI's tables alike."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from vtui.model import Host

T = TypeVar("T")


class Tone(enum.Enum):
    """What a text's colour says; the text or its glyph says the same."""

    PLAIN = "plain"
    DIM = "dim"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    ACCENT = "accent"
    TITLE = "title"


Span = tuple[str, Tone]
"""A run of text in one tone."""

Line = tuple[Span, ...]
"""One line of the screen."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of one row."""

    text: str
    tone: Tone = Tone.PLAIN


SortKey = float | str


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column. `width` is in characters; `rank` 0 is always shown, larger ones go first when narrow."""

    id: str
    title: str
    width: int
    cell: Callable[[T, Host], Cell]
    key: Callable[[T, Host], SortKey] | None = None
    """What it is sorted by; its text in lower case when None."""
    right: bool = False
    grow: int = 0
    """Share of the width that is left over."""
    rank: int = 0
    live: bool = False
    """A rate: needs two readings, so the CLI's single one leaves it out."""

    draw: Callable[[T, Host, int], Line] | None = None
    """Draws the cell in so many characters, where one tone is not enough; `cell` still tells its text."""
    head: Callable[[Host, int], str] | None = None
    """A title that depends on the host, in so many characters."""

    def sort_key(self, item: T, host: Host) -> SortKey:
        """What rows are ordered by."""
        return self.key(item, host) if self.key else self.cell(item, host).text.lower()


def fit(columns: Sequence[Column[T]], width: int, gap: int = 1) -> list[tuple[Column[T], int]]:
    """The columns that find room in `width` characters, in order, each with its own width.

    The highest ranks are left out until the rest fits; what is left over goes to the growing ones.
    """
    chosen = list(columns)

    def needed() -> int:
        return sum(column.width for column in chosen) + gap * (len(chosen) - 1)

    while needed() > width:
        highest = max(column.rank for column in chosen)
        if not highest:
            break
        last = max(index for index, column in enumerate(chosen) if column.rank == highest)
        del chosen[last]
    spare = max(0, width - needed())
    shares = sum(column.grow for column in chosen)
    widths = []
    for column in chosen:
        extra = spare * column.grow // shares if shares else 0
        widths.append((column, column.width + extra))
    return widths
