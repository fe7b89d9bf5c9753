"""CRIU: whether this kernel and this program can checkpoint, by the program's own `check`."""

from __future__ import annotations

import os
import re
import shutil

from vtui.errors import HostError, Unavailable
from vtui.lanes import Output, never, run
from vtui.model import Criu
from vtui.monitor import Need
from vtui.text import clean

DETAIL = 300
"""Characters kept of what `criu check` says."""

SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where it is installed; not in the PATH of everybody."""

_VERSION = re.compile(r"^Version: *(\S{1,40})", re.MULTILINE)
_WHEN = re.compile(r"^\(\d+\.\d+\)")
_WHERE = re.compile(r" *\([\w./-]+:\d+\): *")


class CriuCheck:
    """The CRIU program: its version, and its verdict on this kernel."""

    name = "criu"
    cadence = 600.0
    deadline = 40.0

    def __init__(self, program: str, patience: float = 30.0) -> None:
        """`program` is a name or a path; `patience` in seconds is what `criu check` may take."""
        self._program = program
        self._patience = patience

    async def read(self, need: Need) -> Criu:
        """The program and what it can do. Raises Unavailable when it is not installed."""
        path = shutil.which(self._program, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}")
        if path is None:
            raise Unavailable(f"{self._program} is not installed", "apt install criu")
        version = parse_version(await run([path, "--version"], deadline=min(5.0, self._patience)))
        if os.geteuid() != 0:
            return Criu(path, version, able=False, detail="only root can check: run vtui as root")
        able, detail = parse_check(await run([path, "check"], deadline=self._patience))
        return Criu(path, version, able, detail)

    async def changed(self) -> None:
        """Never returns: what a kernel can do does not change while it runs."""
        await never()

    async def close(self) -> None:
        """Nothing is held."""


def parse_version(output: Output) -> str:
    """The version from `criu --version`. Raises HostError when that is not what it printed."""
    match = _VERSION.search(output.stdout)
    if output.code or not match:
        said = clean(" ".join((output.stdout + output.stderr).split()), 80)
        raise HostError(f"criu --version fails: {said or f'exit {output.code}'}")
    return match[1]


def parse_check(output: Output) -> tuple[bool, str]:
    """Verdict and words of `criu check`: the exit code is the verdict, errors are told before the rest."""
    lines = (output.stderr + "\n" + output.stdout).splitlines()
    said = [_WHERE.sub(": ", _WHEN.sub("", line)).strip() for line in lines if line.strip()]
    errors = [line for line in said if line.startswith("Error")]
    detail = clean("; ".join(errors or said), DETAIL)
    return output.code == 0, detail or ("" if output.code == 0 else f"exit {output.code}")
