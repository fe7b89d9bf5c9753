"""What the Open vSwitch backend does when ovsdb-server dies, freezes or was never there, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.backends.ovs_help import SOON, bridges, news, read, read_anew, read_until_it_answers
from tests.lab import Lab
from vtui.backends.ovs import Ovs
from vtui.errors import HostError, NoAnswer, Unavailable
from vtui.monitor import Monitor
from vtui.reading import Failed, Ready


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab of its own, for these tests kill and freeze its daemons."""
    if os.geteuid() != 0:
        pytest.skip("missing capability: root")
    lab = Lab("ovs-test")
    with lab.running(only=["ovs"]):
        yield lab


@pytest.fixture
async def ovs(lab: Lab) -> AsyncIterator[Ovs]:
    backend = Ovs(lab.ovsdb)
    yield backend
    await backend.close()


@pytest.fixture
async def hasty(lab: Lab) -> AsyncIterator[Ovs]:
    """One that gives a frozen server no longer than the test need wait."""
    backend = Ovs(lab.ovsdb, patience=0.5)
    yield backend
    await backend.close()


async def client(command: str, remote: str, *args: object) -> str:
    """What ovsdb-client said."""
    return await said("ovsdb-client", command, remote, *map(str, args))


async def python(script: str) -> str:
    """What an interpreter of its own said; it says nothing on stderr and ends by itself."""
    return await said(sys.executable, "-W", "error", "-c", script)


