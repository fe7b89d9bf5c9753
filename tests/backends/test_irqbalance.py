"""A real irqbalance."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.lab import Lab
from vtui.backends.irqbalance import IrqbalanceDaemon
from vtui.errors import NoAnswer
from vtui.monitor import Need

ROOT = Path("/")


@pytest.fixture
async def irqbalance(lab: Lab) -> AsyncIterator[IrqbalanceDaemon]:
    irqbalance = IrqbalanceDaemon(str(lab.irqbalance_dir), ROOT)
    yield irqbalance
    await irqbalance.close()


def tell(lab: Lab, command: str) -> None:
    """Give the daemon an order, as its own UI does."""
    credentials = struct.pack("3i", os.getpid(), os.getuid(), os.getgid())
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(next(lab.irqbalance_dir.glob("*.sock"))))
        connection.sendmsg(
            [command.encode()], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, credentials)]
        )
        connection.recv(1)  # it closes when it is done


async def test_a_running_daemon_tells_its_interval_and_pid(
    lab: Lab, irqbalance: IrqbalanceDaemon
) -> None:
    seen = await irqbalance.read(Need())
    assert seen.interval == 5
    assert (ROOT / f"proc/{seen.pid}/comm").read_text() == "irqbalance\n"
    assert seen.partial == ""


async def test_banned_interrupts_are_seen(lab: Lab, irqbalance: IrqbalanceDaemon) -> None:
    tell(lab, "settings ban irqs 24 25")
    assert (await irqbalance.read(Need())).banned_irqs == {24, 25}
    tell(lab, "settings ban irqs NONE")
    assert (await irqbalance.read(Need())).banned_irqs == frozenset()


async def test_another_interval_is_seen(lab: Lab, irqbalance: IrqbalanceDaemon) -> None:
    tell(lab, "settings sleep 7")
    assert (await irqbalance.read(Need())).interval == 7
    tell(lab, "settings sleep 5")


async def test_a_stopped_daemon_gives_no_answer_and_lives_on(
    lab: Lab, irqbalance: IrqbalanceDaemon
) -> None:
    pid = (await irqbalance.read(Need())).pid
    lab.freeze("irqbalance")
    try:
        with pytest.raises(NoAnswer):
            await irqbalance.read(Need())
    finally:
        lab.thaw("irqbalance")
    assert (await irqbalance.read(Need())).pid == pid


async def test_a_killed_daemon_is_found_again_under_its_new_pid(
    lab: Lab, irqbalance: IrqbalanceDaemon
) -> None:
    old = (await irqbalance.read(Need())).pid
    lab.restart("irqbalance")
    assert (await irqbalance.read(Need())).pid != old


async def test_a_daemon_whose_socket_is_elsewhere_is_seen_to_run(lab: Lab, tmp_path: Path) -> None:
    seen = await IrqbalanceDaemon(str(tmp_path), ROOT).read(Need())
    assert seen.partial
