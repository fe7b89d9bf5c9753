"""What scripts rely on: the real program, its output, its errors and its exit codes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.program import Result, environment, vtui
from tests.terminal import Terminal, terminal
from tests.trees import RT_HOST, IrqSpec, build, write
from vtui import __version__
from vtui.usage import COMMANDS
from vtui.views import VIEWS

NAMES = ["libvirt", "docker", "lxc", "ovs", "netlink", "irq", "cpus", "irqbalance", "criu"]

SHOWN = [
    "domain:plc-gateway",
    "container:mosquitto",
    "bridge:br-int",
    "port:tap-ied-a0",
    "link:eth0",
    "irq:148",
    "cpu:6",
]
"""One thing of every kind on the simulated host."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The /proc and /sys of a 16-CPU machine with isolated CPUs."""
    return build(RT_HOST, tmp_path_factory.mktemp("root"))


def clean(result: Result) -> bool:
    """Whether it ended well, with nothing said on stderr."""
    return (result.code, result.err) == (0, "")


class TestTheSimulatedHost:
    """`--demo` needs neither root nor daemons, so every command can be tried anywhere."""

    def test_status_has_a_line_for_every_backend(self) -> None:
        result = vtui("--demo", "status")
        assert clean(result)
        assert [line.split()[0] for line in result.out.splitlines()] == ["BACKEND", *NAMES]

    def test_status_as_json_has_counts_and_every_backend(self) -> None:
        result = vtui("status", "--demo", "--json")
        assert clean(result)
        assert [one["name"] for one in result.json["backends"]] == NAMES
        assert all(result.json["counts"][plural] for plural in VIEWS)
        assert result.json["vtui"] == __version__

    @pytest.mark.parametrize("plural", VIEWS)
    def test_list_is_a_table_and_as_json_the_same_things(self, plural: str) -> None:
        table, document = vtui("--demo", "list", plural), vtui("--demo", "list", plural, "--json")
        assert clean(table)
        assert clean(document)
        # A few of the plant's things come and go.
        assert abs(len(table.out.splitlines()) - 1 - len(document.json[plural])) <= 3

    @pytest.mark.parametrize("ref", SHOWN)
    def test_show_has_fields_and_as_json_the_same_thing(self, ref: str) -> None:
        fields, document = vtui("--demo", "show", ref), vtui("--demo", "show", ref, "--json")
        assert clean(fields)
        assert clean(document)
        name = ref.partition(":")[2]
        assert fields.out.splitlines()[0].split(maxsplit=1) == ["name:", name]
        assert name in map(str, document.json.values())

    @pytest.mark.parametrize("plural", VIEWS)
    def test_every_ref_in_a_list_can_be_shown(self, plural: str) -> None:
        last = vtui("--demo", "list", plural, "--json").json[plural][-1]
        assert vtui("--demo", "show", last["ref"], "--json").json["ref"] == last["ref"]

    def test_show_reads_what_costs_more_than_a_list(self) -> None:
        shown = vtui("--demo", "show", "container:mosquitto", "--json").json
        assert shown["memory"] > 0
        assert shown["cpu_time"] > 0

    def test_words_choose_and_a_column_orders(self) -> None:
        result = vtui("--demo", "list", "domains", "RUNNING", "--sort", "memory", "--json")
        shown = result.json["domains"]
        assert {one["state"] for one in shown} == {"running"}
        assert [one["memory"] for one in shown] == sorted(
            (one["memory"] for one in shown), reverse=True
        )

    def test_a_column_is_also_known_by_its_title(self) -> None:
        assert clean(vtui("--demo", "list", "domains", "--sort", "vcpu"))

    def test_json_of_an_interrupt_counts_by_cpu(self) -> None:
        counts = vtui("--demo", "show", "irq:148", "--json").json["counts"]
        assert list(counts) == [str(number) for number in range(16)]


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_no_error(flag: str) -> None:
    result = vtui(flag)
    assert clean(result)
    assert all(f"vtui {name}" in result.out for name in COMMANDS)


