"""The commands on real daemons."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.lab import Lab
from tests.program import Result, environment, vtui
from vtui.views import VIEWS

BACKENDS = [
    *("libvirt qemu", "libvirt lxc", "docker", "lxc", "ovs"),
    *("netlink", "irq", "cpus", "irqbalance", "criu"),
]
HOSTILE = "\x1b[2J\x1b]0;owned\x07"


@pytest.fixture
def env(lab: Lab) -> dict[str, str]:
    """The environment that points vtui to the lab."""
    return environment(**lab.env)


def listed(env: dict[str, str], plural: str) -> list[dict[str, object]]:
    """The things of one kind, as a script reads them."""
    result = vtui("list", plural, "--json", env=env)
    assert result.code == 0, result.err
    things: list[dict[str, object]] = result.json[plural]
    return things


def states(env: dict[str, str], plural: str) -> dict[object, object]:
    """State by name."""
    return {one["name"]: one["state"] for one in listed(env, plural)}


def safe(result: Result) -> bool:
    """Whether it ended well and holds nothing a terminal would obey."""
    return result.code == 0 and not {"\x1b", "\x07"} & set(result.out + result.err)


class TestStatus:
    def test_says_that_every_backend_is_ready(self, env: dict[str, str]) -> None:
        result = vtui("status", "--json", env=env)
        assert {one["name"]: one["state"] for one in result.json["backends"]} == dict.fromkeys(
            BACKENDS, "ready"
        )
        assert result.err == ""

    def test_counts_what_the_daemons_own_programs_count(
        self, lab: Lab, env: dict[str, str]
    ) -> None:
        counts = vtui("status", "--json", env=env).json["counts"]
        domains = lab.virsh("list", "--all", "--name").split()
        others = lab.virsh_lxc("list", "--all", "--name").split()
        assert counts["domains"] == len(domains) + len(others)
        links = json.loads(subprocess.check_output(["ip", "-json", "link"]))
        assert counts["links"] == len(links)

    def test_says_which_daemon_hangs_and_shows_the_rest(
        self, lab: Lab, env: dict[str, str]
    ) -> None:
        lab.freeze("docker")
        try:
            result = vtui("status", "--json", env=env)
        finally:
            lab.thaw("docker")
        hung = [one for one in result.json["backends"] if one["state"] != "ready"]
        assert [(one["name"], one["state"]) for one in hung] == [("docker", "failed")]
        assert hung[0]["reason"]
        assert (result.code, result.json["counts"]["bridges"] > 0) == (0, True)


class TestLists:
    def test_domains_of_both_connections(self, env: dict[str, str]) -> None:
        shown = states(env, "domains")
        assert shown["plc-gateway"] == "running"
        assert shown["vision"] == "paused"
        assert shown["hmi"] == "shut off"
        assert shown["edge-logger"] == "running"

    def test_containers_of_both_runtimes(self, env: dict[str, str]) -> None:
        shown = states(env, "containers")
        assert shown["recorder"] == "paused"
        assert shown["batch-report"] == "exited"
        assert shown["soft-plc"] == "running"
        assert shown["field-sim"] == "stopped"

    def test_bridges_of_open_vswitch_and_of_the_kernel(self, lab: Lab, env: dict[str, str]) -> None:
        kinds = {one["name"]: one["kind"] for one in listed(env, "bridges")}
        assert [kinds[name] for name in lab.bridges] == ["ovs", "ovs"]
        assert kinds[lab.linux_bridge] == "linux"

    def test_ports_with_their_vlan(self, lab: Lab, env: dict[str, str]) -> None:
        tags = {one["name"]: one["tag"] for one in listed(env, "ports")}
        assert tags[lab.site.link("tap0")] == 10

    @pytest.mark.parametrize("plural", VIEWS)
    def test_are_tables_with_a_line_for_each_thing(self, env: dict[str, str], plural: str) -> None:
        result = vtui("list", plural, env=env)
        assert (result.code, result.err) == (0, "")
        assert len(result.out.splitlines()) > 1

    def test_of_a_runtime_that_hangs_hold_the_other_ones_and_say_so(
        self, lab: Lab, env: dict[str, str]
    ) -> None:
        lab.freeze("docker")
        try:
            result = vtui("list", "containers", "--json", env=env)
        finally:
            lab.thaw("docker")
        assert result.code == 0
        assert {one["runtime"] for one in result.json["containers"]} == {"lxc"}
        assert result.err.startswith("vtui: warning: docker: failed: ")

    def test_of_a_daemon_that_hangs_alone_are_an_error(self, lab: Lab, env: dict[str, str]) -> None:
        lab.freeze("libvirt")
        try:
            result = vtui("list", "domains", env=env)
        finally:
            lab.thaw("libvirt")
        assert (result.code, result.out) == (4, "")
        assert result.error.startswith("no domains: libvirt qemu: ")
        assert "Traceback" not in result.err


class TestShow:
    @pytest.mark.parametrize("plural", VIEWS)
    def test_describes_a_thing_of_every_kind(self, env: dict[str, str], plural: str) -> None:
        ref = str(listed(env, plural)[-1]["ref"])
        fields, document = vtui("show", ref, env=env), vtui("show", ref, "--json", env=env)
        assert fields.out.startswith("name:")
        assert document.json["ref"] == ref

    def test_tells_a_guests_uuid_as_virsh_does(self, lab: Lab, env: dict[str, str]) -> None:
        shown = vtui("show", "domain:plc-gateway", "--json", env=env).json
        assert shown["ref"] == f"domain:{lab.virsh('domuuid', 'plc-gateway').strip()}"

    def test_finds_a_container_by_the_beginning_of_its_id(
        self, lab: Lab, env: dict[str, str]
    ) -> None:
        short = lab.docker("ps", "-q", "--filter=name=recorder").strip()
        assert vtui("show", f"container:{short}", "--json", env=env).json["name"] == "recorder"

    def test_tells_what_a_container_uses(self, env: dict[str, str]) -> None:
        shown = vtui("show", "container:recorder", "--json", env=env).json
        assert shown["memory"] > 0

    def test_tells_who_claims_a_cpu(self, env: dict[str, str]) -> None:
        assert "claimed by:" in vtui("show", "cpu:1", env=env).out


class TestStrangersText:
    @pytest.fixture
    def container(self, lab: Lab) -> Iterator[str]:
        image = lab.docker("inspect", "--format={{.Config.Image}}", "recorder").strip()
        lab.docker("create", "--name=rude", f"--label=note={HOSTILE}", image, HOSTILE)
        yield "container:rude"
        lab.docker("rm", "rude")

    @pytest.fixture
    def bridge(self, lab: Lab) -> Iterator[str]:
        escaped = json.dumps(HOSTILE)
        lab.vsctl("set", "bridge", lab.bridge, f"external-ids:note={escaped}")
        yield f"bridge:{lab.bridge}"
        lab.vsctl("remove", "bridge", lab.bridge, "external-ids", "note")

    @pytest.mark.parametrize("flags", [(), ("--json",)])
    def test_in_a_containers_labels_is_harmless(
        self, env: dict[str, str], container: str, flags: tuple[str, ...]
    ) -> None:
        assert safe(vtui("show", container, *flags, env=env))

    @pytest.mark.parametrize("flags", [(), ("--json",)])
    def test_in_a_bridges_external_ids_is_harmless(
        self, env: dict[str, str], bridge: str, flags: tuple[str, ...]
    ) -> None:
        assert safe(vtui("show", bridge, *flags, env=env))

    def test_comes_back_whole_from_json(self, env: dict[str, str], container: str) -> None:
        assert vtui("show", container, "--json", env=env).json["labels"]["note"] == HOSTILE