async def said(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(SOON):
        out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    return out.decode()


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ovs"]


# ------------------------------------------------------------------ dead


async def test_a_killed_server_is_an_error_at_once_and_its_return_is_noticed(lab, ovs):
    before = await read(ovs)

    lab.kill("ovsdb")
    try:
        await news(ovs)
        with pytest.raises(HostError, match="ovsdb-server"):
            await read(ovs)
    finally:
        lab.restart("ovsdb")

    assert bridges(await read_until_it_answers(ovs)).keys() == bridges(before).keys()


async def test_a_server_that_was_stopped_properly_is_an_error_once_it_was_known(lab, ovs):
    await read(ovs)
    socket = Path(lab.ovsdb.removeprefix("unix:"))

    lab.kill("ovsdb")
    socket.unlink()
    try:
        with pytest.raises(HostError, match="ovsdb-server"):
            await read(ovs)
        with pytest.raises(HostError, match="gone") as caught:
            await read(ovs)
    finally:
        lab.restart("ovsdb")

    assert not isinstance(caught.value, Unavailable)
    assert caught.value.hint == "systemctl start openvswitch-switch"


async def test_while_there_is_no_connection_there_is_no_news(lab, ovs):
    await read(ovs)

    lab.kill("ovsdb")
    try:
        with pytest.raises(HostError):
            await read(ovs)
        waiting = asyncio.create_task(ovs.changed())
        await asyncio.wait({waiting}, timeout=0.2)
        assert not waiting.done()
    finally:
        waiting.cancel()
        lab.restart("ovsdb")


async def test_the_monitor_keeps_the_last_bridges_while_the_server_is_down(lab):
    monitor, snapshots = Monitor([Ovs(lab.ovsdb)]), asyncio.Queue()
    running = asyncio.create_task(monitor.run(snapshots.put_nowait))
    kinds = []
    try:
        async with asyncio.timeout(2 * SOON):
            for wanted, act in ((Ready, lab.kill), (Failed, lab.restart), (Ready, None)):
                while not isinstance((host := await snapshots.get()).readings["ovs"], wanted):
                    pass
                kinds.append((wanted, bool(host.bridges)))
                if act:
                    act("ovsdb")
    finally:
        running.cancel()
        lab.restart("ovsdb")

    assert kinds == [(Ready, True), (Failed, True), (Ready, True)]


async def test_a_socket_nobody_listens_at_is_a_dead_server(lab, ovs):
    lab.kill("ovsdb")
    try:
        with pytest.raises(HostError, match="has died") as caught:
            await read(ovs)
    finally:
        lab.restart("ovsdb")

    assert caught.value.hint == "systemctl restart openvswitch-switch"


async def test_after_a_restart_it_connects_by_itself_which_is_news(lab, ovs, capfd):
    before = await read(ovs)

    lab.kill("ovsdb")
    try:
        with pytest.raises(HostError):
            await read(ovs)
    finally:
        lab.restart("ovsdb")

    await news(ovs)
    assert bridges(await read(ovs)).keys() == bridges(before).keys()
    assert capfd.readouterr() == ("", "")


async def test_a_server_whose_schema_is_converted_is_read_by_the_new_one(lab, ovs, tmp_path):
    await read(ovs)
    present = await client("get-schema", lab.ovsdb)
    schema = json.loads(present)
    del schema["tables"]["Bridge"]["columns"]["rstp_enable"]
    (tmp_path / "before").write_text(present)
    (tmp_path / "after").write_text(json.dumps(schema))

    await client("convert", lab.ovsdb, tmp_path / "after")
    try:
        await news(ovs)
        found = bridges(await read_until_it_answers(ovs))
    finally:
        await client("convert", lab.ovsdb, tmp_path / "before")
        lab.vsctl("set", "bridge", lab.bridges[1], "rstp_enable=true")

    assert [found[name].rstp for name in lab.bridges] == [False, False]


# ------------------------------------------------------------------ frozen


async def test_a_frozen_server_does_not_answer_and_recovers(lab, hasty):
    before = await read(hasty)

    lab.freeze("ovsdb")
    try:
        with pytest.raises(NoAnswer):
            await read(hasty)
        with pytest.raises(NoAnswer):
            await read(hasty)
    finally:
        lab.thaw("ovsdb")

    assert bridges(await read_until_it_answers(hasty)).keys() == bridges(before).keys()


async def test_a_server_that_is_frozen_when_first_asked_is_news_when_it_thaws(lab, hasty):
    lab.freeze("ovsdb")
    try:
        with pytest.raises(NoAnswer):
            await read(hasty)
    finally:
        lab.thaw("ovsdb")

    await news(hasty)
    assert set(lab.bridges) <= bridges(await read_until_it_answers(hasty)).keys()


async def test_a_frozen_server_that_is_killed_is_news(lab, hasty):
    await read(hasty)

    lab.freeze("ovsdb")
    try:
        with pytest.raises(NoAnswer):
            await read(hasty)
        lab.kill("ovsdb")
        await news(hasty)
        with pytest.raises(HostError, match="has died"):
            await read(hasty)
    finally:
        lab.restart("ovsdb")


# ------------------------------------------------------------------ not there


async def test_no_socket_is_unavailable_with_what_to_type(tmp_path):
    with pytest.raises(Unavailable, match="no socket") as caught:
        await read_anew(f"unix:{tmp_path}/db.sock")

    assert caught.value.hint == "systemctl start openvswitch-switch"


async def test_a_socket_of_somebody_else_is_unavailable(lab):
    script = (
        "import asyncio, os\n"
        "from vtui.backends.ovs import Ovs, replica\n"
        "from vtui.errors import Unavailable\n"
        "from vtui.monitor import Need\n"
        "os.setuid(65534)\n"
        "try:\n"
        f"    asyncio.run(Ovs({lab.ovsdb!r}).read(Need()))\n"
        "except Unavailable as error:\n"
        "    print(error.message, '|', error.hint)\n"
    )

    output = await python(script)

    assert output.startswith("not permitted to open")
    assert output.endswith("| sudo vtui\n")


@pytest.mark.parametrize(
    "remote", ["", "db.sock", "ssl:127.0.0.1:6640", "tcp:", "unix:", "tcp:a:0"]
)
async def test_a_remote_of_no_known_kind_is_unavailable(remote):
    with pytest.raises(Unavailable, match="neither"):
        await read_anew(remote)


async def test_tcp_works_and_a_closed_port_is_unavailable(lab):
    lab.vsctl("set-manager", "ptcp:16641:127.0.0.1")
    backend = Ovs("tcp:127.0.0.1:16641")
    try:
        assert set(lab.bridges) <= bridges(await read_until_it_answers(backend)).keys()
    finally:
        lab.vsctl("del-manager")
        await backend.close()

    with pytest.raises(Unavailable) as caught:
        await read_anew("tcp:127.0.0.1:16642")
    assert caught.value.hint == "ovs-vsctl set-manager ptcp:6640"


async def test_a_missing_library_is_unavailable_with_what_to_type(lab):
    script = (
        "import asyncio, sys\n"
        "sys.modules['ovs'] = None\n"
        "from vtui.backends.ovs import Ovs\n"
        "from vtui.errors import Unavailable\n"
        "from vtui.monitor import Need\n"
        "try:\n"
        f"    asyncio.run(Ovs({lab.ovsdb!r}).read(Need()))\n"
        "except Unavailable as error:\n"
        "    print(error.message, '|', error.hint)\n"
    )

    output = await python(script)

    assert output.startswith("the Python package ovs is not installed")
    assert output.endswith("| apt install python3-openvswitch\n")


# ------------------------------------------------------------------ its thread


async def test_the_library_is_not_imported_where_there_is_nothing_to_read(tmp_path):
    script = (
        "import asyncio, contextlib, sys\n"
        "from vtui.backends.ovs import Ovs\n"
        "from vtui.errors import Unavailable\n"
        "from vtui.monitor import Need\n"
        "with contextlib.suppress(Unavailable):\n"
        f"    asyncio.run(Ovs('unix:{tmp_path}/db.sock').read(Need()))\n"
        "print('ovs' in sys.modules)\n"
    )

    assert await python(script) == "False\n"


async def test_a_program_that_does_not_close_it_ends_all_the_same(lab):
    script = (
        "import asyncio\n"
        "from vtui.backends.ovs import Ovs\n"
        "from vtui.monitor import Need\n"
        f"value = asyncio.run(Ovs({lab.ovsdb!r}).read(Need()))\n"
        "print(len(value.bridges))\n"
    )

    assert await python(script) == f"{len(lab.bridges)}\n"


async def test_closing_ends_the_thread(lab):
    ovs = Ovs(lab.ovsdb)
    await read(ovs)
    [thread] = threads()

    await ovs.close()

    await asyncio.to_thread(thread.join, SOON)
    assert threads() == []


async def test_closing_ends_the_thread_also_while_the_server_is_frozen(lab, hasty):
    lab.freeze("ovsdb")
    try:
        with pytest.raises(NoAnswer):
            await read(hasty)
        [thread] = threads()

        await hasty.close()

        await asyncio.to_thread(thread.join, SOON)
        assert threads() == []
    finally:
        lab.thaw("ovsdb")


async def test_closing_what_was_never_read_is_nothing():
    await Ovs("unix:db.sock").close()
