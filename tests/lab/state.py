"""Whether a lab is up, and the lock that keeps two of the same name apart."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import IO

from tests.lab.errors import LabError
from tests.lab.site import RUN_ROOT, Site


@dataclass(frozen=True, slots=True)
class State:
    """What is written to the state folder once the lab has started."""

    env: dict[str, str] = field(default_factory=dict)
    endpoints: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    detached: bool = False
    """True after `up`: no process holds the lock, and yet the lab is meant to be there."""

    def save(self, site: Site) -> None:
        (site.run / "env.json").write_text(json.dumps(self.env, indent=2) + "\n")
        (site.run / "lab.json").write_text(json.dumps(asdict(self), indent=2) + "\n")


def load(site: Site) -> State | None:
    """The saved state; None when there is none, or only half of one."""
    try:
        return State(**json.loads((site.run / "lab.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


class Lock:
    """One holder per lab name; the kernel lets go when the holder dies."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._path = RUN_ROOT / f"{site.name}.lock"
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Takes the lock or raises LabError naming the holder."""
        RUN_ROOT.mkdir(parents=True, exist_ok=True)
        while True:
            file = open(self._path, "a+")  # noqa: SIM115 - stays open for as long as it is held
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "?"
                file.close()
                raise LabError(
                    f"lab {self._site.name!r} is in use by process {holder}",
                    "wait for it to end, or choose another --name",
                ) from None
            if self._is_current(file):
                break
            file.close()  # its last holder removed it between our open and our lock
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def _is_current(self, file: IO[str]) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Lets go and leaves no file behind."""
        if self._file is None:
            return
        self._path.unlink(missing_ok=True)
        self._file.close()
        self._file = None
        with suppress(OSError):
            RUN_ROOT.rmdir()

    @property
    def held(self) -> bool:
        return self._file is not None
