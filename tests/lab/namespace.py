"""Command prefixes that put a daemon into a private mount namespace with a private /run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.lab.site import RUN_ROOT, SCRIPTS, Site


def private_run(
    site: Site,
    daemon: str,
    run_dirs: Mapping[str, Path],
    binds: Mapping[str, Path] | None = None,
    umounts: tuple[str, ...] = (),
) -> list[str]:
    """argv prefix: `/run/NAME` shows `run_dirs[NAME]` and each `binds` target its own dir.

    The rest of /run is hidden. So the daemon finds neither the machine's D-Bus, systemd-machined,
    firewalld nor containerd, and cannot disturb them; only the lab's own paths stay reachable.
    """
    fake = site.run / "ns" / daemon
    steps: list[str] = []
    for name, source in {RUN_ROOT.name: RUN_ROOT, **run_dirs}.items():
        source.mkdir(parents=True, exist_ok=True)
        (fake / name).mkdir(parents=True, exist_ok=True)
        steps += ["bind", str(source), str(fake / name)]
    (fake / "lock").mkdir(exist_ok=True)
    steps += ["bind", str(fake), "/run"]
    for target, source in (binds or {}).items():
        steps += ["bind", str(source), target]
    for target in umounts:
        steps += ["umount", target]
    unshare = ["unshare", "--mount", "--propagation", "private"]
    return [*unshare, "sh", str(SCRIPTS / "mounts.sh"), *steps, "--"]
