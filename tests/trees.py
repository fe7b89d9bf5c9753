"""Synthetic /proc and /sys trees: machines that are not at hand, written to disk as their kernels would.

tree = build(RT_HOST, tmp_path)
tree = build(replace(RT_HOST, online="0-2,4-15"), tmp_path)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vtui.cpuset import format_mask, parse_list


@dataclass(frozen=True)
class IrqSpec:
    """One device interrupt; `counts` by column, or made up from its number when None."""

    number: int
    device: str
    chip: str = "PCI-MSIX-0000:00:03.0"
    hwirq: str = "0"
    level: bool = False
    flow: str = "edge"
    requested: str = "0-3"
    effective: str | None = "0"
    node: int = -1
    counts: tuple[int, ...] | None = None


@dataclass(frozen=True)
class HostSpec:
    """One machine. Lists are in the kernel's notation; None leaves the file out."""

    present: str
    online: str | None = None
    possible: str | None = None
    isolated: str | None = ""
    nohz_full: str | None = None
    command_line: str = "root=/dev/sda1 quiet"
    nodes: Mapping[int, str] = field(default_factory=dict)
    threads: int = 1
    package_of: Mapping[int, int] = field(default_factory=dict)
    governor: str | None = None
    frequency: int | None = None
    """kHz."""
    hugepages: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """(node, kB) -> (total, free)."""
    irqs: Sequence[IrqSpec] = ()
    others: Mapping[str, str] = field(default_factory=dict)
    """Label -> description of the lines without number."""
    sums: Sequence[str] = ("ERR", "MIS")
    arm: bool = False
    """Lines as GENERIC_IRQ_SHOW_LEVEL writes them."""
    names_in_sys: bool = True
    hostname: str = "target"
    kernel: str = "6.6.30-rt30-yocto-preempt-rt"


def build(spec: HostSpec, root: Path) -> Path:
    """Write the machine below `root` and return it."""
    columns = sorted(parse_list(spec.online or spec.present))
    _cpus(spec, root)
    _kernel(spec, root)
    _nodes(spec, root)
    write(root, "proc/interrupts", interrupts(spec, columns))
    for irq in spec.irqs:
        _irq(spec, irq, root)
    return root


