"""What `lxc-ls` prints and what a start or stop leaves behind, as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.backends.lxc import COLUMNS, Signs, complete, parse, sockets
from vtui.model import Container, Ref

TABLE = """\
STATE   PID  AUTOSTART IPV4               IPV6    NAME  \n\
RUNNING 8868 1         10.9.8.7, 10.9.8.8 fd00::5 plc   \n\
FROZEN  8990 0         -                  -       a  b  \n\
STOPPED -    0         -                  -       spare \n\
"""

NAMES = st.text(
    st.characters(exclude_characters="/\0\n", exclude_categories=["Cs"]), min_size=1
).filter(lambda name: name == name.rstrip())


def stopped(name: str, state: str = "stopped") -> Container:
    return Container(Ref("container", name, "lxc"), name, "lxc", state, autostart=False)


def unknown(name: str) -> Container:
    return Container(Ref("container", name, "lxc"), name, "lxc", "unknown")


def table(*names: str) -> str:
    """What lxc-ls prints for stopped containers of these names."""
    width = max(len(name.encode()) for name in ("NAME", *names))
    rows = (("STOPPED", "-", "0", "-", "-", name) for name in names)
    widths = (7, 3, 9, 4, 4)
    lines = (
        " ".join([*(f"{cell:{w}}" for cell, w in zip(row, widths, strict=False)), row[-1]])
        + " " * (width - len(row[-1].encode()) + 1)
        for row in (COLUMNS, *rows)
    )
    return "\n".join(lines) + "\n"


def signs(*names: str, running: tuple[str, ...] = ()) -> Signs:
    command = frozenset((f"@/var/lib/lxc/{name}/command", "1") for name in running)
    return Signs(frozenset((name, 1) for name in names), command)


def test_the_table_is_read_row_by_row() -> None:
    assert parse(TABLE) == [
        Container(
            ref=Ref("container", "plc", "lxc"),
            name="plc",
            runtime="lxc",
            state="running",
            autostart=True,
            pid=8868,
            addresses=("10.9.8.7", "10.9.8.8", "fd00::5"),
        ),
        Container(
            ref=Ref("container", "a  b", "lxc"),
            name="a  b",
            runtime="lxc",
            state="frozen",
            autostart=False,
            pid=8990,
        ),
        stopped("spare"),
    ]


@pytest.mark.parametrize("text", ["", "\n"])
def test_no_table_is_no_container(text: str) -> None:
    assert parse(text) == []


@pytest.mark.parametrize("text", ["NAME STATE \nplc RUNNING \n", "lxc-ls: unknown option\n"])
def test_a_table_with_other_columns_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"NAME|unknown"):
        parse(text)


@given(names=st.lists(NAMES, unique=True))
def test_names_are_read_as_they_are(names: list[str]) -> None:
    assert parse(table(*names)) == [stopped(name) for name in names]


@given(text=st.text())
def test_whatever_stands_below_the_head_is_read_without_fail(text: str) -> None:
    parse(table("plc") + text)


def test_the_list_is_in_the_order_of_names() -> None:
    found = complete([stopped("b"), stopped("a")], signs("a", "b"))
    assert [one.name for one in found] == ["a", "b"]


@pytest.mark.parametrize("name", ["new\nline", "\nSTOPPED"])
def test_a_name_that_cannot_be_told_apart_is_listed_as_unknown(name: str) -> None:
    found = complete(parse(table(name, "plc")), signs(name, "plc"))
    assert set(found) == {unknown(name), stopped("plc")}


def test_a_blank_at_the_end_belongs_to_the_name() -> None:
    assert complete(parse(table("plc ")), signs("plc ")) == (stopped("plc "),)


def test_half_a_name_is_no_container() -> None:
    found = complete(parse(table("new\nline")), signs("new\nline"))
    assert found == (unknown("new\nline"),)


def test_a_name_that_is_no_text_keeps_its_bytes() -> None:
    name = b"caf\xe9".decode(errors="surrogateescape")
    found = complete([stopped("caf\N{REPLACEMENT CHARACTER}")], signs(name))
    assert found == (stopped(name),)


def test_a_container_that_runs_without_configuration_is_listed() -> None:
    found = complete([stopped("ephemeral", "running")], signs(running=("ephemeral",)))
    assert [one.name for one in found] == ["ephemeral"]


# ------------------------------------------------------------------ /proc/net/unix

UNIX = """\
Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 20355 @/var/lib/lxc/plc/command
0000000000000000: 00000003 00000000 00000000 0001 03 20399 @/var/lib/lxc/plc/command
0000000000000000: 00000002 00000000 00010000 0001 01 20401 @/var/lib/lxc/a  b/command
0000000000000000: 00000002 00000000 00010000 0001 01 20402 @lxc/909b1fd107ceb7fc/command
0000000000000000: 00000002 00000000 00010000 0001 01 20403 @/srv/lxc/other/command
0000000000000000: 00000002 00000000 00010000 0001 01 20404 /run/dbus/system_bus_socket
0000000000000000: 00000002 00000000 00010000 0001 01 20405
"""


def test_a_running_container_listens_on_its_command_socket() -> None:
    assert sockets(UNIX, "/var/lib/lxc") == {
        ("@/var/lib/lxc/plc/command", "20355"),
        ("@/var/lib/lxc/a  b/command", "20401"),
        ("@lxc/909b1fd107ceb7fc/command", "20402"),
    }


@given(text=st.text())
def test_any_list_of_sockets_is_read_without_fail(text: str) -> None:
    assert sockets(f"{text}\n{UNIX}", "/var/lib/lxc") >= sockets(UNIX, "/var/lib/lxc")
