"""Runs one command on the user's terminal and passes on the signals it would miss."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

from tests.lab.errors import LabError

_WATCHED = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD})
_FROM_KERNEL = 0x80
"""si_code of a signal the terminal sent: it reached the command's process group by itself."""
_GRACE = 5.0


def run_foreground(command: Sequence[str], env: Mapping[str, str]) -> int:
    """The command's exit code as a shell would give it: 128+N when signal N ended it."""
    try:
        child = subprocess.Popen(command, env={**os.environ, **env})
    except OSError as error:
        raise LabError(f"{command[0]}: {error.strerror}") from None
    # Blocked and waited for rather than handled, because only so their sender can be told.
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    try:
        code = _wait(child)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
    return 128 - code if code < 0 else code


def _wait(child: subprocess.Popen[bytes]) -> int:
    deadline: float | None = None
    while (code := child.poll()) is None:
        info = signal.sigtimedwait(_WATCHED, 0.5)
        if info is not None and info.si_signo != signal.SIGCHLD:
            if info.si_code != _FROM_KERNEL:
                child.send_signal(info.si_signo)
            if info.si_signo != signal.SIGINT:
                deadline = time.monotonic() + _GRACE
        if deadline is not None and time.monotonic() > deadline:
            child.kill()
            deadline = None
    return code
