"""Docker: a second dockerd in its own network and mount namespaces, with containers."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.lab import busybox, net
from tests.lab.cache import cache_root
from tests.lab.criu import wrapper_dir
from tests.lab.errors import LabError
from tests.lab.namespace import private_run
from tests.lab.part import LAST_CPU, Part
from tests.lab.process import environment, need, start_time

IMAGE = "plant/busybox:1"
_COUNTER = (
    "n=0; trap 'exit 0' TERM; while :; do n=$((n+1)); echo {what} $n; sleep 2 & wait $!; done"
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A container: its name, `docker run` options, and what its shell does."""

    name: str
    script: str
    options: tuple[str, ...] = ()


def _health(command: str) -> tuple[str, ...]:
    return (f"--health-cmd={command}", "--health-interval=5s", "--health-retries=1")


SAMPLES = (
    Sample("telemetry", _COUNTER.format(what="sample"), ("--label=line=press-3",)),
    Sample(
        "mqtt-broker",
        _COUNTER.format(what="message"),
        ("--label=line=press-3", "--restart=unless-stopped", "--memory=64m", *_health("true")),
    ),
    Sample(
        "camera-feed",
        _COUNTER.format(what="frame"),
        ("--label=line=press-4", *_health("echo no signal on input 2; exit 1")),
    ),
    Sample(
        "vision-infer",
        _COUNTER.format(what="inference"),
        (
            f"--cpuset-cpus={LAST_CPU}",
            "--publish=8080:80",
            "--label=line=press-4",
            "--cpu-shares=512",
        ),
    ),
    Sample("recorder", _COUNTER.format(what="block"), ("--label=line=press-3",)),
    Sample("batch-report", "echo 'no such table: shifts' >&2; exit 3"),
)
PAUSED = "recorder"
FAILED = "batch-report"


class Docker(Part):
    """dockerd, experimental (checkpoints), with its containers."""

    name = "docker"

    @property
    def folder(self) -> Path:
        return self.site.run / "docker"

    @property
    def host(self) -> str:
        return f"unix://{self.folder}/docker.sock"

    def env(self) -> dict[str, str]:
        return {"VTUI_DOCKER": self.host}

    def start(self) -> None:
        need("dockerd")
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "daemon.json").write_text('{"live-restore": true}')
        net.add_netns(self.site, self.run)
        self._start_dockerd()
        self._import_image()
        with ThreadPoolExecutor(len(SAMPLES)) as pool:
            list(pool.map(self._run_sample, SAMPLES))
        self.docker("pause", PAUSED)
        self.docker("wait", FAILED)

    def docker(self, *args: str) -> str:
        return self.run(need("docker"), "--host", self.host, *args, env=self._client_env)

    def restart(self, daemon: str) -> None:
        self._start_dockerd()

    @property
    def _pidfile(self) -> Path:
        return self.folder / "dockerd.pid"

    @property
    def _client_env(self) -> dict[str, str]:
        return {"DOCKER_CONFIG": str(self.folder / "client"), "DOCKER_CONTEXT": ""}

    def _start_dockerd(self) -> None:
        for pidfile in (self._pidfile, self.folder / "exec/containerd/containerd.pid"):
            _forget_dead(pidfile)
        netns = Path("/run/netns") / self.site.netns
        mounts = private_run(self.site, self.daemons, "docker", {})
        argv = [
            *("nsenter", f"--net={netns}", f"--mount={mounts}"),
            need("dockerd"),
            "--experimental",
            f"--config-file={self.folder}/daemon.json",
            f"--data-root={self.site.data}/docker",
            f"--exec-root={self.folder}/exec",
            f"--pidfile={self._pidfile}",
            f"--host={self.host}",
            f"--cgroup-parent=/{self.site.cgroup}/docker",
            "--exec-opt=native.cgroupdriver=cgroupfs",
        ]
        path = f"{wrapper_dir(cache_root())}:{environment()['PATH']}"
        self.daemons.spawn("docker", argv, {"PATH": path})
        self.daemons.ready("docker", self._answers, timeout=20, what="dockerd to answer")

    def _answers(self) -> bool:
        with suppress(LabError):
            self.docker("version", "--format={{.Server.Version}}")
            return True
        return False

    def _import_image(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            root, tar = Path(folder, "root"), Path(folder, "image.tar")
            busybox.make_tree(root)
            with tarfile.open(tar, mode="w") as archive:
                archive.add(root, arcname=".")
            self.docker("import", "--change=CMD sh", str(tar), IMAGE)

    def _run_sample(self, sample: Sample) -> None:
        options: Sequence[str] = (f"--name={sample.name}", "--label=vtui.lab=1", *sample.options)
        self.docker("run", "--detach", *options, IMAGE, "sh", "-c", sample.script)


def _forget_dead(pidfile: Path) -> None:
    """Removes the pid file of a killed process, which dockerd takes for alive as a zombie."""
    with suppress(OSError, ValueError):
        if start_time(int(pidfile.read_text())) is None:
            pidfile.unlink()
