"""Whatever happens between two looks at the screen, it shows what Textual's own output would show."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import get_character_cell_size
from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.emulator import Emulator, Look
from vtui.terminal.capabilities import ALL, Attr, Capabilities, Depth, capabilities
from vtui.terminal.painter import Painter

TERMINALS = {
    "xterm-256color": {},
    "xterm": {},
    "xterm-direct": {"COLORTERM": "truecolor"},
    "linux": {},
    "vt220": {},
    "vt100": {},
    "screen": {},
    "screen-256color": {},
    "tmux-256color": {},
    "dumb": {},
}

SYSTEMS = {
    Depth.MONO: None,
    Depth.SIXTEEN: "standard",
    Depth.PALETTE: "256",
    Depth.TRUE: "truecolor",
}

COLOURS = {
    Depth.MONO: [None],
    Depth.SIXTEEN: [None, *(Color.parse(name) for name in ("red", "cyan", "bright_green"))],
    Depth.PALETTE: [None, *(Color.parse(name) for name in ("red", "color(110)", "#2f6f9f"))],
    Depth.TRUE: [None, *(Color.parse(name) for name in ("red", "#11151a", "#2f6f9f"))],
}

GROUNDS = {**COLOURS, Depth.SIXTEEN: [None, Color.parse("blue")]}

NAMES = {
    Attr.BOLD: "bold",
    Attr.DIM: "dim",
    Attr.ITALIC: "italic",
    Attr.UNDERLINE: "underline",
    Attr.BLINK: "blink",
    Attr.REVERSE: "reverse",
    Attr.STRIKE: "strike",
}

IDEAL = Capabilities(
    depth=Depth.TRUE, attributes=ALL, attribute_off=True, column=True, regions=True, modes=True
)

ACTS = ["all", "part", "part", "scroll", "scroll", "send", "send", "noise", "resize", "forget"]

Piece = tuple[str, Style]
Line = list[Piece]
"""One piece a character."""


def terminal_of(name: str) -> Capabilities:
    return capabilities({"TERM": name, **TERMINALS[name]})


@lru_cache
def styles(terminal: Capabilities) -> st.SearchStrategy[Style]:
    """Few styles, so that neighbours are often alike, of what the terminal shows."""
    shown = [name for attribute, name in NAMES.items() if attribute in terminal.attributes]
    colours = st.sampled_from(COLOURS[terminal.depth])
    return st.builds(
        lambda names, fg, bg: Style(color=fg, bgcolor=bg, **dict.fromkeys(names, True)),
        st.sets(st.sampled_from(shown), max_size=2),
        colours,
        # Text on a ground of its own colour is a matter of its own: see test_terminal_pens.
        st.sampled_from(GROUNDS[terminal.depth]),
    )


def runs(terminal: Capabilities) -> st.SearchStrategy[Line]:
    """The same character some times over."""
    return st.builds(
        lambda char, count, style: [(char, style)] * count,
        st.sampled_from(["a", "b", "z", " ", " ", " ", "─", "▅", "世", "é"]),
        st.integers(1, 30),
        st.one_of(st.just(Style()), styles(terminal)),
    )


def lines(terminal: Capabilities, width: int) -> st.SearchStrategy[Line]:
    """A line exactly as wide as the screen."""
    return st.lists(runs(terminal), max_size=8).map(lambda parts: fit([*chain(*parts)], width))


def cells(line: Line) -> int:
    return sum(get_character_cell_size(char) for char, _ in line)


def fit(line: Line, width: int) -> Line:
    """Cut the line to a width, or fill it with blanks."""
    cut: Line = []
    for piece in line:
        if cells([*cut, piece]) > width:
            break
        cut.append(piece)
    return cut + [(" ", Style())] * (width - cells(cut))


def strip(line: Line) -> Strip:
    return Strip([Segment(char, style) for char, style in line])


@dataclass
class Scene:
    """A painter, the emulated terminal it writes to, and the lines that shall be seen."""

    terminal: Capabilities
    width: int
    height: int
    lines: list[Line] = field(init=False)

    def __post_init__(self) -> None:
        self.painter = Painter(self.terminal, self.width, self.height)
        self.emulator = Emulator(self.terminal, self.width, self.height)
        self.lines = [fit([], self.width)] * self.height
        self.bytes = 0

    def draw_all(self, new: list[Line]) -> None:
        self.lines = new
        update = LayoutUpdate(
            [[strip(line)] for line in new], Region(0, 0, self.width, self.height)
        )
        self.painter.take(update)

    def draw_part(self, y: int, new: Line, start: int, end: int) -> None:
        """A new line in up to three parts."""
        self.lines[y] = new
        cuts = sorted({0, start, end, len(new)})
        parts = {cells(new[:a]): strip(new[a:b]) for a, b in pairwise(cuts)}
        chops: list[dict[int, Strip | None]] = [{0: None} for _ in range(self.height)]
        chops[y] = dict(parts)
        ends = [[self.width] for _ in range(self.height)]
        ends[y] = [cells(new[:cut]) for cut in cuts[1:]]
        self.painter.take(ChopsUpdate(chops, [(y, 0, self.width)], ends))

    def resize(self, width: int, height: int, new: list[Line]) -> None:
        self.width, self.height = width, height
        shown = self.emulator
        self.emulator = Emulator(self.terminal, width, height)
        self.emulator.feed("what the terminal makes of it " * 9)
        self.emulator.cursor.attrs = shown.cursor.attrs
        self.emulator.faint = shown.faint
        self.painter.resize(width, height)
        self.draw_all(new)

    def send(self, limit: int) -> None:
        text = self.painter.output(limit)
        self.bytes += len(text.encode())
        self.emulator.feed(text)

    def settle(self) -> None:
        while self.painter.pending:
            self.send(100)

    def expected(self) -> list[list[Look]]:
        """What Textual's own output gives on a terminal that has everything."""
        console = Console(
            file=io.StringIO(), color_system=SYSTEMS[self.terminal.depth], force_terminal=True
        )
        ideal = Emulator(IDEAL, self.width, self.height)
        last = [*self.lines[-1]]
        if not self.terminal.corner:
            last = fit(last[:-1], self.width)
        for y, line in enumerate([*self.lines[:-1], last]):
            ideal.feed(f"\x1b[{y + 1}H{strip(line).render(console)}")
        return ideal.looks()


