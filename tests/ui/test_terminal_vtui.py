"""vtui itself on a terminal: it shows what Textual's own driver would, for a fraction of the bytes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulator import Look
from tests.terminal_session import Session, session

APP = "tests.fixed_app"

DOWN, PAGE_DOWN, END = b"\x1b[B", b"\x1b[6~", b"\x1b[F"

TOUR = [
    b"2", DOWN, DOWN, b"\r", b"\x1b", b"5", PAGE_DOWN, DOWN, END, b"s", b"i", b"/", b"e", b"t",
    b"\r", b"\x1b", b"3", b"+", b"4", DOWN, b"\r", b"6", b"7", b"?", b"\x1b", b":", b"d", b"\x1b",
    b"1", b"\t", DOWN, DOWN,
]  # fmt: skip


def ready(terminal: Session) -> None:
    """The first screen is complete, with what takes two readings."""
    for text in ("CPU 0 %", "load 0 %", "Containers   11", "Network       5"):
        terminal.shows(text)
    terminal.quiet()


@pytest.fixture
def linux() -> Iterator[Session]:
    with session(APP, term="linux") as terminal:
        ready(terminal)
        yield terminal


def cost(terminal: Session, *keys: bytes) -> int:
    """Bytes that these keys cause, pressed one after the other."""
    total = 0
    for key in keys:
        terminal.send(key)
        total += len(terminal.quiet())
    return total


# ------------------------------------------------------------------ the same picture


@pytest.mark.parametrize("term", ["xterm-256color", "linux"])
def test_every_screen_looks_as_with_textuals_own_driver(term: str) -> None:
    with session(APP, term=term) as ours, session(APP, term=term, VTUI_PLAIN_DRIVER="1") as plain:
        ready(ours)
        ready(plain)
        for key in TOUR:
            ours.send(key)
            plain.send(key)
            ours.quiet(0.2)
            # The cursor of an input line may blink out of step for a while.
            ours.until(lambda: plain.read(0.1) == b"" and seen(ours) == seen(plain))
        assert len(ours.log) < len(plain.log) / 8


def seen(terminal: Session) -> list[list[Look]]:
    return terminal.emulator.looks()


# ------------------------------------------------------------------ what it costs


@pytest.mark.parametrize(("term", "most"), [("linux", 2200), ("xterm-256color", 3100)])
def test_the_start(term: str, most: int) -> None:
    with session(APP, term=term) as terminal:
        ready(terminal)
        assert len(terminal.log) <= most


@pytest.mark.parametrize(("screen", "most"), [(b"2", 200), (b"5", 150)])
def test_a_row_down(linux: Session, screen: bytes, most: int) -> None:
    cost(linux, screen)
    assert cost(linux, DOWN, DOWN, DOWN) <= 3 * most


def test_a_page_down(linux: Session) -> None:
    cost(linux, b"5", PAGE_DOWN)
    assert cost(linux, PAGE_DOWN) <= 650


def test_a_table_that_scrolls_by_a_row(linux: Session) -> None:
    cost(linux, b"5", PAGE_DOWN)
    assert cost(linux, DOWN, DOWN, DOWN) <= 3 * 200


def test_nothing_while_nothing_changes(linux: Session) -> None:
    assert linux.quiet(3.0) == b""


def test_nothing_for_keys_without_an_effect(linux: Session) -> None:
    cost(linux, b"2")
    assert cost(linux, b"\x1b[A", b"\x1b[1;5w") == 0
