"""A root file system made of busybox alone, for guests and containers."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

from tests.lab.process import need

_FOLDERS = ("bin", "dev", "etc", "proc", "root", "run", "sbin", "sys", "tmp", "usr", "var")


@cache
def _applets(busybox: str) -> tuple[str, ...]:
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    return tuple(name for name in listed.stdout.split() if name != "busybox")


def make_tree(root: Path) -> None:
    """Fills `root` with busybox, a link for each of its commands, and the usual folders."""
    busybox = need("busybox")
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(busybox, root / "bin/busybox")
    for applet in _applets(busybox):
        (root / "bin" / applet).symlink_to("busybox")
    (root / "etc/passwd").write_text("root::0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
