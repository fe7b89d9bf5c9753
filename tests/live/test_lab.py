"""The lab itself: every daemon answers, and nothing of a lab survives its end."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.lab import Lab, LabError
from tests.lab.part import LAST_CPU
from tests.lab.site import DATA_ROOT, RUN_ROOT, Site

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="missing capability: root")

PROJECT = Path(__file__).resolve().parents[2]
# Own names for what gets broken, so that two test sessions do not meet.
BROKEN, TIDY = f"rough-{os.getpid() % 100_000}", f"tidy-{os.getpid() % 100_000}"
CLI = (sys.executable, "-m", "tests.lab")


def eventually(check: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether `check` becomes true in time."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def traces(name: str) -> list[str]:
    """Everything on this host that belongs to the lab `name`, found without the lab's help."""
    site = Site(name)
    found = [str(root / name) for root in (RUN_ROOT, DATA_ROOT) if (root / name).exists()]
    found += [str(path) for path in Path("/run/netns").glob(f"vtui-lab-{name}")]
    found += [str(path) for path in Path("/sys/class/net").glob(f"{site.prefix}-*")]
    for pattern in (f"vtui-lab.{name}", f"*/vtui-lab.{name}"):
        found += [str(path) for path in Path("/sys/fs/cgroup").glob(pattern)]
    found += [line for line in Path("/proc/mounts").read_text().splitlines() if f"/{name}/" in line]
    mark = re.compile(rf"vtui-lab[/.]{name}\b")
    for process in (path for path in Path("/proc").iterdir() if path.name.isdigit()):
        with suppress(OSError):
            texts = [(process / kind).read_text() for kind in ("cmdline", "cgroup", "mountinfo")]
            if int(process.name) != os.getpid() and any(map(mark.search, texts)):
                found.append(f"{process.name}: {texts[0][:80]}")
    return found


def _moved(irq: str) -> bool:
    """Moves an IRQ to the last CPU; the kernel refuses that for those it manages itself."""
    with suppress(OSError):
        Path("/proc/irq", irq, "smp_affinity_list").write_text(str(LAST_CPU))
        return True
    return False


@pytest.fixture
def throwaway() -> Iterator[Lab]:
    """A lab to break things in; not started."""
    lab = Lab(BROKEN)
    yield lab
    lab.stop()
    assert traces(BROKEN) == []


class TestEndpoints:
    def test_nothing_is_absent(self, lab: Lab) -> None:
        assert lab.absent == {}

    def test_libvirt_lists_the_guests(self, lab: Lab) -> None:
        listed = lab.virsh("list", "--all")
        for name, state in (
            ("plc-gateway", "running"),
            ("vision", "paused"),
            ("hmi", "shut off"),
            ("historian", "shut off"),
        ):
            assert re.search(rf"{name} +{state}", listed)
        assert "historian" in lab.virsh("list", "--all", "--autostart")
        assert re.search(r"edge-logger +running", lab.virsh_lxc("list", "--all"))

    def test_the_guest_boots_to_its_console(self, lab: Lab) -> None:
        console = lab.site.data / "domains/plc-gateway.console"
        assert eventually(lambda: "plc-gateway is up" in console.read_text(), 30)

    def test_the_guest_is_plugged_into_the_bridge(self, lab: Lab) -> None:
        tap = lab.site.link("tap0")
        assert tap in lab.vsctl("list-ports", lab.bridge).split()
        assert lab.vsctl("get", "port", tap, "tag").strip() == "10"

    def test_docker_has_containers_in_every_state(self, lab: Lab) -> None:
        def status(name: str) -> str:
            line = "{{.Status}}"
            return lab.docker("ps", "-a", f"--filter=name={name}", f"--format={line}").strip()

        assert "Paused" in status("recorder")
        assert status("batch-report").startswith("Exited (3)")
        assert eventually(lambda: "(healthy)" in status("mqtt-broker"), 20)
        assert eventually(lambda: "(unhealthy)" in status("camera-feed"), 20)
        assert "8080->80/tcp" in lab.docker("port", "vision-infer").replace(
            "80/tcp -> 0.0.0.0:8080", "8080->80/tcp"
        )
        cpus = lab.docker("inspect", "--format={{.HostConfig.CpusetCpus}}", "vision-infer")
        assert cpus.strip() == str(LAST_CPU)

    def test_open_vswitch_shows_both_bridges(self, lab: Lab) -> None:
        shown = lab.vsctl("show")
        assert all(f"Bridge {bridge}" in shown for bridge in lab.bridges)
        assert lab.vsctl("get", "controller", lab.bridge, "is_connected").strip() == "false"

    def test_native_lxc_lists_its_containers(self, lab: Lab) -> None:
        listed = lab.lxc("ls", "-f")
        assert re.search(r"soft-plc +RUNNING", listed)
        assert re.search(r"field-sim +STOPPED", listed)

    def test_irqbalance_answers_on_its_socket(self, lab: Lab) -> None:
        (path,) = lab.irqbalance_dir.glob("irqbalance*.sock")
        credentials = struct.pack("3i", os.getpid(), os.getuid(), os.getgid())
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(path))
            ancillary = [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, credentials)]
            client.sendmsg([b"setup"], ancillary)
            assert client.recv(4096).startswith(b"SLEEP")

    def test_criu_runs(self, lab: Lab) -> None:
        subprocess.run([lab.criu, "check"], check=True, capture_output=True)

    def test_a_container_survives_a_checkpoint(self, lab: Lab) -> None:
        lab.docker("checkpoint", "create", "telemetry", "lab")

        def stopped() -> bool:
            state = "--format={{.State.Running}}"
            return lab.docker("inspect", state, "telemetry").strip() == "false"

        def restored() -> bool:
            # For about a second dockerd says "content already exists": moby issue 42900.
            with suppress(LabError):
                lab.docker("start", "--checkpoint=lab", "telemetry")
            return not stopped()

        assert eventually(stopped)
        assert eventually(restored)
        lab.docker("checkpoint", "rm", "telemetry", "lab")

    def test_the_environment_names_every_endpoint(self, lab: Lab) -> None:
        assert lab.env == {
            "VTUI_LIBVIRT": f"{lab.libvirt_uri} {lab.lxc_uri}",
            "VTUI_DOCKER": lab.docker_host,
            "VTUI_OVSDB": lab.ovsdb,
            "VTUI_LXC_PATH": str(lab.lxc_path),
            "VTUI_IRQBALANCE": str(lab.irqbalance_dir),
            "VTUI_CRIU": str(lab.criu),
        }


