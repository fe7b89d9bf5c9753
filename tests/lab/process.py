"""Processes: starting daemons, remembering them across a crash, running clients."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.lab import cgroups
from tests.lab.errors import LabError
from tests.lab.site import SCRIPTS, Site

_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
_INSTALL_HINT = "run tests/lab/install-packages.sh"


def start_time(pid: int) -> int | None:
    """Clock ticks since boot when `pid` started; None when it is gone or only a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def all_pids() -> list[int]:
    """Every process of the host at this moment; any may be gone the next."""
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A process the lab started; pid and start time together name it beyond reuse."""

    pid: int
    started: int

    def alive(self) -> bool:
        return start_time(self.pid) == self.started

    def send(self, number: signal.Signals) -> bool:
        """Signals the process if it is still the same one; says whether it was."""
        if not self.alive():
            return False
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
        return True


class Halt:
    """Set when a start is given up: nothing new begins, running clients end."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._clients: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()

    def set(self) -> None:
        with self._lock:
            self._event.set()
            for client in self._clients:
                client.kill()

    def clear(self) -> None:
        self._event.clear()

    def is_set(self) -> bool:
        return self._event.is_set()

    @contextmanager
    def watching(
        self, begin: Callable[[], subprocess.Popen[str]]
    ) -> Iterator[subprocess.Popen[str]]:
        """Starts a client that `set` will end; it is dead when the block is left."""
        with self._lock:
            self.check()
            client = begin()
            self._clients.add(client)
        try:
            with client:
                try:
                    yield client
                finally:
                    client.kill()
        finally:
            with self._lock:
                self._clients.discard(client)

    def check(self) -> None:
        """Raises when the start has been given up."""
        if self._event.is_set():
            raise LabError("given up")


class Daemons:
    """The daemons of one lab, recorded on disk so that a later lab can end them."""

    def __init__(self, site: Site, halt: Halt) -> None:
        self._site = site
        self._halt = halt
        self._children: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()

    @property
    def _folder(self) -> Path:
        return self._site.run / "pids"

    def spawn(
        self, name: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None
    ) -> Recorded:
        """Starts a daemon in the lab's cgroups, away from the terminal, logging to a file."""
        self._halt.check()
        command = _inside(self._site, argv)
        self._site.logs.mkdir(parents=True, exist_ok=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        with open(self.log(name), "ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                env=environment(env),
            )
        with self._lock:
            self._children.append(child)
        recorded = Recorded(child.pid, start_time(child.pid) or 0)
        text = json.dumps({"pid": recorded.pid, "started": recorded.started})
        (self._folder / f"{name}.json").write_text(text)
        return recorded

    def log(self, name: str) -> Path:
        return self._site.logs / f"{name}.log"

    def all(self) -> dict[str, Recorded]:
        """Every recorded daemon by name, alive or not."""
        found: dict[str, Recorded] = {}
        for path in sorted(self._folder.glob("*.json")):
            with suppress(ValueError, KeyError):
                entry = json.loads(path.read_text())
                found[path.stem] = Recorded(entry["pid"], entry["started"])
        return found

    def get(self, name: str) -> Recorded:
        try:
            return self.all()[name]
        except KeyError:
            raise LabError(f"the lab runs no {name!r}") from None

    def kill(self, name: str) -> None:
        """SIGKILL to one daemon, as a crash would look; returns when it is gone."""
        daemon = self.get(name)
        daemon.send(signal.SIGKILL)
        wait_until(lambda: not daemon.alive(), f"{name} to die", timeout=5)
        self.reap()

    def reap(self) -> None:
        """Collects ended children of this process, which would stay zombies otherwise."""
        with self._lock:
            self._children = [child for child in self._children if child.poll() is None]

    def ready(
        self, name: str, check: Callable[[], bool], timeout: float = 15.0, what: str = ""
    ) -> None:
        """Waits for a daemon to answer; its own last words are the hint when it doesn't."""
        daemon = self.get(name)

        def answered_or_died() -> bool:
            self._halt.check()
            return check() or not daemon.alive()

        try:
            wait_until(answered_or_died, what or f"{name} to answer", timeout)
        except LabError as error:
            raise LabError(error.message, self._last_words(name)) from None
        if not daemon.alive():
            self.reap()
            raise LabError(f"{name} ended at once", self._last_words(name))

    def _last_words(self, name: str) -> str:
        with suppress(OSError):
            lines = self.log(name).read_text(errors="replace").strip().splitlines()
            return lines[-1][:300] if lines else f"see {self.log(name)}"
        return ""


def wait_until(check: Callable[[], bool], what: str, timeout: float = 10.0) -> None:
    """Polls `check`; raises when it stays false."""
    deadline = time.monotonic() + timeout
    while not check():
        if time.monotonic() > deadline:
            raise LabError(f"waited {timeout:g} s for {what}")
        time.sleep(0.02)


class Runner:
    """Runs client commands, each with a deadline."""

    def __init__(self, halt: Halt | None = None, site: Site | None = None) -> None:
        """With `site`, the commands count as processes of that lab."""
        self._halt = halt or Halt()
        self._site = site

    def __call__(
        self,
        *argv: str | Path,
        timeout: float = 30.0,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> str:
        """The command's stdout; raises LabError when it is missing, fails or hangs."""
        command = list(map(str, argv))

        if shutil.which(command[0], path=environment()["PATH"]) is None:
            raise LabError(f"{command[0]} is not installed", _INSTALL_HINT)

        def begin() -> subprocess.Popen[str]:
            return _client(_inside(self._site, command) if self._site else command, env, cwd)

        with self._halt.watching(begin) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                raise LabError(f"{_short(command)}: no end within {timeout:g} s") from None
        if process.returncode:
            words = (err.strip() or out.strip()).splitlines()
            raise LabError(f"{_short(command)}: {words[-1] if words else process.returncode}")
        return out


def _client(
    command: list[str], env: Mapping[str, str] | None, cwd: Path | None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        cwd=cwd,
        env=environment(env),
    )


def _inside(site: Site, argv: Sequence[str | Path]) -> list[str]:
    """The command made to enter the lab's cgroups first, so that all its offspring is found."""
    entrances = map(str, cgroups.entrances(site))
    return ["sh", str(SCRIPTS / "launch.sh"), *entrances, "--", *map(str, argv)]


def _short(command: Sequence[str]) -> str:
    """The command as an error message names it: without its path and options."""
    words = [word for word in command[1:] if not word.startswith("-")]
    return " ".join([Path(command[0]).name, *words])[:60]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for everything started here; a plain user's PATH lacks the sbin folders."""
    env = {**os.environ, **(extra or {})}
    env["PATH"] = f"{env.get('PATH', os.defpath)}:{_SYSTEM_PATH}"
    return env


def need(program: str) -> str:
    """The program's path, or a LabError that says how to get it."""
    path = shutil.which(program, path=environment()["PATH"])
    if path is None:
        raise LabError(f"{program} is not installed", _INSTALL_HINT)
    return path
