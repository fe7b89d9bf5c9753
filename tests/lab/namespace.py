"""Private mount namespaces with a private /run, for daemons that must not meet the machine's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.lab.process import Daemons
from tests.lab.site import RUN_ROOT, SCRIPTS, Site


def private_run(
    site: Site,
    daemons: Daemons,
    name: str,
    run_dirs: Mapping[str, Path],
    binds: Mapping[str, Path] | None = None,
    umounts: tuple[str, ...] = (),
) -> Path:
    """The mount namespace `name`: `/run/X` shows `run_dirs[X]`, each `binds` target its source.

    The rest of /run is hidden. So a daemon finds neither the machine's D-Bus, systemd-machined,
    firewalld nor containerd, and cannot disturb them; only the lab's own paths stay reachable.
    A sleeping process holds the namespace, so that a daemon that crashed can return to it.
    """
    holder = f"{name}-ns"
    known = daemons.all().get(holder)
    if known is None or not known.alive():
        steps = _steps(site.run / "ns" / name, run_dirs, binds or {}, umounts)
        unshare = ["unshare", "--mount", "--propagation", "private"]
        script = ["sh", str(SCRIPTS / "mounts.sh"), *steps, "--", "sleep", "infinity"]
        known = daemons.spawn(holder, [*unshare, *script])
        comm = Path(f"/proc/{known.pid}/comm")
        daemons.ready(holder, lambda: comm.read_text() == "sleep\n", what="a mount namespace")
    return Path(f"/proc/{known.pid}/ns/mnt")


def _steps(
    fake: Path, run_dirs: Mapping[str, Path], binds: Mapping[str, Path], umounts: tuple[str, ...]
) -> list[str]:
    """Arguments for mounts.sh that put the folder `fake` in the place of /run."""
    steps: list[str] = []
    for name, source in {RUN_ROOT.name: RUN_ROOT, **run_dirs}.items():
        source.mkdir(parents=True, exist_ok=True)
        (fake / name).mkdir(parents=True, exist_ok=True)
        steps += ["bind", str(source), str(fake / name)]
    (fake / "lock").mkdir(exist_ok=True)
    steps += ["bind", str(fake), "/run"]
    for target, source in binds.items():
        steps += ["bind", str(source), target]
    for target in umounts:
        steps += ["umount", target]
    return steps
