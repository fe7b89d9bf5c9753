"""libvirtd in a private mount namespace, with QEMU (TCG) guests and an LXC domain."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from string import Template

from tests.lab import busybox, cgroups
from tests.lab.errors import LabError
from tests.lab.guest import Guest
from tests.lab.namespace import private_run
from tests.lab.ovs import Ovs
from tests.lab.part import LAST_CPU, Context, Part
from tests.lab.process import need
from tests.lab.site import TEMPLATES

_LIBVIRTD_CONF = """\
auth_unix_rw = "none"
unix_sock_rw_perms = "0700"
log_level = 3
"""
_QEMU_CONF = """\
security_driver = "none"
namespaces = []
remember_owner = 0
"""


class Libvirt(Part):
    """The daemons libvirtd and virtlogd; their state is all in the lab's folders."""

    name = "libvirt"

    @property
    def _socket(self) -> Path:
        return self.site.run / "libvirt" / "libvirt-sock"

    @property
    def uri(self) -> str:
        return f"qemu:///system?socket={self._socket}"

    @property
    def lxc_uri(self) -> str:
        return f"lxc:///system?socket={self._socket}"

    def env(self) -> dict[str, str]:
        return {"VTUI_LIBVIRT": f"{self.uri} {self.lxc_uri}"}

    def start(self) -> None:
        need("libvirtd")
        etc = self._store("etc")
        (etc / "libvirtd.conf").write_text(_LIBVIRTD_CONF)
        (etc / "qemu.conf").write_text(_QEMU_CONF)
        self._no_kvm.touch(mode=0o000)
        self.daemons.spawn("virtlogd", [*self._prefix(), need("virtlogd")])
        self._start_libvirtd()

    def virsh(self, *args: str, timeout: float = 60.0) -> str:
        return self.run(need("virsh"), "--quiet", "--connect", self.uri, *args, timeout=timeout)

    def virsh_lxc(self, *args: str) -> str:
        return self.run(need("virsh"), "--quiet", "--connect", self.lxc_uri, *args)

    def restart(self, daemon: str) -> None:
        if daemon == "libvirt":
            self._start_libvirtd()
        else:
            self.daemons.spawn("virtlogd", [*self._prefix(), need("virtlogd")])

    @property
    def _no_kvm(self) -> Path:
        return self.site.data / "libvirt" / "no-kvm"

    def _store(self, kind: str) -> Path:
        folder = self.site.data / "libvirt" / kind
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _start_libvirtd(self) -> None:
        self._socket.unlink(missing_ok=True)
        self.daemons.spawn("libvirt", [*self._prefix(), need("libvirtd")])
        self.daemons.ready("libvirt", self._answers, what="libvirtd to answer")

    def _answers(self) -> bool:
        if self._socket.exists():
            with suppress(LabError):
                self.virsh("uri", timeout=15)
                return True
        return False

    def _prefix(self) -> list[str]:
        run_dirs = {"libvirt": self.site.run / "libvirt", "openvswitch": self.site.run / "ovs"}
        binds = {
            "/etc/libvirt": self._store("etc"),
            "/var/lib/libvirt": self._store("lib"),
            "/var/cache/libvirt": self._store("cache"),
            "/var/log/libvirt": self._store("log"),
        }
        if Path("/dev/kvm").exists():
            # QEMU's user must not get at KVM: else libvirt, which found that it does not work,
            # probes again at each define, for half a minute.
            binds["/dev/kvm"] = self._no_kvm
        mounts = private_run(
            self.site, self.daemons, "libvirt", run_dirs, binds, self._unused_cgroup2()
        )
        return ["nsenter", f"--mount={mounts}"]

    @staticmethod
    def _unused_cgroup2() -> tuple[str, ...]:
        """Beside v1 hierarchies, a cgroup2 mount makes libvirt's LXC driver refuse to start."""
        mounts = cgroups.hierarchies()
        if len(mounts) == 1:
            return ()
        return tuple(str(mount) for mount, kinds in mounts.items() if "cgroup2" in kinds)


