"""`python -m tests.lab up | down | status | run -- CMD...`"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import sys
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

from tests.lab import state
from tests.lab.errors import LabError
from tests.lab.foreground import run_foreground
from tests.lab.lab import CHOICES, Lab, say
from tests.lab.sweep import survivors

EXIT_LAB = 4
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_KEPT_THROUGH_SUDO = ("TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR", "PATH")


def main(argv: Sequence[str]) -> int:
    """Parses the command line and runs the command; returns the exit code."""
    options = _parse(argv)
    commands = {"up": _up, "down": _down, "status": _status, "run": _run}
    try:
        if os.geteuid() != 0:
            _become_root(argv)
        return commands[options.command](options)
    except LabError as error:
        say(f"error: {error.message}")
        if error.hint:
            say(f"hint: {error.hint}")
        return EXIT_LAB


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--name", help="one lab from another; default demo, or $VTUI_LAB_NAME")
    common.add_argument(
        "--only",
        type=lambda text: text.split(","),
        metavar="PART,...",
        help=f"start these alone: {', '.join(CHOICES)}",
    )
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab", description=__doc__, parents=[common]
    )
    verbs = parser.add_subparsers(dest="command", required=True)
    verbs.add_parser("up", parents=[common], help="start it and leave it running")
    verbs.add_parser("down", parents=[common], help="end it and remove every trace")
    verbs.add_parser("status", parents=[common], help="what runs, and where it answers")
    run = verbs.add_parser("run", parents=[common], help="start it for one command")
    run.add_argument("cmd", nargs="*", metavar="CMD", help="best after --")
    ours, command = _split(argv)
    given = parser.parse_args(ours)
    defaults = {"name": os.environ.get("VTUI_LAB_NAME") or "demo", "only": None}
    options = argparse.Namespace(**{**defaults, **vars(given)})
    if options.command == "run":
        options.cmd += command
        if not options.cmd:
            parser.error("run what? usage: run -- CMD...")
    elif command:
        parser.error(f"only `run` takes a command: {' '.join(command)}")
    try:
        Lab(options.name)
    except ValueError as error:
        parser.error(str(error))
    return options


def _split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is before the first `--`, and after; argparse would eat a second one too."""
    words = list(argv)
    if "--" not in words:
        return words, []
    where = words.index("--")
    return words[:where], words[where + 1 :]


def _become_root(argv: Sequence[str]) -> NoReturn:
    """Becomes root through sudo, with what a terminal program needs of the environment."""
    sudo = shutil.which("sudo")
    if sudo is None:
        raise LabError(
            "the lab needs root: it makes namespaces, links and cgroups",
            "run the same command as root",
        )
    kept = [f"{key}={os.environ[key]}" for key in _KEPT_THROUGH_SUDO if key in os.environ]
    kept += [f"{key}={text}" for key, text in os.environ.items() if key.startswith("VTUI_")]
    command = [sudo, "--", "env", *kept, sys.executable, "-m", "tests.lab", *argv]
    os.execv(sudo, command)


def _end_on_signals() -> None:
    """Makes Ctrl-C, SIGTERM and SIGHUP unwind the stack, so that what was begun is undone."""

    def leave(number: int, _frame: FrameType | None) -> None:
        _ignore_signals()
        raise SystemExit(128 + number)

    for number in _ENDING:
        signal.signal(number, leave)


def _ignore_signals() -> None:
    """From here on it is cleaning: a second Ctrl-C must not leave half of the lab behind."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def _stop(lab: Lab) -> None:
    _ignore_signals()
    began = time.monotonic()
    lab.stop()
    say(f"==> lab {lab.name} down {time.monotonic() - began:.1f} s")


def _start(lab: Lab, options: argparse.Namespace) -> None:
    began = time.monotonic()
    lab.start(options.only)
    say(f"==> lab {lab.name} up {time.monotonic() - began:.1f} s")


def _up(options: argparse.Namespace) -> int:
    lab = Lab(options.name)
    env = _env_if_up(lab)
    if env is None:
        _end_on_signals()
        _start(lab, options)
        lab.detach()
        env = lab.env
    else:
        say(f"==> lab {lab.name} is up already")
    for key, text in env.items():
        print(f"export {key}={shlex.quote(text)}")
    return 0


def _env_if_up(lab: Lab) -> dict[str, str] | None:
    saved = state.load(lab.site)
    return saved.env if saved and lab.is_up() else None


def _down(options: argparse.Namespace) -> int:
    _stop(Lab(options.name))
    return 0


def _status(options: argparse.Namespace) -> int:
    """Prints what runs; exit 1 when nothing does."""
    lab = Lab(options.name)
    saved = state.load(lab.site)
    processes = survivors(lab.site, lab.daemons)
    if saved is None or not processes:
        print(f"lab {lab.name}: down" + (f", {len(processes)} processes left" if processes else ""))
        return 1
    print(f"lab {lab.name}: up, {len(processes)} processes")
    for part, endpoint in saved.endpoints.items():
        print(f"  {part:<12}{endpoint}")
    for part, reason in saved.absent.items():
        print(f"  {part:<12}absent: {reason}")
    for daemon, process in lab.daemons.all().items():
        print(f"  {daemon:<12}pid {process.pid}" + ("" if process.alive() else " (ended)"))
    return 0


def _run(options: argparse.Namespace) -> int:
    lab = Lab(options.name)
    _end_on_signals()
    screen = _terminal_settings()
    _start(lab, options)
    try:
        return run_foreground(options.cmd, lab.env)
    finally:
        _ignore_signals()
        _restore_terminal(screen)
        _stop(lab)


def _terminal_settings() -> list[Any] | None:
    with suppress(termios.error, ValueError, OSError):
        return termios.tcgetattr(sys.stdin.fileno())
    return None


def _restore_terminal(settings: list[Any] | None) -> None:
    """Undoes raw mode, in which a crashed command would leave the user's terminal."""
    if settings is None:
        return
    with suppress(termios.error, OSError):
        stdin = sys.stdin.fileno()
        if os.tcgetpgrp(stdin) == os.getpgrp():  # in the background it is not ours to set
            termios.tcsetattr(stdin, termios.TCSADRAIN, settings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
