"""A program that shows which key was pressed last, and how many, all over the screen."""

from __future__ import annotations

import sys

from textual import events
from textual.app import ComposeResult
from textual.widgets import Static

from vtui.terminal import TerminalApp


class Page(Static):
    """Every cell changes with every key."""

    def render(self) -> str:
        """A pattern of the number of keys."""
        app = self.app
        assert isinstance(app, KeyApp)
        width, height = self.size
        head = f"{width}x{height} key {app.count} {app.last}"
        filler = "".join(chr(97 + (app.count * 7 + x * 11) % 26) for x in range(width))
        return "\n".join([head.ljust(width), *[filler[y:] + filler[:y] for y in range(height - 1)]])


class KeyApp(TerminalApp[int], inherit_bindings=False):
    """q leaves, ! fails, L repaints."""

    CSS = "Screen { overflow: hidden; } Page { width: 100%; height: 100%; }"
    ENABLE_COMMAND_PALETTE = False
    count = 0
    last = "none"

    def compose(self) -> ComposeResult:
        """The page."""
        yield Page(markup=False)

    def on_key(self, event: events.Key) -> None:
        """Count it."""
        self.count += 1
        self.last = event.key
        if event.character == "q":
            self.exit(7)
        elif event.character == "!":
            raise RuntimeError("as asked for")
        elif event.character == "L":
            self.action_repaint()
        self.query_one(Page).refresh()


if __name__ == "__main__":
    app = KeyApp()
    code = app.run()
    sys.exit(code if code is not None else app.return_code)
