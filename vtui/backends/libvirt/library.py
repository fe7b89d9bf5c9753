"""The libvirt library made fit for a terminal program: silent, and its event loop running."""

from __future__ import annotations

import functools
import threading
import time
from typing import Any

from vtui import lanes
from vtui.errors import Unavailable

_lock = threading.Lock()

_BREATH = 1.0
"""Seconds of rest after the event loop failed, lest it fail in a busy loop."""


def library() -> Any:
    """The module `libvirt`. To be called in a lane: the first call loads native code.

    The first call starts libvirt's event loop, once for the process and before any connection is
    open, as virEventRegisterDefaultImpl demands, and stops libvirt from writing its errors to the
    terminal. Raises Unavailable when the binding or the native library is missing.
    """
    with _lock:
        return _load()


@functools.cache
def _load() -> Any:
    try:
        import libvirt  # type: ignore[import-untyped]
    except ImportError as error:
        raise Unavailable(
            f"libvirt's Python binding is not installed ({error})",
            "install libvirt-python, e.g. apt install python3-libvirt",
        ) from error
    libvirt.registerErrorHandler(_ignore, None)
    libvirt.virEventRegisterDefaultImpl()
    lanes.forever("libvirt-events", functools.partial(_run_events, libvirt))
    return libvirt


def _run_events(libvirt: Any) -> None:
    while True:
        try:
            libvirt.virEventRunDefaultImpl()
        except libvirt.libvirtError:
            time.sleep(_BREATH)


def _ignore(_context: object, _error: object) -> None:
    """Every error is raised as an exception as well."""