class TestMishaps:
    def test_a_crashed_libvirtd_comes_back_with_its_guests(self, throwaway: Lab) -> None:
        throwaway.start(only=["libvirt", "ovs"])
        throwaway.kill("libvirt")
        with pytest.raises(LabError):
            throwaway.virsh("list")
        throwaway.restart("libvirt")
        assert re.search(r"plc-gateway +running", throwaway.virsh("list"))

    def test_a_crashed_open_vswitch_comes_back(self, throwaway: Lab) -> None:
        throwaway.start(only=["ovs"])
        for daemon in ("ovsdb", "vswitchd"):
            throwaway.kill(daemon)
            throwaway.restart(daemon)
        more = throwaway.site.link("more")
        throwaway.vsctl("add-br", more, "--", "set", "bridge", more, "datapath_type=netdev")
        assert Path("/sys/class/net", more).exists()

    def test_a_crashed_dockerd_finds_its_containers_running(self, throwaway: Lab) -> None:
        throwaway.start(only=["docker"])
        ids = throwaway.docker("ps", "--quiet")
        throwaway.kill("docker")
        throwaway.restart("docker")
        assert throwaway.docker("ps", "--quiet") == ids
        assert throwaway.docker("exec", "telemetry", "echo", "alive") == "alive\n"

    def test_a_frozen_daemon_is_silent_until_thawed(self, throwaway: Lab) -> None:
        throwaway.start(only=["ovs"])
        throwaway.freeze("ovsdb")
        with pytest.raises(LabError):
            throwaway.vsctl("--timeout=1", "show")
        throwaway.thaw("ovsdb")
        assert throwaway.vsctl("show")
        throwaway.freeze("ovsdb")