def test_the_version_is_told() -> None:
    assert vtui("--version") == Result(0, f"vtui {__version__}\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(shell: str) -> None:
    result = vtui("completion", shell)
    assert clean(result)
    assert f"made by: vtui completion {shell}" in result.out


def complains(result: Result, code: int) -> None:
    """Nothing on stdout; on stderr one line that says what is wrong, one that says what to do."""
    assert result.code == code, result.err
    assert result.out == ""
    assert [line.split(":")[0] for line in result.err.splitlines()] == ["vtui", "hint"]
    assert "Traceback" not in result.err
    assert result.error
    assert result.hint


USAGE = [
    ("frobnicate", "unknown command 'frobnicate'", "one of: status, list, show, completion"),
    ("stauts", "unknown command 'stauts'", "did you mean status?"),
    ("list domainz", "unknown KIND 'domainz'", "did you mean domains?"),
    ("list", "vtui list needs a KIND", "vtui list KIND"),
    ("list irqs --frobnicate", "unknown option '--frobnicate'", "one of: --json"),
    ("list irqs --demo --sort devise", "no column 'devise'", "did you mean device?"),
    ("show web", "not a REF: 'web'", "KIND:NAME"),
    ("show domian:web", "unknown kind 'domian'", "did you mean domain:web?"),
    ("status --interval never", "interval in the command line must be 0.2 to", "got 'never'"),
    ("status --theme pink", "theme in the command line must be one of", "got 'pink'"),
    ("status --root /nonexistent", "--root: no directory", "name an unpacked bundle"),
    ("status --log /nonexistent/log", "cannot write the log", "see --log"),
    ("--demo", "the screens need a terminal", "for scripts: vtui status --json"),
]


@pytest.mark.parametrize(("line", "error", "hint"), USAGE)
def test_a_command_line_that_makes_no_sense_ends_with_2(line: str, error: str, hint: str) -> None:
    result = vtui(*line.split())
    complains(result, 2)
    assert result.error.startswith(error)
    assert result.hint.startswith(hint)


SETTINGS = [
    (b"dcoker = 'x'", "unknown setting 'dcoker'", "did you mean 'docker'?"),
    (b"[keys]\nfliter = 'f'", "unknown key id 'fliter'", "did you mean 'filter'?"),
    (b"interval = 'x'", "interval in", "got 'x'"),
    (b"this is not toml", "is not TOML", "see docs/cli.md"),
    (b"\xff\xfe", "is not TOML", "see docs/cli.md"),
]


class TestTheConfigurationFile:
    @pytest.mark.parametrize(("text", "error", "hint"), SETTINGS)
    def test_that_makes_no_sense_ends_with_2(
        self, tmp_path: Path, text: bytes, error: str, hint: str
    ) -> None:
        (tmp_path / "vtui").mkdir()
        (tmp_path / "vtui" / "config.toml").write_bytes(text)
        result = vtui("status", env=environment(XDG_CONFIG_HOME=str(tmp_path)))
        complains(result, 2)
        assert error in result.error
        assert result.hint.startswith(hint)

    def test_that_cannot_be_read_ends_with_2(self, tmp_path: Path) -> None:
        (tmp_path / "vtui" / "config.toml").mkdir(parents=True)
        result = vtui("status", env=environment(XDG_CONFIG_HOME=str(tmp_path)))
        complains(result, 2)
        assert result.error.endswith("Is a directory")

    def test_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "vtui").mkdir()
        (tmp_path / "vtui" / "config.toml").write_text("demo = true")
        assert clean(vtui("status", env=environment(XDG_CONFIG_HOME=str(tmp_path))))


ABSENT = [
    ("list domains --libvirt qemu:///system?socket=/nonexistent", "no domains: libvirt: "),
    ("list domains --libvirt nonsense:///x", "no domains: libvirt: "),
    ("list domains --libvirt not-a-uri", "no domains: libvirt: "),
    ("show domain:web --libvirt qemu:///system?socket=/nonexistent", "no domains: libvirt: "),
    ("list containers --docker unix:///nonexistent --lxc-path=", "no containers: docker: "),
    ("list containers --docker bogus://x --lxc-path=", "no containers: docker: "),
    ("list containers --docker= --lxc-path=", "no containers: docker and lxc left out"),
]


@pytest.mark.parametrize(("line", "error"), ABSENT)
def test_a_kind_nobody_can_tell_of_ends_with_4(line: str, error: str) -> None:
    result = vtui(*line.split())
    complains(result, 4)
    assert result.error.startswith(error)


