"""What a host is: frozen values, read by backends, shown by screens.

Units are SI or in the field's name: bytes, nanoseconds, seconds since the epoch. None means
"not known", never zero. Counters only grow; vtui.history makes rates of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from vtui.cpuset import CpuSet
from vtui.reading import Reading, latest

T = TypeVar("T")

KINDS = ("domain", "container", "bridge", "port", "link", "irq", "cpu")


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """The identity of one thing, stable over a rename.

    `id` is the domain's UUID, the Docker id, the LXC name, the OVSDB row UUID, the interface index,
    the IRQ's label or the CPU number. `source` parts equal ids of different origins: the libvirt
    URI, "docker", "lxc", "ovs", "linux"; empty where there is one origin only.
    """

    kind: str
    id: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class DomainInterface:
    """A guest NIC as the host sees it; `name` is the host side (tap), e.g. vnet0."""

    name: str
    rx_bytes: int | None = None
    tx_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class DomainDisk:
    """A guest disk; `name` is the guest's target (vda), sizes and counters in bytes."""

    name: str
    path: str = ""
    read_bytes: int | None = None
    written_bytes: int | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Pins:
    """`<cputune>` of a domain. A vCPU without an entry floats over all of `placement`."""

    vcpus: Mapping[int, CpuSet] = field(default_factory=dict)
    emulator: CpuSet | None = None
    iothreads: Mapping[int, CpuSet] = field(default_factory=dict)
    placement: CpuSet | None = None


@dataclass(frozen=True, slots=True)
class Domain:
    """A libvirt domain. `state` and `reason` are virsh's words ("running", "shut off", ...)."""

    ref: Ref
    name: str
    state: str
    reason: str = ""
    number: int | None = None
    """libvirt's id of the running instance; None when not running."""
    vcpus: int = 0
    memory: int = 0
    """Bytes the guest has now (balloon)."""
    memory_max: int = 0
    cpu_time: int | None = None
    """CPU time used since start, in ns."""
    autostart: bool | None = None
    persistent: bool = True
    managed_save: bool = False
    interfaces: tuple[DomainInterface, ...] = ()
    disks: tuple[DomainDisk, ...] = ()
    pins: Pins | None = None
    """None until the domain's XML was read."""

    @property
    def active(self) -> bool:
        """Whether an instance exists, be it paused."""
        return self.number is not None

    def counters(self) -> dict[str, int]:
        """cpu in ns; rx, tx, read, written in bytes."""
        found = {
            "cpu": self.cpu_time,
            "rx": _total(nic.rx_bytes for nic in self.interfaces),
            "tx": _total(nic.tx_bytes for nic in self.interfaces),
            "read": _total(disk.read_bytes for disk in self.disks),
            "written": _total(disk.written_bytes for disk in self.disks),
        }
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A container port reachable on the host; `host_ip` "0.0.0.0" or "::" is every address."""

    host_ip: str
    host_port: int
    container_port: int
    protocol: str


@dataclass(frozen=True, slots=True)
class Container:
    """A Docker or LXC container, in the runtime's own words for `state`."""

    ref: Ref
    name: str
    runtime: str
    """Either "docker" or "lxc"."""
    state: str
    health: str | None = None
    """healthy, unhealthy, starting; None without a health check."""
    status: str = ""
    """The runtime's own sentence, e.g. "Exited (3) 2 hours ago"."""
    exit_code: int | None = None
    image: str = ""
    command: str = ""
    created: float | None = None
    """Seconds since the epoch."""
    ports: tuple[PublishedPort, ...] = ()
    addresses: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    autostart: bool | None = None
    pid: int | None = None
    cpu_time: int | None = None
    """ns; None while nobody looks at the container."""
    memory: int | None = None
    """Bytes; None while nobody looks at the container."""
    cpuset: CpuSet | None = None
    """The CPUs its cgroup allows; None when not running or not known."""

    @property
    def active(self) -> bool:
        """Whether it has processes, be they frozen."""
        return self.state in ("running", "paused", "restarting", "frozen")

    def counters(self) -> dict[str, int]:
        """cpu in ns."""
        return {} if self.cpu_time is None else {"cpu": self.cpu_time}


