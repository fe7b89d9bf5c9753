"""The keys and the marks."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from vtui.columns import Line, Tone
from vtui.keys import KEYS, shown
from vtui.widgets.lines import Lines

PLACES = (("table", "In a list"), ("list", "About a list"), ("app", "Anywhere"))

MARKS: tuple[Line, ...] = (
    (
        ("● ", Tone.GOOD),
        ("running, up, answering   ", Tone.PLAIN),
        ("‖ ", Tone.WARN),
        ("paused, frozen", Tone.PLAIN),
    ),
    (
        ("○ ", Tone.DIM),
        ("off, absent              ", Tone.PLAIN),
        ("✗ ", Tone.BAD),
        ("failed, no carrier", Tone.PLAIN),
    ),
    (
        ("! ", Tone.BAD),
        ("unhealthy                ", Tone.PLAIN),
        ("↻ ", Tone.BAD),
        ("restarting", Tone.PLAIN),
    ),
    (
        ("· ", Tone.ACCENT),
        ("an interrupt now and then, ", Tone.PLAIN),
        ("▁ to █", Tone.ACCENT),
        (" more and more", Tone.PLAIN),
    ),
)


def help_lines() -> list[Line]:
    """The page."""
    lines: list[Line] = []
    for place, title in PLACES:
        lines.append(((f" {title}", Tone.TITLE),))
        lines += [
            ((f"   {shown(key.keys):<12}", Tone.ACCENT), (key.help, Tone.PLAIN))
            for key in KEYS
            if key.where == place
        ]
    lines.append(((" Marks", Tone.TITLE),))
    return lines + [((("   ", Tone.PLAIN)), *line) for line in MARKS]


class HelpScreen(ModalScreen[None]):
    """Keys and marks over the screen they belong to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "close", "close", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def compose(self) -> ComposeResult:
        """One scrolling page."""
        page = Lines(help_lines(), id="help")
        page.can_focus = True
        page.border_title = "vtui: keys and marks (Esc closes)"
        yield page

    def action_scroll(self, lines: int) -> None:
        """Scroll by a line."""
        self.query_one(Lines).scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss()
