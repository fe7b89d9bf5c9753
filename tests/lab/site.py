"""Where one lab lives: its directories and every name it takes on the host."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path

RUN_ROOT = Path("/run/vtui-lab")
DATA_ROOT = Path("/var/tmp/vtui-lab")
SCRIPTS = Path(__file__).parent / "scripts"
TEMPLATES = Path(__file__).parent / "templates"

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,11}")
_PREFIX_LENGTH = 5


@dataclass(frozen=True, slots=True)
class Site:
    """Names and paths derived from the lab's name, so that two labs never meet."""

    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"lab name {self.name!r}: 1-12 of a-z, 0-9 and '-'")

    @property
    def run(self) -> Path:
        """Sockets, pids, state; kept short because unix socket paths end at 107 bytes."""
        return RUN_ROOT / self.name

    @property
    def data(self) -> Path:
        """Disk images, container layers, logs."""
        return DATA_ROOT / self.name

    @property
    def logs(self) -> Path:
        return self.data / "log"

    @property
    def prefix(self) -> str:
        """Start of every link name; five characters leave ten within the kernel's fifteen."""
        if len(self.name) <= _PREFIX_LENGTH:
            return self.name
        return f"{self.name[:2]}{zlib.crc32(self.name.encode()) & 0xFFF:03x}"

    def link(self, suffix: str) -> str:
        """The host-wide name of one of the lab's links, bridges or ports."""
        return f"{self.prefix}-{suffix}"

    @property
    def netns(self) -> str:
        return f"vtui-lab-{self.name}"

    @property
    def cgroup(self) -> str:
        """Top of the lab's tree in each hierarchy.

        The dot keeps libvirt from appending `.partition`, so that one name serves everybody.
        """
        return f"vtui-lab.{self.name}"
