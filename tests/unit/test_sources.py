"""Which backends are opened, under which names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from vtui import sources
from vtui.config import Config
from vtui.errors import Unavailable, UsageError
from vtui.monitor import Need

NAMES = ["libvirt", "docker", "lxc", "ovs", "netlink", "irq", "cpus", "irqbalance", "criu"]
LIVE = [name for name in NAMES if name not in ("irq", "cpus")]


def names(config: Config, wanted: tuple[str, ...] | None = None) -> list[str]:
    return [backend.name for backend in sources.backends(config, wanted)]


def test_every_system_is_opened_in_the_order_it_is_shown() -> None:
    assert names(Config()) == NAMES


def test_only_what_is_wanted_is_opened() -> None:
    assert names(Config(), ("irq", "cpus")) == ["irq", "cpus"]


@pytest.mark.parametrize("setting", ["docker", "lxc_path", "ovsdb", "irqbalance", "criu"])
def test_an_empty_setting_leaves_its_system_out(setting: str) -> None:
    assert len(names(replace(Config(), **{setting: ""}))) == len(NAMES) - 1


@pytest.mark.parametrize("uris", [(), ("",)])
def test_without_a_connection_libvirt_is_left_out(uris: tuple[str, ...]) -> None:
    assert "libvirt" not in names(Config(libvirt=uris))


@pytest.mark.parametrize(
    ("uris", "named"),
    [
        (["qemu:///system"], ["libvirt"]),
        (["qemu:///system", "lxc:///"], ["libvirt qemu", "libvirt lxc"]),
        (
            ["qemu:///system", "qemu+ssh://rt2/system"],
            ["libvirt qemu", "libvirt qemu 2"],
        ),
        (["qemu:///system", "nonsense", "/x"], ["libvirt qemu", "libvirt nonsense", "libvirt /x"]),
    ],
)
def test_connections_are_told_apart_by_their_driver(uris: list[str], named: list[str]) -> None:
    assert [name for name, _ in sources.connection_names(uris)] == named


def test_all_of_several_connections_are_wanted_by_the_first_word() -> None:
    several = Config(libvirt=("test:///default", "lxc:///"))
    assert names(several, ("libvirt",)) == ["libvirt test", "libvirt lxc"]
    assert names(several, ("lxc",)) == ["lxc"]


class TestBelowAnotherRoot:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return Config(root=tmp_path)

    def test_the_backends_are_the_same(self, config: Config) -> None:
        assert names(config) == NAMES

    @pytest.mark.parametrize("name", LIVE)
    async def test_the_running_machine_is_not_asked(self, config: Config, name: str) -> None:
        (backend,) = sources.backends(config, (name,))
        with pytest.raises(Unavailable, match="--root") as caught:
            await backend.read(Need())
        assert caught.value.hint == "leave out --root"
        await backend.close()

    def test_a_root_that_is_no_directory_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError):
            sources.backends(Config(root=tmp_path / "none"))

    def test_another_name_of_the_root_is_the_root(self, tmp_path: Path) -> None:
        (tmp_path / "slash").symlink_to("/")
        (backend,) = sources.backends(Config(root=tmp_path / "slash"), ("criu",))
        assert not isinstance(backend, sources.Elsewhere)


async def test_the_demo_has_every_backend_under_its_own_name() -> None:
    backends = sources.backends(Config(demo=True))
    assert [backend.name for backend in backends] == NAMES
    for backend in backends:
        await backend.close()
