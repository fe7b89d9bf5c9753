"""Things fetched or built once and kept: kernels, initial RAM disks, CRIU."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.lab.errors import LabError


def cache_root() -> Path:
    """`$XDG_CACHE_HOME/vtui-lab`, or the same under `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "vtui-lab"


def cached(name: str, build: Callable[[Path], None]) -> Path:
    """The folder `name` in the cache; `build` fills it the first time, all or nothing."""
    final = cache_root() / name
    if final.is_dir():
        return final
    cache_root().mkdir(parents=True, exist_ok=True)
    with open(cache_root() / f".{name}.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if final.is_dir():
            return final
        draft = cache_root() / f".{name}.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        try:
            build(draft)
        except LabError as error:
            raise LabError(
                error.message, "wants the Debian archive once; then it is kept"
            ) from None
        draft.rename(final)
    return final
