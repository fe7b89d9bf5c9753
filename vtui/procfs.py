"""Reading the small files of /proc and /sys below a root: many of them, cheaply, and none can crash.

A file that is missing is normal (an older kernel, an option switched off, a CPU gone meanwhile) and reads
as None. One that is there and cannot be read or understood is a problem, which a Tree remembers.
"""

from __future__ import annotations

import errno
import os
from functools import lru_cache
from pathlib import Path
from types import TracebackType

from vtui.cpuset import CpuSet, parse_list

SMALL = 1 << 16
"""Bytes; no file but /proc/interrupts and the like is larger."""

PROBLEMS = 3
"""Problems told in full; of the others the number is."""

# EBUSY is what sysfs says of a CPU that just went offline.
_GONE = frozenset(
    (errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO, errno.ESRCH, errno.EBUSY)
)


class Tree:
    """The files below one directory, opened once; to be used as a context manager.

    Raises OSError when the directory itself cannot be opened.
    """

    def __init__(self, root: Path) -> None:
        self._directory = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._problems: dict[str, str] = {}

    def __enter__(self) -> Tree:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._directory)

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read, in the order it came up."""
        return tuple(self._problems.values())

    def problem(self, text: str) -> None:
        """Remember one more problem; what was told of a file first stays."""
        self._problems.setdefault(text.partition(": ")[0], text)

    def raw(self, path: str) -> bytes:
        """The whole of a file of any size; OSError when it cannot be read."""
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._directory)
        with open(file, "rb", buffering=0) as stream:
            return stream.readall()

    def small(self, path: str) -> bytes | None:
        """The first SMALL bytes of a file; None when it is missing or cannot be read."""
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._directory)
            try:
                return os.read(file, SMALL)
            finally:
                os.close(file)
        except OSError as error:
            if error.errno not in _GONE:
                self.problem(f"{path}: {error.strerror}")
            return None

    def text(self, path: str) -> str | None:
        """The same as text, without the blanks around it."""
        data = self.small(path)
        return None if data is None else data.decode(errors="replace").strip()

    def needed(self, path: str) -> str:
        """The text of a file every kernel has, of any size; empty, and a problem, when not readable."""
        try:
            return self.raw(path).decode(errors="replace").strip()
        except OSError as error:
            self.problem(f"{path}: {error.strerror}")
            return ""

    def number(self, path: str) -> int | None:
        """The decimal number a file holds, which may be negative."""
        text = self.text(path)
        if text is None:
            return None
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
            self.problem(f"{path}: not a number")
            return None
        return int(text)

    def cpus(self, path: str) -> CpuSet | None:
        """The CPU list a file holds; None also for one that makes no sense."""
        data = self.small(path)
        if data is None:
            return None
        found = cpulist(data)
        if found is None:
            self.problem(f"{path}: not a CPU list")
        return found

    def names(self, path: str) -> list[str]:
        """What a directory holds, sorted; empty when it is missing."""
        try:
            folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._directory)
        except OSError as error:
            if error.errno not in _GONE:
                self.problem(f"{path}: {error.strerror}")
            return []
        try:
            return sorted(os.listdir(folder))  # noqa: PTH208 - of an open directory
        finally:
            os.close(folder)


@lru_cache(maxsize=4096)
def cpulist(data: bytes) -> CpuSet | None:
    """The CPUs of a kernel list, None when it is none.

    The kernel prints "(null)" for a mask it never allocated (lib/vsprintf.c): no CPU.
    """
    text = data.decode(errors="replace").strip()
    if text == "(null)":
        return frozenset()
    try:
        return parse_list(text)
    except ValueError:
        return None


def partly(problems: tuple[str, ...]) -> str:
    """One line for a value's `partial`: the first problems and how many more there are."""
    more = len(problems) - PROBLEMS
    return "; ".join((*problems[:PROBLEMS], *([f"{more} more"] if more > 0 else ())))
