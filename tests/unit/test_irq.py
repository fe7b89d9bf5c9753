"""/proc/interrupts of machines that are not at hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trees import ARM, MONSTER, OFFLINE, RT_HOST, VM, HostSpec, build, interrupts, write
from vtui.backends.irq import Handler, Irqs, describe, parse
from vtui.errors import HostError, Unavailable
from vtui.model import Interrupts, Irq
from vtui.monitor import Need

HEADER = b"           CPU0       CPU1       \n"
LINE = b" 24:          1          2   IO-APIC   5-edge      ACPI:Ged\n"


def read(*roots: Path) -> list[Interrupts]:
    """What one backend sees, reading once for each time the tree is given."""

    async def scene() -> list[Interrupts]:
        backend = Irqs(roots[0])
        try:
            return [await backend.read(Need()) for _ in roots]
        finally:
            await backend.close()

    return asyncio.run(scene())


def read_around(root: Path, change: Callable[[], object]) -> tuple[Interrupts, Interrupts]:
    """What one backend sees before and after a change of the tree."""

    async def scene() -> tuple[Interrupts, Interrupts]:
        backend = Irqs(root)
        try:
            before = await backend.read(Need())
            change()
            return before, await backend.read(Need())
        finally:
            await backend.close()

    return asyncio.run(scene())


def by_label(interrupts: Interrupts) -> dict[str, Irq]:
    return {irq.label: irq for irq in interrupts.irqs}


# ------------------------------------------------------------------ the tail of a line


@pytest.mark.parametrize(
    ("tail", "handler"),
    [
        (
            "PCI-MSIX-0000:00:03.0   1-edge      virtio0-input.0",
            Handler("PCI-MSIX-0000:00:03.0", "1", "edge", "virtio0-input.0"),
        ),
        ("IR-IO-APIC    9-fasteoi   acpi", Handler("IR-IO-APIC", "9", "fasteoi", "acpi")),
        ("PCI-MSI 524288-edge      nvme0q0", Handler("PCI-MSI", "524288", "edge", "nvme0q0")),
        ("IO-APIC   2-edge      a, b c", Handler("IO-APIC", "2", "edge", "a, b c")),
        ("GICv3  27 Level     arch_timer", Handler("GICv3", "27", "level", "arch_timer")),
        ("pl061   3 Edge      GPIO Key Poweroff", Handler("pl061", "3", "edge", "GPIO Key Poweroff")),
        ("PMIC arb GPIO  12 Edge      pm8xxx", Handler("PMIC arb GPIO", "12", "edge", "pm8xxx")),
        ("GIC-0  29 Level     twd", Handler("GIC-0", "29", "level", "twd")),
        ("dummy  7", Handler("dummy", "7", "", "")),
        ("IO-APIC-edge      timer", Handler("IO-APIC-edge", "", "", "timer")),
        ("None", Handler("None", "", "", "")),
        ("", Handler()),
    ],
)  # fmt: skip
def test_the_tail_tells_chip_number_trigger_and_handlers(tail: str, handler: Handler) -> None:
    assert describe(tail) == handler


@given(st.text(max_size=100))
def test_any_tail_can_be_described(tail: str) -> None:
    describe(tail)


# ------------------------------------------------------------------ the file


def test_columns_are_the_cpu_numbers_of_the_header() -> None:
    assert parse(b"  CPU0       CPU2       CPU13\n").columns == (0, 2, 13)


def test_a_line_holds_counts_and_tail() -> None:
    line = (parse(HEADER + LINE).lines or {})[b"24"]
    assert (line.label, line.counts) == ("24", (1, 2))
    assert line.tail == "IO-APIC   5-edge      ACPI:Ged"


def test_a_line_with_one_sum_for_all_cpus_keeps_that_one() -> None:
    table = parse(HEADER + b"ERR:          7\n")
    assert (table.lines or {})[b"ERR"].counts == (7,)
    assert table.problems == ()


def test_a_line_whose_bytes_are_the_same_is_the_same_object() -> None:
    before = parse(HEADER + LINE + b"ERR:          7\n")
    after = parse(HEADER + LINE + b"ERR:          8\n", before)
    assert (after.lines or {})[b"24"] is (before.lines or {})[b"24"]
    assert (after.lines or {})[b"ERR"].counts == (8,)


def test_with_other_cpus_in_the_header_no_line_is_taken_over() -> None:
    before = parse(HEADER + LINE)
    after = parse(HEADER.replace(b"CPU1", b"CPU3") + LINE, before)
    assert (after.lines or {})[b"24"] is not (before.lines or {})[b"24"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b" 24:          1   IO-APIC   5-edge      ACPI:Ged\n", "a column less"),
        (b" 24:          1          2          3   IO-APIC   5-edge   x\n", "a column more"),
        (b" 24:          1\n", "cut off"),
        (b" 24:          1         -2   IO-APIC   5-edge   x\n", "a negative count"),
        (b" 24:          1         2_2   IO-APIC   5-edge   x\n", "an underscore"),
        (b" 24:          1 99999999999999999999999 IO-APIC   5-edge   x\n", "wider than a counter"),
        (b" 24:          1 " + b"9" * 5000 + b" IO-APIC   5-edge   x\n", "thousands of digits"),
        (b" 24:\n", "no column"),
        (b"NMI:          1   Non-maskable interrupts\n", "a column less without a number"),
    ],
)
def test_a_line_with_other_columns_than_the_header_keeps_no_count(line: bytes, why: str) -> None:
    table = parse(HEADER + line)
    assert [one.counts for one in (table.lines or {}).values()] == [()]
    assert table.torn
    assert table.problems == ("lines of /proc/interrupts with other columns than its header: 1",)


def test_a_torn_line_keeps_its_tail() -> None:
    table = parse(HEADER + b" 24:          1   IO-APIC   5-edge      ACPI:Ged\n")
    assert (table.lines or {})[b"24"].tail == "IO-APIC   5-edge      ACPI:Ged"


@pytest.mark.parametrize(
    "header", [b"", b"garbage\n", b"CPU0 CPUx\n", b"CPU0 CPU0\n", b"CPU9999\n", b"CPU\xb2\n"]
)
def test_without_a_sound_header_no_count_is_believed(header: bytes) -> None:
    table = parse(header + LINE)
    assert table.columns == ()
    assert not any(line.counts for line in (table.lines or {}).values())
    assert table.problems[0] == "/proc/interrupts has no header of CPUs"


def test_a_line_that_makes_no_sense_is_told_and_left_out() -> None:
    table = parse(HEADER + b"no colon here\n" + LINE)
    assert list(table.lines or {}) == [b"24"]
    assert table.problems == ("lines of /proc/interrupts that make no sense: 1",)


def test_a_label_that_comes_twice_counts_once() -> None:
    table = parse(HEADER + LINE + LINE)
    assert len(table.lines or {}) == 1
    assert table.problems == ("lines of /proc/interrupts with a label seen before: 1",)


def test_a_line_cut_off_by_the_end_is_not_believed() -> None:
    table = parse(HEADER + LINE + b" 25:          1          2")
    assert list(table.lines or {}) == [b"24"]
    assert table.problems == ("/proc/interrupts ends within a line",)


GARBAGE = st.binary(max_size=200) | st.lists(
    st.sampled_from([b" 24:", b"ERR:", b" 1", b" 99", b" x", b"\n", b"  CPU0  CPU1\n", b"\xff", b"\0"]),
    max_size=40,
).map(b"".join)  # fmt: skip


@given(GARBAGE, GARBAGE)
def test_no_bytes_crash_the_parser_nor_shift_a_count(first: bytes, second: bytes) -> None:
    before = parse(first)
    table = parse(second, before)
    for line in (table.lines or {}).values():
        assert len(line.counts) in (0, 1, len(table.columns))
        describe(line.tail)


@given(GARBAGE, GARBAGE)
def test_what_was_known_before_makes_no_difference(first: bytes, second: bytes) -> None:
    assert parse(second, parse(first)) == parse(second)


# ------------------------------------------------------------------ whole machines


def test_the_rt_host_is_read_whole(tmp_path: Path) -> None:
    (seen,) = read(build(RT_HOST, tmp_path))
    irq = by_label(seen)["25"]
    assert seen.columns == tuple(range(16))
    assert seen.partial == ""
    assert (irq.chip, irq.hwirq, irq.trigger) == ("PCI-MSIX-0000:00:03.0", "1", "edge")
    assert irq.device == "eth0-rx-0, eth0-tx-0"
    assert (irq.requested, irq.effective, irq.node) == (frozenset(range(16)), {6}, 1)


def test_the_trigger_is_told_by_sysfs_where_the_line_names_the_flow(tmp_path: Path) -> None:
    (seen,) = read(build(RT_HOST, tmp_path))
    assert by_label(seen)["9"].trigger == "level"


def test_without_sysfs_the_line_tells_the_names(tmp_path: Path) -> None:
    (seen,) = read(build(VM, tmp_path))
    irq = by_label(seen)["10"]
    assert (irq.chip, irq.trigger) == ("PCI-MSIX-0000:00:03.0", "edge")
    assert irq.device == "virtio0-input.0"


@pytest.mark.parametrize("spec", [ARM, replace(ARM, names_in_sys=False)])
def test_an_arm_board_is_read_with_and_without_sysfs(tmp_path: Path, spec: HostSpec) -> None:
    seen = by_label(read(build(spec, tmp_path))[0])
    assert (seen["11"].chip, seen["11"].hwirq, seen["11"].trigger) == ("GICv3", "27", "level")
    assert seen["60"].device == "GPIO Key Poweroff"
    assert seen["IPI0"].device == "Rescheduling interrupts"
    assert seen["Err"].counts == (0,)


def test_an_affinity_the_kernel_does_not_tell_is_not_known(tmp_path: Path) -> None:
    (seen,) = read(build(ARM, tmp_path))
    assert by_label(seen)["60"].effective is None


def test_a_line_without_number_is_described_and_has_no_affinity(tmp_path: Path) -> None:
    (seen,) = read(build(RT_HOST, tmp_path))
    irq = by_label(seen)["LOC"]
    assert (irq.device, irq.requested, irq.effective) == ("Local timer interrupts", None, None)


def test_counts_belong_to_the_online_cpus(tmp_path: Path) -> None:
    (seen,) = read(build(OFFLINE, tmp_path))
    assert seen.columns == (0, 2, 3)
    assert len(by_label(seen)["10"].counts) == 3


def test_a_node_of_minus_one_is_not_known(tmp_path: Path) -> None:
    (seen,) = read(build(VM, tmp_path))
    assert by_label(seen)["10"].node is None


# ------------------------------------------------------------------ from one read to the next


def test_when_nothing_changed_every_interrupt_is_the_same_object(tmp_path: Path) -> None:
    root = build(RT_HOST, tmp_path)
    first, second = read(root, root)
    assert all(one is other for one, other in zip(first.irqs, second.irqs, strict=True))


def test_an_interrupt_moved_from_outside_is_seen_and_keeps_its_counts(tmp_path: Path) -> None:
    root = build(RT_HOST, tmp_path)
    before, after = read_around(root, lambda: write(root, "proc/irq/24/smp_affinity_list", "8-9\n"))
    assert by_label(after)["24"].requested == {8, 9}
    assert by_label(after)["24"].counts is by_label(before)["24"].counts


def test_where_the_hardware_delivers_is_seen_when_it_moves(tmp_path: Path) -> None:
    root = build(RT_HOST, tmp_path)
    _, after = read_around(root, lambda: write(root, "proc/irq/24/effective_affinity_list", "9\n"))
    assert by_label(after)["24"].effective == {9}


def test_a_new_handler_on_the_same_number_is_seen(tmp_path: Path) -> None:
    root = build(RT_HOST, tmp_path)
    other = replace(RT_HOST.irqs[1], device="xhci_hcd")
    changed = replace(RT_HOST, irqs=(other,))
    _, after = read_around(root, lambda: build(changed, root))
    assert [irq.device for irq in after.irqs if irq.numbered] == ["xhci_hcd"]


def test_an_interrupt_freed_meanwhile_is_gone_without_complaint(tmp_path: Path) -> None:
    root = build(RT_HOST, tmp_path)
    _, after = read_around(root, lambda: build(replace(RT_HOST, irqs=RT_HOST.irqs[:2]), root))
    assert [irq.label for irq in after.irqs if irq.numbered] == ["9", "24"]
    assert after.partial == ""


def test_a_cpu_switched_off_between_two_reads_changes_the_columns(tmp_path: Path) -> None:
    root = build(RT_HOST, tmp_path)
    _, after = read_around(root, lambda: build(replace(RT_HOST, online="0-14"), root))
    assert after.columns == tuple(range(15))
    assert after.partial == ""


# ------------------------------------------------------------------ when it cannot be read


def test_without_the_file_it_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="there is no /proc/interrupts"):
        read(tmp_path)


def test_without_the_root_it_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file or directory"):
        read(tmp_path / "nowhere")


def test_a_file_that_cannot_be_read_is_a_host_error(tmp_path: Path) -> None:
    (tmp_path / "proc/interrupts").mkdir(parents=True)
    with pytest.raises(HostError, match="Is a directory"):
        read(tmp_path)


def test_an_affinity_that_makes_no_sense_is_not_known_and_told(tmp_path: Path) -> None:
    root = build(RT_HOST, tmp_path)
    write(root, "proc/irq/24/smp_affinity_list", "all of them\n")
    (seen,) = read(root)
    assert by_label(seen)["24"].requested is None
    assert seen.partial == "proc/irq/24/smp_affinity_list: not a CPU list"


def test_of_many_problems_the_first_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    root = build(RT_HOST, tmp_path)
    for irq in RT_HOST.irqs:
        write(root, f"proc/irq/{irq.number}/smp_affinity_list", "?\n")
    (seen,) = read(root)
    assert seen.partial.endswith("; 1 more")


def test_a_torn_line_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    root = build(RT_HOST, tmp_path)
    text = interrupts(RT_HOST, range(16))
    write(root, "proc/interrupts", text.replace("      2600 ", "", 1))
    (seen,) = read(root)
    assert by_label(seen)["26"].counts == ()
    assert by_label(seen)["26"].requested == {2}
    assert len(by_label(seen)["25"].counts) == 16
    assert seen.partial == "lines of /proc/interrupts with other columns than its header: 1"


def test_a_thousand_interrupts_on_256_cpus_are_read(tmp_path: Path) -> None:
    root = build(MONSTER, tmp_path)
    first, second = read(root, root)
    assert sum(irq.numbered for irq in first.irqs) == 1000
    assert by_label(first)["1031"].device == "mlx5_comp999@pci:0000:c1:00.0"
    assert all(one is other for one, other in zip(first.irqs, second.irqs, strict=True))
