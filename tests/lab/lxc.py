"""Native LXC: two busybox containers in a container path of the lab's own."""

from __future__ import annotations

from pathlib import Path
from string import Template

from tests.lab.part import Part
from tests.lab.process import need
from tests.lab.site import TEMPLATES

RUNNING = "soft-plc"
STOPPED = "field-sim"
_BASE_CONFIG = "lxc.net.0.type = empty\n"
_INITTAB = "::sysinit:/bin/true\n::respawn:/etc/init.d/scan\n"
_SCAN = "#!/bin/sh\nn=0\nwhile sleep 2; do n=$((n+1)); echo $n >/tmp/scans; done\n"


class Lxc(Part):
    """`soft-plc` runs, `field-sim` is stopped; both can be checkpointed."""

    name = "lxc"

    @property
    def path(self) -> Path:
        return self.site.data / "lxc"

    def env(self) -> dict[str, str]:
        return {"VTUI_LXC_PATH": str(self.path)}

    def start(self) -> None:
        need("lxc-create")
        self.path.mkdir(parents=True, exist_ok=True)
        for name in (RUNNING, STOPPED):
            self._create(name)
        self.lxc("start", "-n", RUNNING, "-d")

    def lxc(self, verb: str, *args: str) -> str:
        """Runs `lxc-VERB` against the lab's container path."""
        return self.run(need(f"lxc-{verb}"), "-P", self.path, *args)

    def state(self, name: str) -> str:
        return self.lxc("info", "-n", name, "-sH").strip()

    def _create(self, name: str) -> None:
        base = self.path / ".base.conf"
        base.write_text(_BASE_CONFIG)
        self.lxc("create", "-n", name, "-f", str(base), "-t", "busybox")
        base.unlink()
        home = self.path / name
        (home / "rootfs/etc/inittab").write_text(_INITTAB)
        scan = home / "rootfs/etc/init.d/scan"
        scan.write_text(_SCAN)
        scan.chmod(0o755)
        template = Template((TEMPLATES / "lxc-container.conf").read_text())
        (home / "config").write_text(
            template.substitute(name=name, root=home / "rootfs", cgroup=self.site.cgroup)
        )
