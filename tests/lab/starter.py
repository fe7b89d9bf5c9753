"""Starts parts side by side, each as soon as those it builds on have been tried."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait

from tests.lab.errors import LabError
from tests.lab.part import Part
from tests.lab.process import Halt


def start_parts(
    parts: Mapping[str, Part], report: Callable[[str], None], halt: Halt
) -> dict[str, str]:
    """Starts all parts; returns those that failed with the reason, which cost only themselves."""
    tried = {name: threading.Event() for name in parts}
    absent: dict[str, str] = {}

    def start(part: Part) -> None:
        try:
            for name in part.after:
                if name in tried:
                    tried[name].wait()
            began = time.monotonic()
            part.start()
            report(f"==> {part.name} {time.monotonic() - began:.1f} s")
        except (LabError, OSError) as error:
            absent[part.name] = str(error)
            if not halt.is_set():
                report(f"==> {part.name} absent: {error}")
        finally:
            tried[part.name].set()

    with ThreadPoolExecutor(max(len(parts), 1), thread_name_prefix="lab") as pool:
        try:
            futures = [pool.submit(start, part) for part in parts.values()]
            wait(futures)
        except BaseException:
            halt.set()
            raise
    for future in futures:
        future.result()
    return absent
