"""From one pen to another, and from Textual's styles to pens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from tests.emulator import Emulator, look
from vtui.terminal.capabilities import Attr, Capabilities, Depth, capabilities
from vtui.terminal.pens import PLAIN, Pen, blank_of, erasable, pen_of, same_blank, sgr

FULL = capabilities({"TERM": "xterm-256color", "COLORTERM": "truecolor"})
OLD = capabilities({"TERM": "vt100"})

pens = st.builds(
    Pen,
    st.integers(0, 127),
    st.sampled_from(["", "31", "97", "38;5;100", "38;2;1;2;3"]),
    st.sampled_from(["", "41", "107", "48;5;100", "48;2;1;2;3"]),
)
old_pens = st.sampled_from(
    [int(Attr.BOLD), int(Attr.UNDERLINE), int(Attr.BLINK), int(Attr.REVERSE)]
)


def drawn(terminal: Capabilities, *sequences: str) -> object:
    """How a letter looks after these sequences."""
    emulator = Emulator(terminal, 3, 1)
    emulator.feed("".join(sequences) + "x")
    return look(emulator.buffer[0][0])


def named(depth: Depth) -> Capabilities:
    return Capabilities(depth=depth, attributes=FULL.attributes)


@given(pens, pens)
def test_any_pen_is_reached_from_any_other(old: Pen, new: Pen) -> None:
    change = sgr(old, new, True)
    assert drawn(FULL, sgr(None, old, True), change) == drawn(FULL, sgr(None, new, True))


@given(pens, pens)
def test_a_change_is_never_longer_than_beginning_anew(old: Pen, new: Pen) -> None:
    assert len(sgr(old, new, True)) <= len(sgr(None, new, True))


@given(old_pens, old_pens)
def test_a_vt100_is_told_to_begin_anew_when_an_attribute_ends(old: int, new: int) -> None:
    change = sgr(Pen(old), Pen(new), False)
    assert drawn(OLD, sgr(None, Pen(old), False), change) == drawn(OLD, sgr(None, Pen(new), False))


def test_nothing_is_said_where_nothing_changes() -> None:
    assert sgr(Pen(1, "31", ""), Pen(1, "31", ""), True) == ""


@pytest.mark.parametrize(
    ("old", "new", "sequence"),
    [
        (Pen(1, "31", "44"), PLAIN, "\x1b[m"),
        (PLAIN, Pen(0, "31"), "\x1b[31m"),
        (Pen(0, "31"), Pen(0, "32"), "\x1b[32m"),
        (Pen(0, "31"), Pen(1), "\x1b[;1m"),
        (Pen(1, "38;5;100"), Pen(0, "38;5;100"), "\x1b[22m"),
        (Pen(int(Attr.BOLD | Attr.DIM), "38;5;9"), Pen(int(Attr.DIM), "38;5;9"), "\x1b[22;2m"),
    ],
)
def test_the_shortest_of_both_ways_is_taken(old: Pen, new: Pen, sequence: str) -> None:
    assert sgr(old, new, True) == sequence


@given(pens, pens)
def test_blanks_that_count_as_the_same_look_the_same(one: Pen, other: Pen) -> None:
    emulator = Emulator(FULL, 4, 1)
    emulator.feed(f"{sgr(None, one, True)} {sgr(None, other, True)} ")
    first, second = look(emulator.buffer[0][0]), look(emulator.buffer[0][1])
    assert not same_blank(one, other) or first == second


@given(pens)
def test_a_blanks_own_pen_draws_the_same_blank(pen: Pen) -> None:
    assert same_blank(pen, blank_of(pen))


@given(pens, st.booleans())
def test_erasing_is_only_trusted_with_what_it_leaves(pen: Pen, bce: bool) -> None:
    terminal = Capabilities(depth=Depth.TRUE, attributes=FULL.attributes, bce=bce)
    emulator = Emulator(terminal, 2, 1)
    emulator.feed(f"{sgr(None, pen, True)} \x1b[K")
    written, erased = look(emulator.buffer[0][0]), look(emulator.buffer[0][1])
    assert not erasable(pen, bce) or written == erased


@pytest.mark.parametrize(
    ("depth", "style", "pen"),
    [
        (Depth.TRUE, "#2f6f9f on #11151a", Pen(0, "38;2;47;111;159", "48;2;17;21;26")),
        (Depth.PALETTE, "#2f6f9f on #11151a", Pen(0, "38;5;25", "48;5;16")),
        (Depth.PALETTE, "red on default", Pen(0, "31")),
        (Depth.SIXTEEN, "bright_green on blue", Pen(0, "92", "44")),
        (Depth.SIXTEEN, "#e00000", Pen(0, "31")),
        (Depth.EIGHT, "bright_green on bright_blue", Pen(int(Attr.BOLD), "32", "44")),
        (Depth.MONO, "bold red on blue", Pen(int(Attr.BOLD))),
        (Depth.TRUE, "bold italic underline2 blink2 reverse strike dim", Pen(127)),
    ],
)
def test_a_style_becomes_the_nearest_pen(depth: Depth, style: str, pen: Pen) -> None:
    assert pen_of(Style.parse(style), named(depth)) == pen


def test_text_never_takes_the_colour_of_its_ground() -> None:
    pen = pen_of(Style.parse("#100000 on #000010"), named(Depth.SIXTEEN))
    assert pen == Pen(int(Attr.REVERSE))


def test_attributes_the_terminal_lacks_are_left_out() -> None:
    pen = pen_of(Style.parse("bold italic strike"), OLD)
    assert pen == Pen(int(Attr.BOLD))