def write(root: Path, path: str, text: str) -> None:
    """One file of the tree, with its folders."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def interrupts(spec: HostSpec, columns: Sequence[int]) -> str:
    """The text of /proc/interrupts with these CPUs online."""
    lines = [" " * 11 + "".join(f"CPU{cpu:<8}" for cpu in columns)]
    lines += [_irq_line(spec, irq, columns) for irq in spec.irqs]
    for at, (label, description) in enumerate(spec.others.items()):
        counts = "".join(f"{at * 1000 + cpu:>10} " for cpu in columns)
        lines.append(f"{label:>3}: {counts}  {description}")
    lines += [f"{label:>3}: {0:>10}" for label in spec.sums]
    return "\n".join(lines) + "\n"


def _irq_line(spec: HostSpec, irq: IrqSpec, columns: Sequence[int]) -> str:
    made_up = tuple(irq.number * 100 + cpu for cpu in range(len(columns)))
    counts = "".join(f"{count:>10} " for count in irq.counts or made_up)
    level = f" {'Level' if irq.level else 'Edge':<8}" if spec.arm else f"-{irq.flow:<8}"
    return f"{irq.number:>3}: {counts}{irq.chip:>8} {irq.hwirq:>3}{level}  {irq.device}"


def _irq(spec: HostSpec, irq: IrqSpec, root: Path) -> None:
    proc = f"proc/irq/{irq.number}"
    write(root, f"{proc}/smp_affinity_list", f"{irq.requested}\n")
    write(root, f"{proc}/smp_affinity", f"{format_mask(parse_list(irq.requested))}\n")
    write(root, f"{proc}/node", f"{irq.node}\n")
    if irq.effective is not None:
        write(root, f"{proc}/effective_affinity_list", f"{irq.effective}\n")
    if spec.names_in_sys:
        sys = f"sys/kernel/irq/{irq.number}"
        write(root, f"{sys}/actions", irq.device.replace(", ", ",") + "\n")
        write(root, f"{sys}/chip_name", f"{irq.chip}\n")
        write(root, f"{sys}/hwirq", f"{irq.hwirq}\n")
        write(root, f"{sys}/type", "level\n" if irq.level else "edge\n")


def _cpus(spec: HostSpec, root: Path) -> None:
    cpu = "sys/devices/system/cpu"
    sets = {
        "present": spec.present,
        "possible": spec.possible or spec.present,
        "online": spec.online or spec.present,
        "isolated": spec.isolated,
        "nohz_full": spec.nohz_full,
    }
    for name, value in sets.items():
        if value is not None:
            write(root, f"{cpu}/{name}", f"{value}\n")
    for number in sorted(parse_list(spec.online or spec.present)):
        at, core = f"{cpu}/cpu{number}", number // spec.threads
        first = core * spec.threads
        siblings = f"{first}-{first + spec.threads - 1}" if spec.threads > 1 else f"{number}"
        write(root, f"{at}/topology/physical_package_id", f"{spec.package_of.get(number, 0)}\n")
        write(root, f"{at}/topology/core_id", f"{core}\n")
        write(root, f"{at}/topology/thread_siblings_list", f"{siblings}\n")
        if spec.governor is not None:
            write(root, f"{at}/cpufreq/scaling_governor", f"{spec.governor}\n")
        if spec.frequency is not None:
            write(root, f"{at}/cpufreq/scaling_cur_freq", f"{spec.frequency + number}\n")


def _nodes(spec: HostSpec, root: Path) -> None:
    for node, cpus in spec.nodes.items():
        write(root, f"sys/devices/system/node/node{node}/cpulist", f"{cpus}\n")
    for (node, size), (total, free) in spec.hugepages.items():
        folder = f"sys/devices/system/node/node{node}/hugepages" if spec.nodes else _FLAT
        write(root, f"{folder}/hugepages-{size}kB/nr_hugepages", f"{total}\n")
        write(root, f"{folder}/hugepages-{size}kB/free_hugepages", f"{free}\n")


_FLAT = "sys/kernel/mm/hugepages"


def _kernel(spec: HostSpec, root: Path) -> None:
    online = sorted(parse_list(spec.online or spec.present))
    times = [f"cpu{cpu} {100 + cpu} 10 20 9000 50 3 4 5 60 6" for cpu in online]
    stat = ["cpu  1 2 3 4 5 6 7 8 9 10", *times, "intr 5 0 0 5", "ctxt 99", "btime 1700000000"]
    write(root, "proc/stat", "\n".join(stat) + "\n")
    write(root, "proc/cmdline", f"{spec.command_line}\n")
    write(root, "proc/loadavg", "0.50 0.25 0.12 1/234 5678\n")
    write(
        root,
        "proc/meminfo",
        "MemTotal:       16384000 kB\nMemFree:         1000000 kB\nMemAvailable:   12288000 kB\n",
    )
    write(root, "proc/sys/kernel/hostname", f"{spec.hostname}\n")
    write(root, "proc/sys/kernel/osrelease", f"{spec.kernel}\n")


_X86 = {
    "NMI": "Non-maskable interrupts",
    "LOC": "Local timer interrupts",
    "RES": "Rescheduling interrupts",
    "TLB": "TLB shootdowns",
}

RT_HOST = HostSpec(
    present="0-15",
    isolated="4-15",
    nohz_full="4-15",
    command_line="root=/dev/sda1 isolcpus=managed_irq,domain,4-15 nohz_full=4-15 rcu_nocbs=4-15",
    nodes={0: "0-7", 1: "8-15"},
    threads=2,
    package_of={cpu: cpu // 8 for cpu in range(16)},
    governor="performance",
    frequency=2_600_000,
    hugepages={(0, 2048): (512, 100), (0, 1048576): (4, 4), (1, 1048576): (4, 0)},
    irqs=(
        IrqSpec(9, "acpi", chip="IR-IO-APIC", hwirq="9", level=True, flow="fasteoi"),
        IrqSpec(24, "nvme0q0", chip="IR-PCI-MSIX-0000:01:00.0", requested="0-3", node=0),
        IrqSpec(25, "eth0-rx-0, eth0-tx-0", hwirq="1", requested="0-15", effective="6", node=1),
        IrqSpec(26, "eth0-rx-1", hwirq="2", requested="2", effective="2", node=0),
    ),
    others=_X86,
    hostname="rt-host",
)
"""16 threads on two nodes, twelve of them isolated; IRQ 25 fires on an isolated one."""

ARM = HostSpec(
    present="0-7",
    irqs=(
        IrqSpec(11, "arch_timer", chip="GICv3", hwirq="27", level=True, requested="0-7"),
        IrqSpec(42, "f0a00000.ethernet eth0", chip="GICv3", hwirq="64", requested="0-7"),
        IrqSpec(60, "GPIO Key Poweroff", chip="pl061", hwirq="3", requested="0-7", effective=None),
    ),
    others={"IPI0": "Rescheduling interrupts", "IPI1": "Function call interrupts"},
    sums=("Err",),
    arm=True,
    package_of=dict.fromkeys(range(8), -1),
    governor="schedutil",
    frequency=1_800_000,
    hugepages={(0, 2048): (64, 64)},
    hostname="arm-board",
    kernel="5.15.32-lts-next",
)
"""8 cores without NUMA, whose firmware tells no packages."""

OFFLINE = HostSpec(
    present="0-3",
    online="0,2-3",
    nodes={0: "0,2-3"},
    irqs=(IrqSpec(10, "virtio0-input.0", requested="0-3", effective="2"),),
    others=_X86,
)
"""CPU 1 is switched off."""

VM = HostSpec(
    present="0-1",
    irqs=(IrqSpec(10, "virtio0-input.0", requested="0-1"),),
    others=_X86,
    nodes={0: "0-1"},
    names_in_sys=False,
)
"""A guest: no frequency scaling, no NO_HZ_FULL, a kernel before /sys/kernel/irq."""

MONSTER = HostSpec(
    present="0-255",
    isolated="16-255",
    nohz_full="16-255",
    nodes={node: f"{node * 32}-{node * 32 + 31}" for node in range(8)},
    threads=2,
    package_of={cpu: cpu // 128 for cpu in range(256)},
    governor="performance",
    frequency=3_000_000,
    irqs=tuple(
        IrqSpec(
            32 + at,
            f"mlx5_comp{at}@pci:0000:c1:00.0",
            chip="IR-PCI-MSIX-0000:c1:00.0",
            hwirq=str(at),
            requested=str(at % 256),
            effective=str(at % 256),
            node=at % 8,
        )
        for at in range(1000)
    ),
    others=_X86,
    hostname="monster",
)
"""256 CPUs and 1000 interrupts."""
