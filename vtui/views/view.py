"""The description of one kind's list, and small cell makers that several kinds share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from vtui import units
from vtui.columns import Cell, Column, Tone
from vtui.model import Host, Ref

Field = tuple[str, str]
"""A label and its value in a detail pane; an empty label continues the field above."""


@dataclass(frozen=True, slots=True)
class View:
    """A kind of thing: where its items are, its columns, its details, what a filter looks at."""

    kind: str
    plural: str
    items: Callable[[Host], Sequence[Any]]
    columns: tuple[Column[Any], ...]
    detail: Callable[[Any, Host], list[Field]]
    words: Callable[[Any], str]
    """The text a filter is matched against."""
    backends: tuple[str, ...]
    """Names (or beginnings of names) of the readings it is made of."""
    empty: str = "none"
    """What stands in the list when it has nothing."""


def rate_cell(host: Host, ref: Ref, name: str) -> Cell:
    """A traffic rate; zero is dim so that what moves stands out."""
    value = host.rate(ref, name)
    return Cell(units.traffic(value), Tone.PLAIN if value else Tone.DIM)


def load_cell(value: float | None, full: float = 1.0) -> Cell:
    """A load in CPUs; warm from half of what it may take (`full`, in CPUs), hot from 90 % of it."""
    text = units.percent(value)
    if value is None or value < 0.005:
        return Cell(text, Tone.DIM)
    share = value / full
    return Cell(text, Tone.BAD if share >= 0.9 else Tone.WARN if share >= 0.5 else Tone.PLAIN)


def trend_cell(host: Host, ref: Ref, width: int, full: float = 0.0) -> Cell:
    """The last `width` samples of the main rate as a sparkline.

    It is scaled to its own peak, or to `full` where that is more: a CPU's load to one CPU.
    """
    return Cell(sparkline(host.trends.get(ref, ()), width, full), Tone.ACCENT)


BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int, full: float = 0.0) -> str:
    """The newest `width` values as blocks, right-aligned; a flat zero is a base line."""
    shown = values[-width:]
    peak = max(shown, default=0.0)
    peak = max(peak, full) if peak else 0.0
    top = len(BLOCKS) - 1
    return "".join(
        BLOCKS[min(top, round(value / peak * top))] if peak else BLOCKS[0] for value in shown
    ).rjust(width)


def pairs(values: Sequence[tuple[str, str]], label: str) -> list[Field]:
    """Key-value pairs below one label."""
    return [
        (label if not index else "", f"{key}={value}") for index, (key, value) in enumerate(values)
    ]


def counters(values: Sequence[tuple[str, int]]) -> list[Field]:
    """Counters by name, below one label."""
    return pairs([(name, str(value)) for name, value in values], "counters")


def yes(value: bool | None) -> str:
    """yes, no or -."""
    return units.NOTHING if value is None else "yes" if value else "no"


def number(value: float | None) -> float:
    """A sort key that puts the unknown last when the largest come first."""
    return -1.0 if value is None else float(value)
