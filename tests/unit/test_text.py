"""Strangers' text made safe for a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.text import LIMIT, clean


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Grüße 日本", "Grüße 日本"),
        ("\x1b[2Jgone", " [2Jgone"),
        ("two\nlines\r", "two lines "),
        ("\x9b31m", " 31m"),
        ("ab\u202ecd\u200b", "ab cd "),
        ("\ud800", " "),
        ("\u2028", " "),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
    ],
)
def test_controls_become_blanks_and_the_rest_stays(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_what_is_too_long_is_cut_and_marked() -> None:
    assert clean("abcdefgh", 5) == "abc.."


def test_what_just_fits_is_not_cut() -> None:
    assert clean("abcde", 5) == "abcde"


def test_without_a_limit_the_common_one_holds() -> None:
    assert len(clean("x" * 10_000)) == LIMIT


@given(st.text(), st.integers(0, 50))
def test_no_text_is_longer_than_asked_or_can_steer_a_terminal(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)