@st.composite
def scenes(draw: st.DrawFn, name: str) -> Scene:
    """A scene after a random history; some of it may still be on its way."""
    terminal = terminal_of(name)
    scene = Scene(terminal, draw(st.integers(5, 60)), draw(st.integers(2, 14)))
    for _ in range(draw(st.integers(1, 12))):
        act = draw(st.sampled_from(ACTS))
        line = lines(terminal, scene.width)
        if act == "all":
            scene.draw_all(draw(st.lists(line, min_size=scene.height, max_size=scene.height)))
        elif act == "part":
            y = draw(st.integers(0, scene.height - 1))
            new = draw(line)
            start = draw(st.integers(0, len(new)))
            scene.draw_part(y, new, start, draw(st.integers(start, len(new))))
        elif act == "scroll":
            rows = draw(st.integers(1, scene.height))
            fresh = draw(st.lists(line, min_size=rows, max_size=rows))
            down = draw(st.booleans())
            new = [*fresh, *scene.lines][: scene.height] if down else [*scene.lines, *fresh][rows:]
            scene.draw_all(new)
        elif act == "send":
            scene.send(draw(st.sampled_from([1, 40, 10_000])))
        elif act == "noise" and not scene.painter.pending:
            scene.emulator.feed("\r")
            scene.painter.begin()
        elif act == "resize":
            width, height = draw(st.integers(5, 60)), draw(st.integers(2, 14))
            new = lines(terminal, width)
            scene.resize(width, height, draw(st.lists(new, min_size=height, max_size=height)))
        elif act == "forget":
            scene.painter.forget()
    return scene


@pytest.mark.parametrize("name", TERMINALS)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_the_screen_is_textuals_own_after_any_history(name: str, data: st.DataObject) -> None:
    scene = data.draw(scenes(name))
    scene.settle()
    assert scene.emulator.looks() == scene.expected()
