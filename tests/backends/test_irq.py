"""The machine's own interrupts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from vtui.backends.irq import Irqs
from vtui.cpuset import format_list, parse_list
from vtui.model import Interrupts, Irq
from vtui.monitor import Need

ROOT = Path("/")
PROC = Path("/proc/irq")


@pytest.fixture
async def irqs() -> AsyncIterator[Irqs]:
    irqs = Irqs(ROOT)
    yield irqs
    await irqs.close()


@dataclass(frozen=True)
class Movable:
    """An interrupt the kernel lets us move between two CPUs."""

    label: str

    def move(self, cpu: int) -> None:
        (PROC / self.label / "smp_affinity_list").write_text(f"{cpu}\n")


def accepts(folder: Path) -> bool:
    """Whether the kernel takes the affinity that is there already; it refuses managed interrupts."""
    file = folder / "smp_affinity_list"
    try:
        file.write_text(file.read_text())
    except OSError:
        return False
    return True


@pytest.fixture
def movable() -> Iterator[Movable]:
    online = parse_list(Path("/sys/devices/system/cpu/online").read_text())
    if not {0, 1} <= online:
        pytest.skip("missing capability: two CPUs")
    label = next((path.name for path in sorted(PROC.glob("[0-9]*")) if accepts(path)), None)
    if label is None:
        pytest.skip("missing capability: an interrupt that can be moved (root)")
    file = PROC / label / "smp_affinity_list"
    before = file.read_text()
    yield Movable(label)
    file.write_text(before)


def one(seen: Interrupts, label: str) -> Irq:
    return next(irq for irq in seen.irqs if irq.label == label)


async def test_this_machines_interrupts_are_read_whole(irqs: Irqs) -> None:
    seen = await irqs.read(Need())
    online = Path("/sys/devices/system/cpu/online").read_text().strip()
    assert seen.partial == ""
    assert format_list(seen.columns) == online
    assert {len(irq.counts) for irq in seen.irqs if irq.numbered} == {len(seen.columns)}


async def test_every_device_interrupt_tells_chip_and_affinities(irqs: Irqs) -> None:
    numbered = [irq for irq in (await irqs.read(Need())).irqs if irq.numbered]
    assert all(irq.chip and irq.requested for irq in numbered)
    assert any(
        irq.effective and irq.effective <= irq.requested for irq in numbered if irq.requested
    )


async def test_an_interrupt_moved_from_outside_is_seen_at_the_next_read(
    irqs: Irqs, movable: Movable
) -> None:
    movable.move(0)
    assert one(await irqs.read(Need()), movable.label).requested == {0}
    movable.move(1)
    assert one(await irqs.read(Need()), movable.label).requested == {1}


async def test_the_next_read_is_within_a_second(irqs: Irqs) -> None:
    assert irqs.cadence <= 1.0


async def test_interrupts_that_the_kernel_places_itself_are_read_like_the_others(
    irqs: Irqs,
) -> None:
    managed = [path.name for path in PROC.glob("[0-9]*") if not accepts(path)]
    if not managed:
        pytest.skip("missing capability: a managed interrupt (virtio or NVMe disk)")
    seen = await irqs.read(Need())
    assert all(irq.requested for irq in seen.irqs if irq.label in managed)


async def test_the_timer_ticks_between_two_reads(irqs: Irqs) -> None:
    before = one(await irqs.read(Need()), "LOC").counts
    burn()
    after = one(await irqs.read(Need()), "LOC").counts
    assert sum(after) > sum(before)


def burn() -> None:
    """Work for some ticks of any timer frequency."""
    sum(number * number for number in range(2_000_000))
