"""`make bench`: vtui beside a bare Textual table and what else is installed, in one run."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from tests.bench import refresh
from tests.bench.terminal import Cost, measure

BIN = Path(sys.executable).parent

PROGRAMS: tuple[tuple[str, tuple[str, ...], bytes], ...] = (
    ("bare Textual, 500 rows", (sys.executable, "-m", "tests.bench.bare"), b""),
    ("vtui --demo, domains", (str(BIN / "vtui"), "--demo"), b"2"),
    ("vtui --demo, irqs", (str(BIN / "vtui"), "--demo"), b"5"),
    ("htop", ("htop",), b""),
    ("virt-top", ("virt-top", "-c", "test:///default"), b""),
)
"""Label, command, keys to press first. Programs that are not installed are left out, and named."""

HEAD = ("start s", "start B", "idle B/s", "idle CPU %", "wake/s", "Down B", "PgDn B", "RSS MB")


def row(cost: Cost) -> str:
    """One line of the table."""
    numbers = (
        f"{cost.start_seconds:.2f}",
        f"{cost.start_bytes}",
        f"{cost.idle_bytes:.0f}",
        f"{cost.idle_cpu * 100:.1f}",
        f"{cost.idle_wakeups:.1f}",
        f"{cost.down_bytes}",
        f"{cost.page_bytes}",
        f"{cost.rss / 1e6:.0f}",
    )
    return f"{cost.label:<24}" + "".join(f"{number:>11}" for number in numbers)


def main() -> None:
    """Measure, print, and with --json print one document instead."""
    costs, absent = [], []
    for label, command, keys in PROGRAMS:
        if shutil.which(command[0]):
            costs.append(measure(label, command, keys))
        else:
            absent.append(label)
    refreshes = refresh.measure()
    if "--json" in sys.argv:
        print(json.dumps({"programs": [asdict(cost) for cost in costs], "refresh_ms": refreshes}))
        return
    print(f"{'80x24':<24}" + "".join(f"{name:>11}" for name in HEAD))
    for cost in costs:
        print(row(cost))
    if absent:
        print(f"not installed: {', '.join(absent)}")
    for name, milliseconds in refreshes.items():
        print(f"{name:<30}{milliseconds:8.1f} ms of CPU")


if __name__ == "__main__":
    main()
