"""The command line: where words, flags and settings may stand, and what is said of wrong ones."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.cli import Request, parse_arguments
from vtui.config import OPTIONS
from vtui.errors import UsageError
from vtui.usage import COMMANDS, FLAGS, help_text


def refused(line: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse_arguments(line.split())
    return caught.value


def test_nothing_means_the_screens() -> None:
    assert parse_arguments([]) == Request(None)


@pytest.mark.parametrize(
    "line",
    [
        "--root /x list irqs --json",
        "list --root /x irqs --json",
        "list irqs --json --root=/x",
        "--json list --root=/x irqs",
        "--json --root /x -- list irqs",
    ],
)
def test_flags_and_settings_stand_anywhere(line: str) -> None:
    request = parse_arguments(line.split())
    assert request == Request(COMMANDS["list"], ("irqs",), {"json": True}, {"root": "/x"})


def test_words_after_the_kind_may_stand_apart() -> None:
    assert parse_arguments(["list", "irqs", "eth", "--json", "tx"]).words == ("irqs", "eth", "tx")


def test_only_what_was_given_is_a_setting() -> None:
    assert parse_arguments(["--demo"]).settings == {"demo": True}


def test_a_setting_that_may_be_given_several_times_is_collected() -> None:
    request = parse_arguments(["--libvirt", "a:///", "status", "--libvirt", "b:///"])
    assert request.settings == {"libvirt": ["a:///", "b:///"]}


def test_of_other_settings_the_last_one_holds() -> None:
    assert parse_arguments(["--docker", "a", "--docker", "b"]).settings == {"docker": "b"}


@pytest.mark.parametrize("line", ["--help", "-h", "list --help", "-h list", "--version"])
def test_help_and_version_need_no_complete_command(line: str) -> None:
    assert parse_arguments(line.split()).flags.keys() & {"help", "version"}


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("lst", "unknown command 'lst'", "did you mean list?"),
        ("frobnicate", "unknown command 'frobnicate'", "one of: status, list, show, completion"),
        ("list", "vtui list needs a KIND: domains containers", "vtui list KIND"),
        ("list domain", "unknown KIND 'domain'", "did you mean domains?"),
        ("list checkpoints", "unknown KIND 'checkpoints'", "one of: domains, containers,"),
        ("show", "vtui show needs a REF", "vtui show REF [--json]"),
        ("show irq:1 irq:2", "one word too many: 'irq:2'", "vtui show REF [--json]"),
        ("status now", "one word too many: 'now'", "vtui status [--json]"),
        ("completion tcsh", "unknown SHELL 'tcsh'", "one of: bash, zsh, fish"),
        ("list irqs --jsn", "unknown option '--jsn'", "did you mean --json?"),
        ("list irqs --js", "unknown option '--js'", "did you mean --json?"),
        ("-x", "unknown option '-x'", "one of: --json,"),
        ("--json", "--json does not go with vtui", "it goes with: status, list, show"),
        ("status --sort name", "--sort does not go with vtui status", "it goes with: list"),
        ("completion bash --json", "--json does not go with vtui completion", "it goes with"),
        ("--interval", "argument --interval: ", "see: vtui --help"),
        ("--demo=yes", "argument --demo: ", "see: vtui --help"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_hint(line: str, message: str, hint: str) -> None:
    error = refused(line)
    assert error.message.startswith(message)
    assert error.hint.startswith(hint)
    assert error.exit_code == 2


WORDS = st.one_of(
    st.sampled_from([*COMMANDS, "irqs", "irq:1", "--", "-h"]),
    st.sampled_from([option.flag for option in (*OPTIONS, *FLAGS.values())]),
    st.text(max_size=8),
)


@given(st.lists(WORDS, max_size=6))
def test_no_command_line_does_worse_than_being_refused(words: list[str]) -> None:
    with contextlib.suppress(UsageError):
        assert isinstance(parse_arguments(words), Request)


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_help_fits_80_columns_and_names_every_setting(name: str | None) -> None:
    text = help_text(COMMANDS[name] if name else None)
    assert max(map(len, text.splitlines())) <= 80
    assert all(option.flag in text for option in OPTIONS)