def test_one_of_two_connections_that_fails_is_a_warning() -> None:
    uris = ("--libvirt", "test:///default", "--libvirt", "qemu:///system?socket=/nonexistent")
    result = vtui("list", "domains", "--json", *uris)
    assert result.code == 0
    assert [one["name"] for one in result.json["domains"]] == ["test"]
    assert [one["state"] for one in result.json["backends"]] == ["ready", "absent"]
    assert result.err.startswith("vtui: warning: libvirt qemu: absent: ")


def test_a_ref_that_names_nothing_ends_with_4_and_names_the_nearest() -> None:
    result = vtui("--demo", "show", "domain:plc-gatewy")
    complains(result, 4)
    assert result.error == "no domain 'plc-gatewy' on this host"
    assert result.hint == "did you mean domain:plc-gateway?"


class TestAnotherRoot:
    def test_its_interrupts_and_cpus_are_listed(self, tree: Path) -> None:
        for plural in ("irqs", "cpus"):
            result = vtui("--root", tree, "list", plural, "--json")
            assert clean(result)
            assert result.json[plural]

    def test_the_running_machine_is_left_alone(self, tree: Path) -> None:
        backends = vtui("--root", tree, "status", "--json").json["backends"]
        ready = [one["name"] for one in backends if one["state"] == "ready"]
        assert ready == ["irq", "cpus"]

    @pytest.mark.parametrize(
        "garbage", ["", "\x00\x1b[2J\xff" * 9, "CPU0 CPU1\n 24: x y z\n", "garbage\n" * 99]
    )
    def test_garbage_in_it_is_never_a_crash(self, tmp_path: Path, garbage: str) -> None:
        root = build(RT_HOST, tmp_path)
        write(root, "proc/interrupts", garbage)
        result = vtui("--root", root, "list", "irqs")
        assert result.code in (0, 4)
        assert "Traceback" not in result.err
        assert "\x1b" not in result.out + result.err

    def test_an_empty_one_ends_with_4(self, tmp_path: Path) -> None:
        complains(vtui("--root", tmp_path, "list", "irqs"), 4)


class TestStrangersText:
    """Names come from guests, containers and databases: none reaches the terminal as it is."""

    HOSTILE = "\x1b[2J\x1b]0;owned\x07[bold]"

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        return build(replace(RT_HOST, irqs=[IrqSpec(24, self.HOSTILE)]), tmp_path)

    @pytest.mark.parametrize("command", ["list irqs", "list irqs --json"])
    def test_is_harmless_in_tables_and_in_json(self, root: Path, command: str) -> None:
        result = vtui("--root", root, *command.split())
        assert result.code == 0
        assert "[bold]" in result.out
        assert not {"\x1b", "\x07"} & set(result.out + result.err)

    def test_is_harmless_in_errors(self) -> None:
        result = vtui("--demo", "show", f"domain:{self.HOSTILE}")
        complains(result, 4)
        assert not {"\x1b", "\x07"} & set(result.err)


@pytest.fixture(scope="module")
def ordinary() -> list[str]:
    """How to start Python as an ordinary user: as nobody when the tests run as root."""
    if os.geteuid():
        return [sys.executable]
    path = f"PYTHONPATH={Path(__file__).parents[2]}:{sysconfig.get_path('purelib')}"
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", path]
    for python in (sys.executable, shutil.which("python3", path="/usr/bin") or ""):
        tried = subprocess.run(
            [*user, python, "-c", "import vtui.cli"], capture_output=True, check=False
        )
        if tried.returncode == 0:
            return [*user, python]
    pytest.skip("missing capability: a Python that everybody may run")


NOWHERE = {
    "VTUI_LIBVIRT": "qemu:///system?socket=/nonexistent",
    "VTUI_DOCKER": "unix:///nonexistent",
    "VTUI_OVSDB": "unix:/nonexistent",
    "VTUI_LXC_PATH": "/nonexistent",
    "VTUI_IRQBALANCE": "/nonexistent",
    "VTUI_CRIU": "/nonexistent",
}


