"""Which terminal can do what."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from vtui.terminal.capabilities import TABLE, UNKNOWN, Depth, capabilities


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm-256color"}, Depth.PALETTE),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, Depth.TRUE),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, Depth.TRUE),
        ({"TERM": "xterm-direct"}, Depth.TRUE),
        ({"TERM": "xterm"}, Depth.SIXTEEN),
        ({"TERM": "linux"}, Depth.SIXTEEN),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, Depth.SIXTEEN),
        ({"TERM": "screen.xterm-256color"}, Depth.PALETTE),
        ({"TERM": "tmux-256color"}, Depth.PALETTE),
        ({"TERM": "vt220"}, Depth.MONO),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Depth.MONO),
        ({"TERM": "xterm-mono"}, Depth.MONO),
        ({"TERM": "dumb"}, Depth.MONO),
        ({}, Depth.MONO),
    ],
)
def test_colours_by_environment(environ: dict[str, str], depth: Depth) -> None:
    assert capabilities(environ).depth is depth


def test_a_serial_line_has_sixteen_colours_at_most() -> None:
    environ = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    assert capabilities(environ, slow=True).depth is Depth.SIXTEEN


@pytest.mark.parametrize("term", ["no-such-terminal", "", "/etc/passwd", "\x1b[2J", "ibm327x"])
def test_an_unknown_name_gives_the_least(term: str) -> None:
    assert ask_in_a_process(term) == {**asdict(UNKNOWN), "depth": Depth.MONO}


def ask_in_a_process(term: str) -> dict[str, object]:
    """capabilities() where terminfo has not been asked before: it answers for one terminal only."""
    program = (
        "import json, sys; from dataclasses import asdict; from vtui.terminal.capabilities import *;"
        "print(json.dumps(asdict(capabilities({'TERM': sys.argv[1]}))))"
    )
    command = [sys.executable, "-c", program, term]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert isinstance(answer, dict)
    return answer


def test_terminfo_answers_for_what_is_not_in_the_table() -> None:
    answer = ask_in_a_process("rxvt-unicode-256color")
    assert answer == {
        **asdict(TABLE["xterm"]),
        "depth": Depth.PALETTE,
        "repeat": False,
        "attributes": 61,
    }


def test_without_the_curses_module_the_least_is_taken() -> None:
    program = (
        "import sys; sys.modules['curses'] = None; from vtui.terminal.capabilities import *;"
        "assert capabilities({'TERM': 'rxvt-unicode'}) == UNKNOWN"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("name", ["vt100", "vt220", "linux", "xterm", "screen", "tmux"])
def test_the_table_claims_nothing_that_terminfo_denies(name: str) -> None:
    program = (
        "import json, sys; from dataclasses import asdict;"
        "from vtui.terminal.capabilities import _from_terminfo;"
        "print(json.dumps(asdict(_from_terminfo(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", program, name]
    said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    ours = asdict(TABLE[name])
    claimed = {key for key in FEATURES if ours[key]}
    assert claimed <= {key for key in FEATURES if said[key]}


FEATURES = ("bce", "column", "erase_chars", "repeat", "regions", "scroll", "corner")
