"""REFs: what people type, and the one thing it names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hosts import (
    container,
    containers,
    cpu,
    cpus,
    domain,
    domains,
    host,
    interrupts,
    irq,
    link,
    links,
)
from vtui.errors import NotFound, UsageError
from vtui.find import answers, find, name_of, parse
from vtui.model import KINDS, Host

WEB = domain("web", uuid="6f1a2b3c-0000")
DB = domain("db", uuid="6f1a9999-0000")
HOST = host(
    domains(WEB, DB),
    interrupts(irq("24", 1, 2), irq("LOC", 3, 4)),
    cpus(cpu(0), cpu(1)),
    links(link("eth0", 2), link("7", 3)),
)


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("domain:web", "web"),
        ("domain:6f1a2b3c-0000", "web"),
        ("domain:6f1a2", "web"),
        ("domain:qemu:///system/web", "web"),
        ("irq:24", "24"),
        ("irq:LOC", "LOC"),
        ("cpu:1", "1"),
        ("link:eth0", "eth0"),
        ("link:2", "eth0"),
        ("link:7", "7"),
    ],
)
def test_a_thing_answers_to_its_name_its_id_and_its_ids_beginning(ref: str, name: str) -> None:
    assert name_of(find(HOST, ref)) == name


@pytest.mark.parametrize("ref", ["", "web", "domain", "domain:", ":web"])
def test_what_is_no_ref_is_a_usage_error_that_says_how(ref: str) -> None:
    with pytest.raises(UsageError) as caught:
        find(HOST, ref)
    assert caught.value.hint


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        parse("domian:web")
    assert caught.value.hint == "did you mean domain:web?"


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(NotFound) as caught:
        find(HOST, "domain:wbe")
    assert caught.value.hint == "did you mean domain:web?"


def test_where_nothing_is_near_the_list_is_named() -> None:
    with pytest.raises(NotFound) as caught:
        find(Host(), "cpu:9")
    assert caught.value.hint == "see: vtui list cpus"


def test_a_beginning_that_several_ids_share_names_none_of_them() -> None:
    with pytest.raises(NotFound) as caught:
        find(HOST, "domain:6f1a")
    assert caught.value.hint == "say which: domain:web, domain:db"


def test_a_beginning_of_three_characters_is_too_short() -> None:
    with pytest.raises(NotFound):
        find(HOST, "domain:6f1")


class TestOneNameForTwoThings:
    """An LXC container's id is its name; it must not stand in for a Docker container of that name."""

    docker = container("web", ident="0123456789ab")
    lxc = container("web", runtime="lxc")
    both = Host(
        readings=host(containers(docker)).readings
        | {"lxc": host(containers(lxc, runtime="lxc")).readings["containers"]}
    )

    def test_names_neither(self) -> None:
        with pytest.raises(NotFound) as caught:
            find(self.both, "container:web")
        assert caught.value.hint == "say which: container:0123456789ab, container:lxc/web"

    def test_each_is_found_by_what_the_hint_says(self) -> None:
        assert find(self.both, "container:0123456789ab") is self.docker
        assert find(self.both, "container:lxc/web") is self.lxc
        assert find(self.both, "container:docker/web") is self.docker


def test_the_same_uuid_on_two_connections_is_told_apart_by_the_connection() -> None:
    here, there = (domain("web", uuid="u-u-i-d", source=uri) for uri in ("a:///", "b:///"))
    two = host(domains(here, there))
    with pytest.raises(NotFound) as caught:
        find(two, "domain:web")
    assert caught.value.hint == "say which: domain:a:////web, domain:b:////web"
    assert find(two, "domain:b:////web") is there


@given(st.sampled_from(KINDS), st.text())
def test_no_name_does_worse_than_not_being_found(kind: str, name: str) -> None:
    try:
        found = find(HOST, f"{kind}:{name}")
    except (NotFound, UsageError):
        return
    assert found.ref.kind == kind
    assert name in answers(found) or found.ref.id.startswith(name)


@given(st.text())
def test_whatever_is_typed_is_a_ref_or_a_usage_error(text: str) -> None:
    try:
        kind, name = parse(text)
    except UsageError:
        return
    assert f"{kind}:{name}" == text
