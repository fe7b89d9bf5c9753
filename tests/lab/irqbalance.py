"""irqbalance with its socket in the lab, and the IRQ affinities it changes put back."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from tests.lab.namespace import private_run
from tests.lab.part import Part
from tests.lab.process import need
from tests.lab.site import Site

_IRQS = Path("/proc/irq")
_INTERVAL = "5"


class Irqbalance(Part):
    """The balancer itself. There is but one /proc/irq, so it does move the machine's IRQs."""

    name = "irqbalance"

    @property
    def folder(self) -> Path:
        return self.site.run / "irqbalance"

    def env(self) -> dict[str, str]:
        return {"VTUI_IRQBALANCE": str(self.folder)}

    def start(self) -> None:
        need("irqbalance")
        if not _saved(self.site).exists():
            _saved(self.site).write_text(json.dumps(_affinities()))
        self._spawn()

    def restart(self, daemon: str) -> None:
        self._spawn()

    def _spawn(self) -> None:
        run_dirs = {"irqbalance": self.folder}
        mounts = private_run(self.site, self.daemons, "irqbalance", run_dirs)
        argv = [
            "nsenter",
            f"--mount={mounts}",
            need("irqbalance"),
            "--foreground",
            "--interval",
            _INTERVAL,
        ]
        for stale in self.folder.glob("irqbalance*.sock"):
            stale.unlink()
        started = self.daemons.spawn("irqbalance", argv)
        socket = self.folder / f"irqbalance{started.pid}.sock"
        self.daemons.ready("irqbalance", socket.exists)


def _saved(site: Site) -> Path:
    return site.run / "irq-affinities.json"


def _affinities() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in _IRQS.glob("[0-9]*/smp_affinity_list"):
        with suppress(OSError):
            found[path.parent.name] = path.read_text().strip()
    return found


def restore_affinities(site: Site) -> None:
    """Gives each IRQ the CPUs it had before; the kernel refuses some, which never moved."""
    if not _saved(site).exists():
        return
    now = _affinities()
    with suppress(ValueError):
        for irq, cpus in json.loads(_saved(site).read_text()).items():
            if now.get(irq, cpus) != cpus:
                with suppress(OSError):
                    (_IRQS / irq / "smp_affinity_list").write_text(cpus)
