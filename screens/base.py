"""What every screen has: the header, the tabs, the footer, and a Host to show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from vtui import units
from vtui.columns import Line, Span, Tone
from vtui.keys import KEYS, SCREENS, first
from vtui.model import Cpus, Host
from vtui.widgets.availability import marks
from vtui.widgets.lines import Lines

Current = Callable[[], Host]
"""Gives the newest snapshot."""


class HostScreen(Screen[None], inherit_bindings=False):
    """A screen over the newest Host: `show` is called with each one while it is the active screen."""

    PLACES: ClassVar[tuple[str, ...]] = ("table", "list", "app")
    """Whose keys the footer names."""

    def __init__(self, name: str, current: Current) -> None:
        super().__init__(name=name)
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]
        self._current = current

    @property
    def host(self) -> Host:
        """The newest snapshot."""
        return self._current()

    def compose(self) -> ComposeResult:
        """Header, tabs, the screen's own body, footer."""
        yield Lines(id="header", classes="bar")
        yield Lines(id="tabs", classes="bar")
        yield from self.body()
        yield Lines(id="footer", classes="bar")

    def body(self) -> Iterable[Widget]:
        """The screen's own part."""
        return ()

    def show(self, host: Host) -> None:
        """Draw a snapshot."""
        width = self.size.width
        self.query_one("#header", Lines).show([header(host, width)])
        self.query_one("#tabs", Lines).show([tabs(self.name or "", width)])
        self.show_footer()

    def show_footer(self) -> None:
        """Draw the footer: the keys that apply, and where the cursor is."""
        width = self.size.width
        self.query_one("#footer", Lines).show([footer(self.PLACES, self.position(), width)])

    def position(self) -> str:
        """What stands at the footer's right."""
        return ""

    def on_screen_resume(self) -> None:
        """It came to the front: catch up."""
        self.show(self.host)

    def on_resize(self) -> None:
        """Lines depend on the width."""
        self.call_after_refresh(lambda: self.show(self.host))


def header(host: Host, width: int) -> Line:
    """Host name, kernel where there is room, time up and load; then a mark per backend."""
    cpus = host.value(Cpus)
    name = (cpus.hostname if cpus else "") or "vtui"
    right = marks(host.readings)
    room = width - sum(len(text) for text, _ in right)
    words: list[Span] = [(f" {name}", Tone.TITLE)]
    if cpus and cpus.boot_time:
        words.append((f"  up {units.duration(host.at - cpus.boot_time)}", Tone.PLAIN))
    if cpus and cpus.load:
        words.append((f"  load {cpus.load[0]:.1f}", Tone.PLAIN))
    if cpus and cpus.kernel:
        words.insert(1, (f"  {cpus.kernel}", Tone.DIM))
    for word in ("kernel", "load", "up"):
        if sum(len(text) for text, _ in words) <= room or len(words) == 1:
            break
        del words[1 if word == "kernel" and cpus and cpus.kernel else -1]
    blank = room - sum(len(text) for text, _ in words)
    return (*words, (" " * max(1, blank), Tone.PLAIN), *right)


def tabs(active: str, width: int) -> Line:
    """The screens with their number keys; the active one stands out."""
    spans: list[Span] = [(" ", Tone.DIM)]
    for number, name in enumerate(SCREENS, 1):
        tone = Tone.TITLE if name == active else Tone.DIM
        text = f"[{number} {name}]" if name == active else f" {number} {name} "
        spans.append((text, tone))
    return tuple(spans)


def footer(places: tuple[str, ...], position: str, width: int) -> Line:
    """The keys worth naming, as many as fit beside the position."""
    room = width - len(position) - 2
    spans: list[Span] = [(" ", Tone.DIM)]
    used = 1
    for place in places:
        for key in KEYS:
            if key.footer and key.where == place:
                name, title = first(key.keys), f" {key.title}  "
                if used + len(name) + len(title) > room:
                    continue
                spans += [(name, Tone.ACCENT), (title, Tone.DIM)]
                used += len(name) + len(title)
    return (
        *spans,
        (" " * max(0, width - used - len(position) - 1), Tone.DIM),
        (position, Tone.PLAIN),
    )