@dataclass(frozen=True, slots=True)
class Machine:
    """A QEMU guest of the plant."""

    name: str
    title: str
    after_define: tuple[str, ...]
    vcpus: int = 1
    memory: int = 128
    pins: tuple[str, ...] = ()
    vlan: int = 0
    tap: str = ""
    address: str = ""


MACHINES = (
    Machine(
        "plc-gateway",
        "PLC gateway, press line 3",
        ("start",),
        vcpus=2,
        memory=160,
        pins=(f"0-{LAST_CPU}", f"{LAST_CPU}"),
        vlan=10,
        tap="tap0",
        address="192.0.2.10/24",
    ),
    Machine("vision", "Weld seam inspection", ("start --paused",), pins=(f"{LAST_CPU}",)),
    Machine("hmi", "Operator panel", (), vlan=20, tap="tap1"),
    Machine("historian", "Process data archive", ("autostart",), memory=192),
)
LXC_DOMAIN = "edge-logger"


class Domains(Part):
    """What libvirtd manages: guests running, paused and shut off, one LXC domain."""

    name = "domains"
    after = ("libvirt", "guest", "ovs")

    def __init__(self, context: Context, libvirt: Libvirt, guest: Guest, ovs: Ovs) -> None:
        super().__init__(context)
        self._libvirt = libvirt
        self._guest = guest
        self._ovs = ovs

    def start(self) -> None:
        folder = self.site.data / "domains"
        folder.mkdir(exist_ok=True)
        self._define_lxc(folder)
        if self._guest.available():
            # QEMU's user may not enter the cache below root's home.
            shutil.copy(self._guest.kernel, folder / "vmlinuz")
            shutil.copy(self._guest.initrd, folder / "initrd.gz")
        commands = []
        for machine in MACHINES:
            commands.append(f"define {self._write(machine, folder)}")
            commands += [f"{verb} {machine.name}" for verb in self._verbs(machine)]
        self._libvirt.virsh(";".join(commands))
        if not self._guest.available():
            raise LabError("guests are defined but not started", "the guest image is missing")

    def endpoint(self) -> str:
        return ", ".join([*(machine.name for machine in MACHINES), LXC_DOMAIN])

    def _verbs(self, machine: Machine) -> tuple[str, ...]:
        if self._guest.available():
            return machine.after_define
        return tuple(verb for verb in machine.after_define if not verb.startswith("start"))

    def _write(self, machine: Machine, folder: Path) -> Path:
        disk = folder / f"{machine.name}.qcow2"
        self.run(need("qemu-img"), "create", "-q", "-f", "qcow2", disk, "64M")
        pins = (f"<vcpupin vcpu='{n}' cpuset='{cpus}'/>" for n, cpus in enumerate(machine.pins))
        text = _template("domain.xml").substitute(
            name=machine.name,
            title=machine.title,
            memory=machine.memory,
            vcpus=machine.vcpus,
            pins="\n    ".join(pins),
            partition=self.site.cgroup,
            kernel=folder / "vmlinuz",
            initrd=folder / "initrd.gz",
            address=machine.address,
            emulator=need("qemu-system-x86_64"),
            disk=disk,
            interface=self._interface(machine),
            console_log=folder / f"{machine.name}.console",
        )
        return _saved(folder / f"{machine.name}.xml", text)

    def _interface(self, machine: Machine) -> str:
        if not machine.tap or not self._ovs.running():
            return ""
        return _template("interface.xml").substitute(
            bridge=self._ovs.plant, vlan=machine.vlan, tap=self.site.link(machine.tap)
        )

    def _define_lxc(self, folder: Path) -> None:
        root = folder / LXC_DOMAIN
        busybox.make_tree(root)
        text = _template("lxc-domain.xml").substitute(
            name=LXC_DOMAIN,
            title="Edge log forwarder",
            partition=self.site.cgroup,
            root=root,
        )
        path = _saved(folder / f"{LXC_DOMAIN}.xml", text)
        self._libvirt.virsh_lxc(f"define {path}; start {LXC_DOMAIN}")


def _template(name: str) -> Template:
    return Template((TEMPLATES / name).read_text())


def _saved(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
