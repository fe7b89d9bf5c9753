"""Tables and fields as text: aligned, within the terminal, safe."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hosts import HOSTILE, domain
from vtui.columns import Cell, Column
from vtui.model import Domain, Host
from vtui.texttable import columns_of, fields, pad, stacked, table
from vtui.views import VIEWS

HOST = Host()
NAME: Column[Domain] = Column("name", "NAME", 8, lambda item, host: Cell(item.name), grow=1)
VCPUS: Column[Domain] = Column(
    "vcpus", "VCPU", 4, lambda item, host: Cell(str(item.vcpus)), right=True
)
STATE: Column[Domain] = Column("state", "STATE", 8, lambda item, host: Cell(item.state), rank=1)
COLUMNS = (NAME, VCPUS, STATE)
LONG = "a-guest-with-a-long-name"


class TestATable:
    def test_has_a_title_and_a_line_for_each_thing(self) -> None:
        items = [domain("web", vcpus=2), domain("db", vcpus=16, state="paused")]
        assert table(COLUMNS, items, HOST, 80) == [
            "NAME  VCPU  STATE",
            "web      2  running",
            "db      16  paused",
        ]

    def test_has_only_a_title_without_things(self) -> None:
        assert table(COLUMNS, [], HOST, 80) == ["NAME  VCPU  STATE"]

    def test_leaves_out_columns_for_which_there_is_no_room(self) -> None:
        assert table(COLUMNS, [domain("web", vcpus=2)], HOST, 12) == ["NAME  VCPU", "web      2"]

    def test_gives_spare_room_to_what_would_be_cut(self) -> None:
        assert table(COLUMNS, [domain(LONG)], HOST, 80)[1].startswith(LONG)

    def test_cuts_what_is_too_long(self) -> None:
        assert table(COLUMNS, [domain(LONG)], HOST, 23)[1] == "a-gues..     0  running"

    def test_cuts_nothing_without_a_terminal(self) -> None:
        (line,) = table(COLUMNS, [domain(LONG * 5)], HOST, None)[1:]
        assert line.startswith(LONG * 5)

    def test_aligns_wide_characters(self) -> None:
        items = [domain("日本"), domain("web")]
        assert table(COLUMNS, items, HOST, 80)[1:] == ["日本     0  running", "web      0  running"]

    def test_is_safe_whatever_a_name_is(self) -> None:
        (line,) = table(COLUMNS, [domain(HOSTILE)], HOST, None)[1:]
        assert line.isprintable()


@pytest.mark.parametrize("width", [40, 80, 132, 400])
@pytest.mark.parametrize("plural", VIEWS)
def test_the_titles_of_every_kind_stay_within_the_terminal(plural: str, width: int) -> None:
    (title,) = table(VIEWS[plural].columns, [], HOST, max(width, 80))
    assert len(title) <= max(width, 80)


@given(st.lists(st.text(), max_size=4), st.integers(20, 200))
def test_no_line_is_wider_than_the_terminal(names: list[str], width: int) -> None:
    lines = table(COLUMNS, [domain(name) for name in names], HOST, width)
    assert all(columns_of(line) <= width for line in lines)


@given(st.text(), st.integers(2, 40), st.booleans())
def test_a_padded_text_has_exactly_its_width(text: str, width: int, right: bool) -> None:
    assert columns_of(pad(text, width, right=right)) == width


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("web", 5, "web  "),
        ("web", 3, "web"),
        ("abcdef", 4, "ab.."),
        ("日本語", 5, "日.. "),
        ("é", 2, "é "),
    ],
)
def test_padding(text: str, width: int, shown: str) -> None:
    assert pad(text, width) == shown


def test_padding_to_the_right() -> None:
    assert pad("7", 3, right=True) == "  7"


def test_fields_are_aligned_and_an_empty_label_goes_on() -> None:
    assert fields([("name", "web"), ("external ids", "a=1"), ("", "b=2")]) == [
        "name:          web",
        "external ids:  a=1",
        "               b=2",
    ]


@given(st.lists(st.tuples(st.text(), st.text()), max_size=4))
def test_fields_are_safe_whatever_they_say(pairs: list[tuple[str, str]]) -> None:
    lines = fields(pairs)
    assert len(lines) == len(pairs)
    categories = {unicodedata.category(char) for line in lines for char in line}
    assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}


ROWS = [
    ("BACKEND", "STATE", "WHAT", ""),
    ("libvirt", "ready", "3 domains", ""),
    ("docker", "absent", "no Docker engine at /run/docker.sock", "systemctl start docker"),
]


def test_stacked_rows_stand_on_one_line_each_without_a_terminal() -> None:
    assert stacked(ROWS, None) == [
        "BACKEND  STATE   WHAT",
        "libvirt  ready   3 domains",
        "docker   absent  no Docker engine at /run/docker.sock; hint: systemctl start docker",
    ]


def test_stacked_rows_are_folded_in_a_terminal_the_hint_on_a_line_of_its_own() -> None:
    assert stacked(ROWS, 45) == [
        "BACKEND  STATE   WHAT",
        "libvirt  ready   3 domains",
        "docker   absent  no Docker engine at",
        "                 /run/docker.sock",
        "                 hint: systemctl start docker",
    ]
