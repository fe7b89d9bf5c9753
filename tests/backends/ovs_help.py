"""What the tests of the Open vSwitch backend share."""

from __future__ import annotations

import asyncio

from vtui.backends.ovs import Ovs
from vtui.errors import HostError
from vtui.model import Bridge, OpenVSwitch
from vtui.monitor import Need

SOON = 10.0
"""Seconds after which a test gives up waiting."""


async def read(ovs: Ovs) -> OpenVSwitch:
    return await ovs.read(Need())


async def read_anew(remote: str) -> OpenVSwitch:
    backend = Ovs(remote)
    try:
        return await read(backend)
    finally:
        await backend.close()


async def news(ovs: Ovs) -> None:
    async with asyncio.timeout(SOON):
        await ovs.changed()


async def read_until_it_answers(ovs: Ovs) -> OpenVSwitch:
    async with asyncio.timeout(SOON):
        while True:
            try:
                return await read(ovs)
            except HostError:
                await asyncio.sleep(0.05)


def bridges(value: OpenVSwitch) -> dict[str, Bridge]:
    return {bridge.name: bridge for bridge in value.bridges}
