"""What happened since vtui started."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from vtui.changes import Event
from vtui.columns import Cell, Column, Tone
from vtui.model import Host
from vtui.screens.base import Current
from vtui.screens.listing import ListScreen
from vtui.views.view import Field, View


def _clock(event: Event) -> str:
    return time.strftime("%H:%M:%S", time.localtime(event.at))


def _detail(event: Event, _host: Host) -> list[Field]:
    when = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(event.at))
    return [("when", when), ("what", event.text), ("about", str(event.thing or "-"))]


LOG = View(
    kind="event",
    plural="log",
    items=lambda host: (),
    columns=(
        Column(
            "at",
            "TIME",
            8,
            lambda event, host: Cell(_clock(event), Tone.DIM),
            key=lambda event, host: event.at,
        ),
        Column(
            "what",
            "WHAT HAPPENED",
            40,
            lambda event, host: Cell(event.text, Tone.BAD if event.bad else Tone.PLAIN),
            grow=1,
        ),
    ),
    detail=_detail,
    words=lambda event: event.text,
    backends=(),
    empty="nothing has changed since vtui started",
)


class LogScreen(ListScreen):
    """The events, newest first."""

    def __init__(self, name: str, current: Current, events: Callable[[], Sequence[Event]]) -> None:
        super().__init__(name, current, LOG)
        self._events = events

    def items(self, host: Host) -> Sequence[Event]:
        """The events, newest first."""
        return tuple(reversed(self._events()))
