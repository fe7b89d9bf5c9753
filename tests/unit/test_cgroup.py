"""Control groups: where a container's lies, and what it says, in every layout there is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trees import write
from vtui import cgroup
from vtui.cgroup import Group, Groups, container_paths, mounts, search

ID = hashlib.sha256(b"a container").hexdigest()
OTHER = hashlib.sha256(b"another").hexdigest()

CPU_NS, CACHE, USED, CPUS = 7_000_001_000, 4096, 1_048_576, frozenset({1, 3})

V1 = {
    "cpuset": {"cpuset.effective_cpus": "1,3\n", "cpuset.cpus": "1-3\n"},
    "cpuacct": {"cpuacct.usage": f"{CPU_NS}\n"},
    "memory": {
        "memory.usage_in_bytes": f"{USED + CACHE}\n",
        "memory.stat": f"cache 9\ninactive_file 1\ntotal_inactive_file {CACHE}\n",
    },
    "freezer": {"freezer.state": "THAWED\n"},
}
V2 = {
    "cpuset.cpus.effective": "1,3\n",
    "cpu.stat": f"usage_usec {CPU_NS // 1000}\nuser_usec 1\n",
    "memory.current": f"{USED + CACHE}\n",
    "memory.stat": f"anon 5\ninactive_file {CACHE}\n",
    "cgroup.events": "populated 1\nfrozen 0\n",
}
SEPARATE = {name: name for name in V1}
TOGETHER = {**SEPARATE, "cpuacct": "cpu,cpuacct"}

PLACES = (
    "{id}",
    "docker/{id}",
    "system.slice/docker-{id}.scope",
    "plant/line-3/{id}",
    "plant.slice/plant-line.slice/docker-{id}.scope",
    "machine.slice/libpod-{id}.scope",
    "user.slice/user-1000.slice/user@1000.service/user.slice/docker-{id}.scope",
    "lxc.payload.nested/docker/{id}",
    "kubepods/besteffort/pod42/cri-containerd-{id}.scope",
)


def version_1(root: Path, path: str, folders: Mapping[str, str] = SEPARATE) -> Path:
    for controller, files in V1.items():
        for name, text in files.items():
            write(root, f"sys/fs/cgroup/{folders[controller]}/{path}/{name}", text)
    return root


def version_2(root: Path, path: str) -> Path:
    write(root, "sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory\n")
    for name, text in V2.items():
        write(root, f"sys/fs/cgroup/{path}/{name}", text)
    return root


def hybrid(root: Path, path: str) -> Path:
    write(root, "sys/fs/cgroup/unified/cgroup.controllers", "\n")
    write(root, f"sys/fs/cgroup/unified/{path}/cpu.stat", "usage_usec 1\n")
    write(root, f"sys/fs/cgroup/unified/{path}/cgroup.events", "populated 1\nfrozen 1\n")
    return version_1(root, path)


def memory_in_version_2(root: Path, path: str) -> Path:
    """The other hybrid: a controller that version 1 left to version 2."""
    hybrid(root, path)
    (root / f"sys/fs/cgroup/memory/{path}").rename(root / "gone")
    for name in ("memory.current", "memory.stat"):
        write(root, f"sys/fs/cgroup/unified/{path}/{name}", V2[name])
    return root


LAYOUTS = {
    "v1, one mount a controller": version_1,
    "v1, cpu and cpuacct in one": lambda root, path: version_1(root, path, TOGETHER),
    "v2": version_2,
    "hybrid": hybrid,
    "hybrid, memory in v2": memory_in_version_2,
}


def facts(group: Group) -> tuple[object, ...]:
    return (
        cgroup.cpu_time(group),
        cgroup.memory(group),
        cgroup.cpus(group),
        cgroup.frozen(group),
    )


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_docker_container_is_found_by_its_id(tmp_path: Path, layout: str, place: str) -> None:
    root = LAYOUTS[layout](tmp_path, place.format(id=ID))
    assert facts(Groups(root).of_ids([ID])[ID]) == (CPU_NS, USED, CPUS, False)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_lxc_container_is_found_by_its_process(tmp_path: Path, layout: str) -> None:
    root = LAYOUTS[layout](tmp_path, "plant/lxc/lxc.payload.plc")
    path = "/plant/lxc/lxc.payload.plc/init.scope"
    lines = ("7:cpuset:", "3:cpu,cpuacct:", "2:memory:", "1:freezer:", "0::")
    write(root, "proc/42/cgroup", "".join(f"{line}{path}\n" for line in lines))
    found = Groups(root).of_processes([(42, "plc")])
    assert facts(found[42, "plc"]) == (CPU_NS, USED, CPUS, False)


def test_each_controller_may_put_an_lxc_container_elsewhere(tmp_path: Path) -> None:
    version_1(tmp_path, "lxc/plc")
    lines = ("3:cpuset:/lxc/plc", "2:memory:/elsewhere/lxc.payload.plc", "1:cpuacct:/lxc/plc")
    write(tmp_path, "proc/42/cgroup", "\n".join(lines))
    group = Groups(tmp_path).of_processes([(42, "plc")])[42, "plc"]
    assert (cgroup.cpus(group), cgroup.memory(group)) == (CPUS, None)


def test_a_container_of_another_host_has_no_group_here(tmp_path: Path) -> None:
    version_2(tmp_path, f"docker/{ID}")
    assert Groups(tmp_path).of_ids([ID, OTHER, "../../etc"]).keys() == {ID}


def test_without_control_groups_none_is_found(tmp_path: Path) -> None:
    assert Groups(tmp_path).of_ids([ID]) == {}


def test_a_process_that_is_gone_has_no_group(tmp_path: Path) -> None:
    version_2(tmp_path, "docker")
    assert Groups(tmp_path).of_processes([(42, "plc")]) == {}


def test_a_container_started_later_is_found_later(tmp_path: Path) -> None:
    groups = Groups(version_2(tmp_path, f"docker/{ID}"))
    groups.of_ids([ID])
    version_2(tmp_path, f"docker/{OTHER}")
    assert groups.of_ids([ID, OTHER]).keys() == {ID, OTHER}


def test_a_stopped_container_is_forgotten(tmp_path: Path) -> None:
    groups = Groups(version_2(tmp_path, f"docker/{ID}"))
    groups.of_ids([ID])
    assert groups.of_ids([]) == {}


def test_control_groups_mounted_after_start_are_noticed(tmp_path: Path) -> None:
    groups = Groups(tmp_path)
    groups.of_ids([ID])
    version_2(tmp_path, f"docker/{ID}")
    groups.of_ids([])
    assert groups.of_ids([ID]).keys() == {ID}


def test_containers_inside_a_container_are_left_alone(tmp_path: Path) -> None:
    version_2(tmp_path, f"docker/{ID}/docker/{OTHER}")
    assert search(str(tmp_path / "sys/fs/cgroup")).keys() == {ID}


def test_the_search_goes_no_deeper_than_its_bound(tmp_path: Path) -> None:
    deep = "/".join(["slice"] * (cgroup.MAX_DEPTH + 1))
    version_2(tmp_path, f"{deep}/{ID}")
    assert search(str(tmp_path / "sys/fs/cgroup")) == {}


def test_mounts_that_are_no_controller_of_ours_are_left_out(tmp_path: Path) -> None:
    for name in ("blkio", "net_cls,net_prio", "systemd", "cpu,cpuacct", "memory"):
        (tmp_path / "sys/fs/cgroup" / name).mkdir(parents=True)
    assert mounts(tmp_path).keys() == {"cpuacct", "memory"}


# ------------------------------------------------------------------ what the files say


def told(tmp_path: Path, **files: str) -> Group:
    """A version 2 group with these files, "__" for a dot."""
    write(tmp_path, "sys/fs/cgroup/cgroup.controllers", "")
    write(tmp_path, f"sys/fs/cgroup/docker/{ID}/cgroup.procs", "")
    for name, text in files.items():
        write(tmp_path, f"sys/fs/cgroup/docker/{ID}/{name.replace('__', '.')}", text)
    return Groups(tmp_path).of_ids([ID])[ID]


def test_a_group_that_is_gone_says_nothing(tmp_path: Path) -> None:
    group = told(tmp_path)
    (tmp_path / f"sys/fs/cgroup/docker/{ID}").rename(tmp_path / "gone")
    assert facts(group) == (None, None, None, None)


def test_memory_is_all_of_it_when_the_page_cache_is_not_told(tmp_path: Path) -> None:
    assert cgroup.memory(told(tmp_path, memory__current="5000\n")) == 5000


def test_memory_is_not_below_zero(tmp_path: Path) -> None:
    group = told(tmp_path, memory__current="5000\n", memory__stat="inactive_file 6000\n")
    assert cgroup.memory(group) == 5000


def test_without_the_cpuset_controller_the_cpus_are_the_parents(tmp_path: Path) -> None:
    group = told(tmp_path)
    write(tmp_path, "sys/fs/cgroup/cpuset.cpus.effective", "0-7\n")
    assert cgroup.cpus(group) == frozenset(range(8))
    write(tmp_path, "sys/fs/cgroup/docker/cpuset.cpus.effective", "2-3\n")
    assert cgroup.cpus(group) == {2, 3}


def test_before_effective_cpus_the_configured_ones_count(tmp_path: Path) -> None:
    version_1(tmp_path, f"docker/{ID}")
    (tmp_path / f"sys/fs/cgroup/cpuset/docker/{ID}/cpuset.effective_cpus").unlink()
    assert cgroup.cpus(Groups(tmp_path).of_ids([ID])[ID]) == {1, 2, 3}


def test_an_empty_cpu_list_is_not_known(tmp_path: Path) -> None:
    assert cgroup.cpus(told(tmp_path, cpuset__cpus__effective="\n")) is None


@pytest.mark.parametrize(
    ("text", "frozen"), [("populated 1\nfrozen 1\n", True), ("frozen 0\n", False), ("\n", None)]
)
def test_version_2_tells_frozen_among_its_events(
    tmp_path: Path, text: str, frozen: bool | None
) -> None:
    assert cgroup.frozen(told(tmp_path, cgroup__events=text)) is frozen


@pytest.mark.parametrize(
    ("text", "frozen"), [("FROZEN\n", True), ("FREEZING\n", False), ("THAWED\n", False), ("", None)]
)
def test_version_1_has_a_freezer(tmp_path: Path, text: str, frozen: bool | None) -> None:
    version_1(tmp_path, f"docker/{ID}")
    write(tmp_path, f"sys/fs/cgroup/freezer/docker/{ID}/freezer.state", text)
    assert cgroup.frozen(Groups(tmp_path).of_ids([ID])[ID]) is frozen


@given(text=st.text() | st.from_regex(r"(usage_usec|frozen|inactive_file) .*\n"))
def test_whatever_the_files_say_they_are_read_without_fail(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    text = text.encode(errors="replace").decode()
    files = {name.replace(".", "__"): text for name in V2}
    values = facts(told(tmp_path_factory.mktemp("tree"), **files))
    assert all(one is None or isinstance(one, (int, frozenset)) for one in values)


@given(microseconds=st.integers(0, 2**60))
def test_version_2_counts_cpu_time_in_microseconds(
    tmp_path_factory: pytest.TempPathFactory, microseconds: int
) -> None:
    group = told(tmp_path_factory.mktemp("tree"), cpu__stat=f"usage_usec {microseconds}\n")
    assert cgroup.cpu_time(group) == microseconds * 1000


# ------------------------------------------------------------------ /proc/PID/cgroup


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("0::/lxc.payload.plc", "lxc.payload.plc"),
        ("0::/lxc.payload.plc/init.scope", "lxc.payload.plc"),
        ("0::/lxc.payload.plc-1/system.slice/a.service", "lxc.payload.plc-1"),
        ("0::/lxc/plc", "lxc/plc"),
        ("0::/lxc/plc/init.scope", "lxc/plc"),
        ("0::/plant/lxc/lxc.payload.plc", "plant/lxc/lxc.payload.plc"),
        ("0::/lxc.payload.outer/lxc.payload.plc/x", "lxc.payload.outer/lxc.payload.plc"),
        ("0::/lxc.payload.plc-like", "lxc.payload.plc-like"),
        ("0::/of-its-own/init.scope", "of-its-own"),
        ("0::/", ""),
    ],
)
def test_an_lxc_group_is_cut_where_the_container_begins(line: str, path: str) -> None:
    assert container_paths(line, "plc") == {"unified": path}


def test_controllers_mounted_together_share_a_path() -> None:
    found = container_paths("4:cpu,cpuacct:/a\n1:name=systemd:/b\n", "x")
    assert found == {"cpu": "a", "cpuacct": "a", "name=systemd": "b"}


def test_a_group_outside_our_namespace_is_not_followed() -> None:
    assert container_paths("0::/../../etc\n", "plc") == {}


@given(text=st.text(), name=st.text())
def test_any_proc_cgroup_is_read_without_fail(text: str, name: str) -> None:
    assert all(".." not in path.split("/") for path in container_paths(text, name).values())