@dataclass(frozen=True, slots=True)
class Controller:
    """An OpenFlow controller of a bridge; `error` is ovs-vswitchd's last error text."""

    target: str
    connected: bool
    role: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Bridge:
    """A switch: `kind` is "ovs" or "linux"."""

    ref: Ref
    name: str
    kind: str
    datapath_type: str = ""
    """OVS: "system" (kernel) or "netdev" (userspace); empty for a Linux bridge."""
    datapath_id: str = ""
    controllers: tuple[Controller, ...] = ()
    fail_mode: str = ""
    stp: bool = False
    """Spanning tree is on; OVS: `rstp` may be on instead."""
    rstp: bool = False
    external_ids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of an OVS port. Counters are OVSDB's `statistics` (refreshed every 5 s there)."""

    name: str
    type: str = ""
    admin_state: str = ""
    link_state: str = ""
    mac: str = ""
    ofport: int | None = None
    speed: int | None = None
    """bit/s."""
    error: str = ""
    statistics: tuple[tuple[str, int], ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    external_ids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a bridge; a bond has several interfaces. `tag` is the access VLAN."""

    ref: Ref
    name: str
    bridge: Ref
    interfaces: tuple[Interface, ...] = ()
    tag: int | None = None
    trunks: tuple[int, ...] = ()
    vlan_mode: str = ""
    bond_mode: str = ""
    lacp: str = ""
    external_ids: tuple[tuple[str, str], ...] = ()

    def counters(self) -> dict[str, int]:
        """rx, tx in bytes; rx_packets, tx_packets, rx_dropped, tx_dropped, rx_errors, tx_errors."""
        sums: dict[str, int] = {}
        for interface in self.interfaces:
            for name, value in interface.statistics:
                if name in _PORT_COUNTERS:
                    key = _PORT_COUNTERS[name]
                    sums[key] = sums.get(key, 0) + value
        return sums


_PORT_COUNTERS = {
    "rx_bytes": "rx",
    "tx_bytes": "tx",
    **{
        f"{way}_{what}": f"{way}_{what}"
        for way in ("rx", "tx")
        for what in ("packets", "dropped", "errors")
    },
}


@dataclass(frozen=True, slots=True)
class Link:
    """A network interface of the host, as rtnetlink tells it."""

    ref: Ref
    name: str
    index: int
    kind: str = ""
    """IFLA_INFO_KIND: veth, bridge, tun, vxlan, ...; empty for a device of its own driver."""
    up: bool = False
    """Administratively up (IFF_UP)."""
    state: str = "UNKNOWN"
    """Operational state, RFC 2863: UP, DOWN, LOWERLAYERDOWN, DORMANT, UNKNOWN, ..."""
    master: str = ""
    peer: str = ""
    """The other end of a veth pair, when it lies in this network namespace."""
    lower: str = ""
    """The device a VLAN, macvlan or the like sits on, when it lies in this network namespace."""
    mtu: int | None = None
    mac: str = ""
    alias: str = ""
    addresses: tuple[str, ...] = ()
    statistics: tuple[tuple[str, int], ...] = ()
    """rx, tx (bytes), rx_packets, tx_packets, rx_errors, tx_errors, rx_dropped, tx_dropped."""

    def counters(self) -> dict[str, int]:
        """The statistics, by name."""
        return dict(self.statistics)


@dataclass(frozen=True, slots=True)
class Irq:
    """One line of /proc/interrupts. `label` is the number, or NMI, LOC, RES, ... for the others."""

    ref: Ref
    label: str
    counts: tuple[int, ...]
    """Per CPU, in the order of Interrupts.columns; shorter for lines that have one sum only."""
    chip: str = ""
    hwirq: str = ""
    trigger: str = ""
    device: str = ""
    """The handlers' names (the action column), e.g. "virtio0-input.0"."""
    requested: CpuSet | None = None
    """smp_affinity_list; None for lines that have no affinity."""
    effective: CpuSet | None = None
    """effective_affinity_list: where the hardware delivers now."""
    node: int | None = None

    @property
    def numbered(self) -> bool:
        """Whether it is a device interrupt with a number and an affinity."""
        return self.label.isdecimal()


@dataclass(frozen=True, slots=True)
class Cpu:
    """One logical CPU."""

    ref: Ref
    number: int
    online: bool = True
    isolated: bool = False
    """In /sys/devices/system/cpu/isolated: kept out of the scheduler's domains (isolcpus)."""
    nohz_full: bool = False
    rcu_nocbs: bool = False
    package: int | None = None
    core: int | None = None
    siblings: CpuSet = frozenset()
    """SMT siblings, itself among them."""
    node: int | None = None
    governor: str = ""
    frequency: int | None = None
    """Hz, now."""
    busy: int | None = None
    """Time not idle since boot, in ns."""

    def counters(self) -> dict[str, int]:
        """busy in ns."""
        return {} if self.busy is None else {"busy": self.busy}


@dataclass(frozen=True, slots=True)
class HugePages:
    """Huge pages of one size on one NUMA node; `size` in bytes."""

    node: int
    size: int
    total: int
    free: int


# ------------------------------------------------------------------ what one backend returns


@dataclass(frozen=True, slots=True)
class Domains:
    """libvirt, one connection."""

    uri: str
    domains: tuple[Domain, ...]
    version: str = ""


@dataclass(frozen=True, slots=True)
class Containers:
    """One container runtime."""

    runtime: str
    containers: tuple[Container, ...]
    version: str = ""


@dataclass(frozen=True, slots=True)
class OpenVSwitch:
    """One Open_vSwitch database."""

    bridges: tuple[Bridge, ...]
    ports: tuple[Port, ...]
    version: str = ""
    counted_at: float | None = None
    """When the statistics were taken, in seconds that only differences have a meaning of: they are
    refreshed at a pace of their own. None: with the reading; 0: not known yet, so no rates."""


@dataclass(frozen=True, slots=True)
class Links:
    """rtnetlink, with the Linux bridges among the links and their ports."""

    links: tuple[Link, ...]
    bridges: tuple[Bridge, ...] = ()
    ports: tuple[Port, ...] = ()


@dataclass(frozen=True, slots=True)
class Interrupts:
    """/proc/interrupts with the affinities. `columns` are the CPU numbers of the counts."""

    columns: tuple[int, ...]
    irqs: tuple[Irq, ...]
    partial: str = ""
    """What could not be read or made sense of; empty when all could."""


@dataclass(frozen=True, slots=True)
class Cpus:
    """CPUs, memory and the kernel they run under."""

    cpus: tuple[Cpu, ...]
    hostname: str = ""
    kernel: str = ""
    command_line: str = ""
    boot_time: float | None = None
    """Seconds since the epoch."""
    load: tuple[float, float, float] | None = None
    memory_total: int | None = None
    memory_available: int | None = None
    hugepages: tuple[HugePages, ...] = ()
    partial: str = ""

    @property
    def isolated(self) -> CpuSet:
        """The CPUs kept free of the scheduler's balancing."""
        return frozenset(cpu.number for cpu in self.cpus if cpu.isolated)

    @property
    def housekeeping(self) -> CpuSet:
        """The online CPUs that are neither isolated nor nohz_full."""
        return frozenset(
            cpu.number for cpu in self.cpus if cpu.online and not (cpu.isolated or cpu.nohz_full)
        )


@dataclass(frozen=True, slots=True)
class Irqbalance:
    """A running irqbalance daemon, from its socket."""

    pid: int
    interval: int | None = None
    """Seconds between its rounds."""
    banned_irqs: frozenset[int] = frozenset()
    banned_cpus: CpuSet = frozenset()
    partial: str = ""
    """Why its settings are not known; empty when they are."""


@dataclass(frozen=True, slots=True)
class Criu:
    """The CRIU program; `able` and `detail` are the verdict and words of `criu check`."""

    path: str
    version: str
    able: bool
    detail: str = ""


# ------------------------------------------------------------------ the whole


@dataclass(frozen=True, slots=True, eq=False)
class Host:
    """One snapshot of everything, immutable; the only thing screens and rules look at.

    Compared and hashed by identity, so that what is derived from a whole snapshot can be cached.
    """

    at: float = 0.0
    """Wall clock, seconds since the epoch."""
    readings: Mapping[str, Reading[object]] = field(default_factory=dict)
    """By backend name: "libvirt", "docker", "ovs", ... in the order they are shown."""
    rates: Mapping[Ref, Mapping[str, float]] = field(default_factory=dict)
    """Counters per second, by the names the things' `counters` use; "cpu" and "busy" in CPUs."""
    irq_rates: Mapping[Ref, tuple[float, ...]] = field(default_factory=dict)
    """Interrupts per second and CPU column, only for the lines that fired."""
    trends: Mapping[Ref, tuple[float, ...]] = field(default_factory=dict)
    """The last minute of each thing's main rate, oldest first."""

    def values(self, kind: type[T]) -> Iterator[T]:
        """Every newest value of this type, be it stale."""
        for reading in self.readings.values():
            value = latest(reading)
            if isinstance(value, kind):
                yield value

    def value(self, kind: type[T]) -> T | None:
        """The value of a type that only one backend returns."""
        return next(self.values(kind), None)

    @property
    def domains(self) -> tuple[Domain, ...]:
        """The domains of all connections."""
        return tuple(domain for value in self.values(Domains) for domain in value.domains)

    @property
    def containers(self) -> tuple[Container, ...]:
        """The containers of all runtimes."""
        return tuple(item for value in self.values(Containers) for item in value.containers)

    @property
    def bridges(self) -> tuple[Bridge, ...]:
        """OVS and Linux bridges."""
        ovs = tuple(item for value in self.values(OpenVSwitch) for item in value.bridges)
        return ovs + tuple(item for value in self.values(Links) for item in value.bridges)

    @property
    def ports(self) -> tuple[Port, ...]:
        """The ports of OVS and Linux bridges."""
        ovs = tuple(item for value in self.values(OpenVSwitch) for item in value.ports)
        return ovs + tuple(item for value in self.values(Links) for item in value.ports)

    @property
    def links(self) -> tuple[Link, ...]:
        """The host's network interfaces."""
        return tuple(item for value in self.values(Links) for item in value.links)

    @property
    def irqs(self) -> tuple[Irq, ...]:
        """The lines of /proc/interrupts."""
        return tuple(item for value in self.values(Interrupts) for item in value.irqs)

    @property
    def cpus(self) -> tuple[Cpu, ...]:
        """The logical CPUs."""
        return tuple(item for value in self.values(Cpus) for item in value.cpus)

    def rate(self, ref: Ref, name: str) -> float | None:
        """One rate, None when two readings are not there yet."""
        return self.rates.get(ref, {}).get(name)


def _total(values: Iterator[int | None] | list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