class TestWithNothingThere:
    """An ordinary user on a machine without a single daemon."""

    def test_status_says_what_is_missing_and_how_to_get_it(self, ordinary: list[str]) -> None:
        env = environment(**NOWHERE, HOME="/nonexistent", PATH="/nonexistent")
        command = [shutil.which(ordinary[0]) or ordinary[0], *ordinary[1:]]
        command[command.index("env")] = "/usr/bin/env"
        result = vtui("status", "--json", env=env, before=command)
        assert clean(result)
        states = {one["name"]: one["state"] for one in result.json["backends"]}
        # A running irqbalance is seen in /proc as well.
        assert states | {"irqbalance": "absent"} == dict.fromkeys(NAMES, "absent") | {
            "netlink": "ready",
            "irq": "ready",
            "cpus": "ready",
        }
        absent = [one for one in result.json["backends"] if one["state"] == "absent"]
        assert all(one["reason"] and one["hint"] for one in absent)

    @pytest.mark.parametrize("plural", ["links", "irqs", "cpus"])
    def test_what_the_kernel_tells_everybody_is_listed(
        self, ordinary: list[str], plural: str
    ) -> None:
        env = environment(**NOWHERE, HOME="/nonexistent")
        assert clean(vtui("list", plural, env=env, before=ordinary))

    def test_the_simulated_host_is_whole(self, ordinary: list[str]) -> None:
        env = environment(HOME="/nonexistent")
        result = vtui("--demo", "status", "--json", env=env, before=ordinary)
        assert clean(result)
        assert {one["state"] for one in result.json["backends"]} == {"ready"}


class TestWhereTheOutputGoes:
    @pytest.fixture
    def cut(self) -> Iterator[int]:
        """The writing end of a pipe nobody reads any more."""
        reading, writing = os.pipe()
        os.close(reading)
        yield writing
        os.close(writing)

    def run(self, stdout: int) -> tuple[int, str]:
        ran = subprocess.run(
            [sys.executable, "-m", "vtui", "--demo", "list", "irqs"],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
            check=False,
        )
        return ran.returncode, ran.stderr

    def test_a_reader_that_went_away_is_no_error_to_speak_of(self, cut: int) -> None:
        assert self.run(cut) == (141, "")

    def test_a_full_disk_is_an_error(self) -> None:
        with open("/dev/full", "w") as full:
            code, err = self.run(full.fileno())
        assert (code, err.splitlines()[0]) == (
            4,
            "vtui: error: cannot write the output: No space left on device",
        )

    @pytest.mark.parametrize(
        ("closed", "code", "words"),
        [
            (">&-", 2, "vtui: error: standard output is closed"),
            ("<&-", 0, f"vtui {__version__}"),
            ("2>&-", 0, f"vtui {__version__}"),
        ],
    )
    def test_a_closed_stream_is_no_crash(self, closed: str, code: int, words: str) -> None:
        shell = subprocess.run(
            ["sh", "-c", f"{sys.executable} -m vtui --version {closed}"],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert shell.returncode == code
        assert (shell.stdout + shell.stderr).startswith(words)

    def test_the_log_is_begun_where_it_is_asked_for(self, tmp_path: Path) -> None:
        assert clean(vtui("--log", tmp_path / "log", "completion", "bash"))
        assert (tmp_path / "log").exists()

    def test_an_error_without_stderr_does_not_go_to_stdout(self) -> None:
        shell = subprocess.run(
            ["sh", "-c", f"{sys.executable} -m vtui frobnicate 2>&-"],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (shell.returncode, shell.stdout) == (2, "")

    def test_a_charset_without_our_letters_is_no_crash(self) -> None:
        env = environment(LC_ALL="C", PYTHONIOENCODING="ascii:strict")
        assert clean(vtui("--demo", "list", "domains", env=env))


class TestOnATerminal:
    @pytest.mark.parametrize("columns", [80, 132])
    @pytest.mark.parametrize("plural", VIEWS)
    def test_a_table_fits(self, plural: str, columns: int) -> None:
        shown = terminal(columns, "--demo", "list", plural)
        assert shown.code == 0
        assert max(map(len, shown.text.splitlines())) <= columns

    def test_a_serial_line_that_tells_no_size_is_80_wide(self) -> None:
        shown = terminal(0, "--demo", "list", "domains")
        assert max(map(len, shown.text.splitlines())) <= 80

    def test_a_terminal_of_ascii_gets_ascii(self) -> None:
        shown: Terminal = terminal(80, "--demo", "list", "domains", term="vt220")
        assert shown.text.isascii()

    def test_an_interrupt_ends_with_130_and_no_traceback(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind(str(tmp_path / "sock"))
            silent.listen()
            asking = ("--docker", f"unix://{tmp_path}/sock", "list", "containers")
            shown = terminal(80, *asking, press=b"\x03", asked=silent)
        assert (shown.code, "Traceback" in shown.text) == (130, False)
