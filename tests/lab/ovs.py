"""Open vSwitch: an own ovsdb-server and ovs-vswitchd with two userspace bridges."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.part import Part
from tests.lab.process import Runner, all_pids, need, wait_until
from tests.lab.site import RUN_ROOT, Site

_SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")
_DATAPATH_LINK = "ovs-netdev"
_INTERNAL_PORTS = json.dumps(
    [
        "Open_vSwitch",
        {
            "op": "select",
            "table": "Interface",
            "where": [["type", "==", "internal"]],
            "columns": ["name"],
        },
    ]
)
_PORTS_UP = ("plant", "field", "hmi0", "eth0", "eth1")
_SILENT_CONTROLLER = "tcp:127.0.0.1:6699"


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Holds off other labs while ours owns the name that every userspace datapath takes."""
    folder = os.open(RUN_ROOT, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


class Ovs(Part):
    """Bridges `PREFIX-plant` and `PREFIX-field`, a patch between them, a bond, VLANs."""

    name = "ovs"
    after = ("net",)

    @property
    def rundir(self) -> Path:
        return self.site.run / "ovs"

    @property
    def remote(self) -> str:
        return f"unix:{self.rundir}/db.sock"

    @property
    def plant(self) -> str:
        return self.site.link("plant")

    @property
    def field(self) -> str:
        return self.site.link("field")

    def env(self) -> dict[str, str]:
        return {"VTUI_OVSDB": self.remote}

    def start(self) -> None:
        self.rundir.mkdir(parents=True, exist_ok=True)
        self.run(need("ovsdb-tool"), "create", _database(self.site), _SCHEMA)
        self._start_ovsdb()
        self.vsctl("--no-wait", "init")
        with _one_at_a_time():
            self._start_vswitchd()
            self.vsctl(*self._layout())
            self._release_datapath_name()
        for port in _PORTS_UP:
            self.run("ip", "link", "set", self.site.link(port), "up")

    def running(self) -> bool:
        """Whether both daemons live, so that a tap can be plugged in."""
        daemons = self.daemons.all()
        return all(name in daemons and daemons[name].alive() for name in ("ovsdb", "vswitchd"))

    def vsctl(self, *args: str) -> str:
        return self.run(need("ovs-vsctl"), f"--db={self.remote}", "--timeout=10", *args)

    def restart(self, daemon: str) -> None:
        if daemon == "ovsdb":
            self._start_ovsdb()
        else:
            with _one_at_a_time():
                self._start_vswitchd()
                wait_until(Path("/sys/class/net", _DATAPATH_LINK).exists, "its datapath")
                self._release_datapath_name()

    @property
    def _environment(self) -> dict[str, str]:
        folder = str(self.rundir)
        return {"OVS_RUNDIR": folder, "OVS_LOGDIR": folder, "OVS_DBDIR": folder}

    def _common(self, program: str) -> list[str]:
        return [
            f"--pidfile={self.rundir}/{program}.pid",
            f"--unixctl={self.rundir}/{program}.ctl",
            "--verbose=syslog:off",
            "--verbose=console:info",
        ]

    def _start_ovsdb(self) -> None:
        socket = self.rundir / "db.sock"
        argv = [need("ovsdb-server"), str(_database(self.site)), f"--remote=p{self.remote}"]
        argv += ["--remote=db:Open_vSwitch,Open_vSwitch,manager_options"]
        argv += self._common("ovsdb-server")
        socket.unlink(missing_ok=True)
        self.daemons.spawn("ovsdb", argv, self._environment)
        self.daemons.ready("ovsdb", socket.exists, what="ovsdb-server to answer")

    def _start_vswitchd(self) -> None:
        remove_taps(self.run, {_datapath_link(self.site)})
        argv = [need("ovs-vswitchd"), self.remote, *self._common("ovs-vswitchd")]
        self.daemons.spawn("vswitchd", argv, self._environment)
        pidfile = self.rundir / "ovs-vswitchd.pid"
        self.daemons.ready("vswitchd", pidfile.exists, what="ovs-vswitchd to start")

    def _release_datapath_name(self) -> None:
        """Renames the tap of the datapath: its fixed name would allow but one lab on a host."""
        if Path("/sys/class/net", _DATAPATH_LINK).exists():
            self.run("ip", "link", "set", _DATAPATH_LINK, "name", _datapath_link(self.site))

    def _layout(self) -> list[str]:
        """One ovs-vsctl transaction that builds both bridges."""
        veth = self.site.link("veth1")
        to_field, to_plant = self.site.link("pfield"), self.site.link("pplant")
        first, second = self.site.link("eth0"), self.site.link("eth1")
        layout = f"""
            set Open_vSwitch . external-ids:system-id=vtui-lab-{self.site.name}
              external-ids:hostname=cabinet-7
            -- add-br {self.plant}
            -- set Bridge {self.plant} datapath_type=netdev fail_mode=standalone
              external-ids:cell=press-line external-ids:owner=automation
            -- set-controller {self.plant} {_SILENT_CONTROLLER}
            -- add-br {self.field}
            -- set Bridge {self.field} datapath_type=netdev rstp_enable=true
              external-ids:cell=field-bus
            -- add-port {self.plant} {self.site.link("hmi0")} tag=10
              -- set Interface {self.site.link("hmi0")} type=internal
            -- add-port {self.plant} {self.site.link("scada")} trunks=10,20,30
              -- set Interface {self.site.link("scada")} type=internal
            -- add-port {self.plant} {to_field}
              -- set Interface {to_field} type=patch options:peer={to_plant}
            -- add-port {self.field} {to_plant}
              -- set Interface {to_plant} type=patch options:peer={to_field}
            -- add-bond {self.field} {self.site.link("bond0")} {first} {second}
              bond_mode=active-backup external-ids:cable=ring-A
              -- set Interface {first} type=internal
              -- set Interface {second} type=internal
        """.split()
        if Path("/sys/class/net", veth).exists():
            layout += ["--", "add-port", self.plant, veth, "trunks=10,20"]
            layout += ["--", "set", "Interface", veth, "external-ids:peer=office-lan"]
        return layout


def _database(site: Site) -> Path:
    return site.data / "ovs.db"


def _datapath_link(site: Site) -> str:
    return site.link("dp")


def sweep_taps(site: Site, run: Runner) -> None:
    """Removes the taps of the lab's internal ports, which outlive a killed ovs-vswitchd."""
    if not _database(site).exists():
        return
    names = {_datapath_link(site), _DATAPATH_LINK}
    with suppress(LabError, ValueError, KeyError):
        answer = json.loads(run(need("ovsdb-tool"), "query", _database(site), _INTERNAL_PORTS))
        names.update(row["name"] for row in answer[0]["rows"])
    remove_taps(run, names)


def remove_taps(run: Runner, names: set[str]) -> None:
    """Deletes those of `names` that are taps which no process holds open."""
    taps = {link["ifname"] for link in json.loads(run("ip", "-j", "link", "show", "type", "tun"))}
    for name in taps & names - _taps_in_use():
        run("ip", "link", "delete", name)


def _taps_in_use() -> set[str]:
    used: set[str] = set()
    for pid in all_pids():
        with suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                used.update(_tap_behind(pid, descriptor))
    return used


def _tap_behind(pid: int, descriptor: Path) -> list[str]:
    """The tap that a descriptor of a process holds; descriptors may close as we look."""
    with suppress(OSError):
        if str(descriptor.readlink()) == "/dev/net/tun":
            info = Path(f"/proc/{pid}/fdinfo", descriptor.name).read_text()
            return re.findall(r"^iff:\s*(\S+)", info, re.MULTILINE)
    return []