class TestNothingIsLeft:
    def test_after_stop(self) -> None:
        lab = Lab(TIDY)
        with lab.running():
            assert lab.absent == {}
            assert len(traces(TIDY)) > 20
        assert traces(TIDY) == []

    def test_a_second_start_clears_what_a_killed_lab_left(self, throwaway: Lab) -> None:
        command = [*CLI, "run", "--name", BROKEN, "--", "sleep", "60"]
        with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as killed:
            assert killed.stderr is not None
            assert any(f"lab {BROKEN} up" in line for line in killed.stderr)
            killed.kill()
        daemons = {line for line in traces(BROKEN) if line[0].isdigit()}
        assert daemons
        throwaway.start(only=["net"])
        assert not daemons & set(traces(BROKEN))

    def test_irqs_go_back_to_where_they_were(self) -> None:
        lab = Lab(TIDY)
        with lab.running(only=["irqbalance"]):
            lab.freeze("irqbalance")
            saved = json.loads((lab.site.run / "irq-affinities.json").read_text())
            irq, before = next(
                (Path("/proc/irq", number, "smp_affinity_list"), cpus)
                for number, cpus in saved.items()
                if cpus != str(LAST_CPU) and _moved(number)
            )
            assert irq.read_text().strip() == str(LAST_CPU) != before
        assert irq.read_text().strip() == before

    def test_a_failed_start_leaves_nothing(self) -> None:
        lab = Lab(TIDY)
        with pytest.raises(LabError, match="no such part"):
            lab.start(only=["xen"])
        assert traces(TIDY) == []


def run_cli(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *args], check=False, cwd=PROJECT, capture_output=True, text=True, timeout=60
    )


class TestCommandLine:
    def test_run_passes_output_and_exit_code(self) -> None:
        script = "echo $VTUI_OVSDB; exit 7"
        done = run_cli("run", f"--name={TIDY}", "--only=ovs", "--", "sh", "-c", script)
        assert (done.returncode, done.stdout) == (7, f"unix:/run/vtui-lab/{TIDY}/ovs/db.sock\n")
        assert traces(TIDY) == []

    def test_run_cleans_up_after_a_command_that_is_not_there(self) -> None:
        done = run_cli("run", f"--name={TIDY}", "--only=net", "--", "no-such-command")
        assert done.returncode == 4
        assert "error: no-such-command" in done.stderr
        assert traces(TIDY) == []

    def test_up_stays_until_down(self) -> None:
        only = (f"--name={TIDY}", "--only=net,ovs")
        try:
            up = run_cli("up", *only)
            assert up.stdout == f"export VTUI_OVSDB=unix:/run/vtui-lab/{TIDY}/ovs/db.sock\n"
            assert run_cli("up", *only).stdout == up.stdout
            assert run_cli("status", f"--name={TIDY}").returncode == 0
            refused = run_cli("run", *only, "--", "true")
            assert refused.returncode == 4
            assert "up already" in refused.stderr
        finally:
            assert run_cli("down", f"--name={TIDY}").returncode == 0
        assert run_cli("status", f"--name={TIDY}").returncode == 1
        assert traces(TIDY) == []

    def test_two_of_one_name_do_not_fight(self, throwaway: Lab) -> None:
        throwaway.start(only=["net"])
        for command in (("up",), ("down",), ("run", "--", "true")):
            refused = run_cli(f"--name={BROKEN}", *command)
            assert refused.returncode == 4
            assert "in use by process" in refused.stderr
        assert Path("/sys/class/net", throwaway.linux_bridge).exists()

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
    def test_a_signal_ends_the_command_and_the_lab(self, number: signal.Signals) -> None:
        command = [*CLI, "run", f"--name={TIDY}", "--only=net,ovs", "--", "sleep", "60"]
        with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as lab:
            assert lab.stderr is not None
            assert any(f"lab {TIDY} up" in line for line in lab.stderr)
            time.sleep(0.2)
            lab.send_signal(number)
            lab.communicate(timeout=20)
        assert lab.returncode == 128 + number
        assert traces(TIDY) == []

    def test_a_signal_while_starting(self) -> None:
        command = [*CLI, "run", f"--name={TIDY}", "--", "true"]
        with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as lab:
            assert lab.stderr is not None
            assert lab.stderr.readline().startswith("==> ")
            lab.send_signal(signal.SIGTERM)
            _, rest = lab.communicate(timeout=20)
        assert lab.returncode == 128 + signal.SIGTERM, rest
        assert traces(TIDY) == []

    def test_ctrl_c_on_a_terminal(self) -> None:
        ours, theirs = pty.openpty()
        command = [*CLI, "run", f"--name={TIDY}", "--only=net", "--", "sleep", "60"]
        on_terminal = ["setsid", "--ctty", "--wait", *command]
        streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        with subprocess.Popen(on_terminal, cwd=PROJECT, **streams) as lab:
            os.close(theirs)
            shown = ""
            while f"lab {TIDY} up" not in shown:
                shown += os.read(ours, 4096).decode()
            time.sleep(0.2)
            os.write(ours, b"\x03")
            assert lab.wait(20) == 128 + signal.SIGINT
        os.close(ours)
        assert traces(TIDY) == []
