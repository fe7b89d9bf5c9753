"""What the tests of the libvirt backend share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from vtui.backends.libvirt import Libvirt
from vtui.errors import HostError
from vtui.model import Domain, Domains
from vtui.monitor import Need

PATIENCE = 30.0
"""Seconds after which something that should have happened counts as not happening."""


@asynccontextmanager
async def opened(uri: str) -> AsyncIterator[Libvirt]:
    backend = Libvirt(uri, "libvirt")
    try:
        yield backend
    finally:
        await backend.close()


async def read(backend: Libvirt) -> Domains:
    return await backend.read(Need())


async def until(backend: Libvirt, seen: Callable[[Domains], bool]) -> Domains:
    """Reads after each news, and after nothing else, until `seen`."""
    async with asyncio.timeout(PATIENCE):
        while True:
            await backend.changed()
            if seen(value := await read(backend)):
                return value


async def settled(backend: Libvirt) -> Domains:
    """Reads until every active guest answers its monitor: one that has just started may be slow to."""
    async with asyncio.timeout(PATIENCE):
        while True:
            value = await read(backend)
            if all("written" in one.counters() for one in value.domains if one.active):
                return value
            await asyncio.sleep(0.1)


async def known(backend: Libvirt) -> Domains:
    """Reads until every domain's XML was read."""
    async with asyncio.timeout(PATIENCE):
        while True:
            value = await recovered(backend)
            if all(one.pins is not None for one in value.domains):
                return value


async def recovered(backend: Libvirt) -> Domains:
    """Reads, as the monitor does after failures, until a read succeeds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await read(backend)
            except HostError:
                await asyncio.sleep(0.1)


def named(domains: Domains, name: str) -> Domain:
    return next(one for one in domains.domains if one.name == name)


def has(domains: Domains, name: str) -> bool:
    return any(one.name == name for one in domains.domains)
