"""What a Docker engine's JSON is read as."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.backends.docker.answers import container, listed, usage, version
from vtui.model import Container, PublishedPort, Ref

ID = "f191fb34ce1e86d0daadab4910608abcd003e6ee550a57f4268b479f9b614c91"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    *("Names", "Image", "Command", "Created", "Ports", "Labels", "Status", "Health"),
    "NetworkSettings",
)


def summary(**fields: Any) -> dict[str, Any]:
    return {"Id": ID, "State": "running", "Names": ["/web"], **fields}


def test_a_summary_is_read_whole() -> None:
    told = summary(
        Names=["/web"],
        Image="nginx:1",
        Command="nginx -g 'daemon off;'",
        Created=1795373766,
        Ports=[{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}],
        Labels={"b": "2", "a": "1"},
        Status="Up 5 minutes (healthy)",
        NetworkSettings={"Networks": {"plant": {"IPAddress": "172.18.0.2"}}},
    )
    assert container(told) == Container(
        ref=Ref("container", ID, "docker"),
        name="web",
        runtime="docker",
        state="running",
        health="healthy",
        status="Up 5 minutes (healthy)",
        image="nginx:1",
        command="nginx -g 'daemon off;'",
        created=1795373766.0,
        ports=(PublishedPort("0.0.0.0", 8080, 80, "tcp"),),
        addresses=("172.18.0.2",),
        labels=(("a", "1"), ("b", "2")),
    )


@pytest.mark.parametrize(
    ("status", "health", "exit_code"),
    [
        ("Up 5 minutes", None, None),
        ("Up 5 minutes (healthy)", "healthy", None),
        ("Up 5 minutes (unhealthy)", "unhealthy", None),
        ("Up Less than a second (health: starting)", "starting", None),
        ("Up 3 days (Paused)", None, None),
        ("Exited (0) 2 hours ago", None, 0),
        ("Exited (137) 3 days ago", None, 137),
        ("Exited (-1) 3 days ago", None, -1),
        ("Restarting (1) 5 seconds ago", None, 1),
        ("Created", None, None),
        ("Dead", None, None),
        ("Removal In Progress", None, None),
        ("", None, None),
        ("Exited (99999999999999999999) 1 day ago", None, None),
    ],
)
def test_health_and_exit_code_are_in_the_status(
    status: str, health: str | None, exit_code: int | None
) -> None:
    told = container(summary(Status=status))
    assert (told.health, told.exit_code) == (health, exit_code)


@pytest.mark.parametrize(("word", "health"), [("unhealthy", "unhealthy"), ("none", None)])
def test_a_newer_engine_tells_health_in_a_field(word: str, health: str | None) -> None:
    told = summary(Health={"Status": word, "FailingStreak": 3}, Status="Up 1 minute (healthy)")
    assert container(told).health == health


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (["/web"], "web"),
        (["/proxy/backend", "/web"], "web"),
        (["/proxy/backend"], "proxy/backend"),
        ([], ID[:12]),
        (None, ID[:12]),
        ([7, "/web"], "web"),
    ],
)
def test_the_name_is_its_own_not_a_link_to_it(names: object, name: str) -> None:
    assert container(summary(Names=names)).name == name


def test_only_published_ports_count_in_an_order_that_lasts() -> None:
    ports = [
        {"PrivatePort": 443, "Type": "tcp"},
        {"IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"IP": "127.0.0.1", "PrivatePort": 53, "PublicPort": 5353, "Type": "udp"},
    ]
    expected = (
        PublishedPort("127.0.0.1", 5353, 53, "udp"),
        PublishedPort("0.0.0.0", 8080, 80, "tcp"),
        PublishedPort("::", 8080, 80, "tcp"),
    )
    assert container(summary(Ports=ports)).ports == expected
    assert container(summary(Ports=ports[::-1])).ports == expected


def test_addresses_are_those_of_all_networks() -> None:
    networks = {
        "b": {"IPAddress": "10.0.0.2", "GlobalIPv6Address": "fd00::2"},
        "a": {"IPAddress": "172.17.0.2", "GlobalIPv6Address": ""},
        "none": None,
    }
    told = container(summary(NetworkSettings={"Networks": networks}))
    assert told.addresses == ("172.17.0.2", "10.0.0.2", "fd00::2")


@pytest.mark.parametrize("item", [None, 7, "text", [], {}, {"Id": ID}, {"Id": 7, "State": "up"}])
def test_what_has_no_id_and_state_is_no_container(item: object) -> None:
    with pytest.raises(ValueError, match="without id or state"):
        container(item)


@pytest.mark.parametrize("answer", [None, {}, "text", 7, {"message": "page not found"}])
def test_an_answer_that_is_no_list_is_refused(answer: object) -> None:
    with pytest.raises(ValueError, match="not a list"):
        listed(answer)


@pytest.mark.parametrize("created", [None, -1, True, float("inf"), 1e308, 10**30, "yesterday"])
def test_a_time_that_is_none_is_not_known(created: object) -> None:
    assert container(summary(Created=created)).created is None


@given(fields=st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)))
def test_any_field_may_be_anything(fields: dict[str, Any]) -> None:
    assert container(summary(**fields)).ref.id == ID


@given(item=JSON)
def test_anything_at_all_is_a_container_or_refused(item: object) -> None:
    try:
        container(item)
    except ValueError:
        return


# ------------------------------------------------------------------ stats


@pytest.mark.parametrize("cache", ["total_inactive_file", "inactive_file"])
def test_usage_leaves_out_page_cache_that_is_about_to_go(cache: str) -> None:
    told = {
        "cpu_stats": {"cpu_usage": {"total_usage": 5_000_000_000}},
        "memory_stats": {"usage": 5000, "stats": {cache: 1000}},
    }
    assert usage(told) == {"cpu_time": 5_000_000_000, "memory": 4000}


def test_usage_of_a_container_that_has_gone_is_not_known() -> None:
    gone = {"cpu_stats": {"cpu_usage": {}}, "memory_stats": {}}
    assert usage(gone) == {"cpu_time": None, "memory": None}


@given(answer=JSON)
def test_any_stats_are_read_without_fail(answer: object) -> None:
    assert usage({"cpu_stats": answer, "memory_stats": answer}).keys() == {"cpu_time", "memory"}


# ------------------------------------------------------------------ versions


def test_versions_compare_as_numbers() -> None:
    assert version("1.9") < version("1.41") < version("1.100") < version("2.0")


@pytest.mark.parametrize("text", ["", "1", "1.x", "1.41.2", None, 1.41, "९.१", "1.99999"])
def test_what_is_no_version_is_below_all(text: object) -> None:
    assert version(text) == () < version("0.0")


def test_the_sdk_is_not_imported_before_it_is_used() -> None:
    program = "import sys, vtui.backends.docker; sys.exit('docker' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
