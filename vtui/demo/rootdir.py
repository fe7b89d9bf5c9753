"""A temporary directory standing in for / : small files, of which only changed ones are rewritten."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path

from vtui.errors import HostError

PATIENCE = 2.0
"""Seconds the removal waits for what is under way."""


class RootDir:
    """The directory exists from creation until `remove`, the program's end at the latest."""

    def __init__(self) -> None:
        """Raises HostError when no temporary directory can be made."""
        try:
            self.path = Path(tempfile.mkdtemp(prefix="vtui-demo-"))
        except OSError as error:
            raise HostError(
                f"cannot make a directory for the demo: {error.strerror}",
                "TMPDIR=/some/writable/directory vtui --demo",
            ) from error
        self._written: dict[str, str] = {}
        self._writing = threading.Lock()
        self._ended = threading.Event()
        # It runs at interpreter exit too: after errors that left remove() out, and when the exit came in the
        # middle of it.
        self._remove = weakref.finalize(self, _remove, self.path, self._writing, self._ended)

    @property
    def written(self) -> int:
        """How many files there are."""
        return len(self._written)

    def remove(self) -> None:
        """Remove the directory and all in it; again is harmless."""
        _remove(self.path, self._writing, self._ended)
        self._remove.detach()

    def write(self, files: Mapping[str, str]) -> int:
        """Bring these files (paths relative to the root) up to date; how many had changed.

        Raises HostError when the disk refuses, or after `remove`.
        """
        changed = {name: text for name, text in files.items() if self._written.get(name) != text}
        try:
            with self._writing:
                if self._ended.is_set():
                    raise HostError("the demo has ended")
                for name, text in changed.items():
                    self._write(name, text)
        except OSError as error:
            self._written.clear()  # a cleaner of old temporary files may have been here: begin anew
            raise HostError(
                f"cannot write {error.filename}: {error.strerror}", f"df {self.path.parent}"
            ) from error
        return len(changed)

    def _write(self, name: str, text: str) -> None:
        path = self.path / name
        if name not in self._written:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self._written[name] = text


def _remove(path: Path, writing: threading.Lock, ended: threading.Event) -> None:
    # At the program's end a lane may still be at work: what it adds behind rmtree's back would stay.
    ended.set()
    with contextlib.ExitStack() as held:
        if writing.acquire(timeout=PATIENCE):
            held.callback(writing.release)
        shutil.rmtree(path, ignore_errors=True)
