"""The real program, started as a shell would start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NO_SETTINGS = "/nonexistent"
"""Stands for a home without a configuration file."""


@dataclass(frozen=True)
class Result:
    """What a run left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line that says what is wrong."""
        (line,) = (one for one in self.err.splitlines() if one.startswith("vtui: error: "))
        return line.removeprefix("vtui: error: ")

    @property
    def hint(self) -> str:
        """The one line that says what to do."""
        (line,) = (one for one in self.err.splitlines() if one.startswith("hint: "))
        return line.removeprefix("hint: ")


def environment(**variables: str) -> dict[str, str]:
    """This environment without vtui's own variables, and with these."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("VTUI_")}
    return kept | {"XDG_CONFIG_HOME": NO_SETTINGS, "LC_ALL": "C.UTF-8"} | variables


def vtui(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    before: Sequence[str] = (sys.executable,),
    deadline: float = 60.0,
) -> Result:
    """Run vtui to its end, without a terminal; `before` is the interpreter and what starts it."""
    ran = subprocess.run(
        [*before, "-m", "vtui", *map(str, arguments)],
        env=environment() if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=deadline,
        check=False,
    )
    return Result(ran.returncode, ran.stdout.decode(), ran.stderr.decode())
