"""JSON: the names and forms scripts rely on."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hosts import (
    HOSTILE,
    container,
    cpu,
    cpus,
    domain,
    domains,
    host,
    interrupts,
    irq,
    pinned,
    port,
)
from vtui import jsonform, model, reference
from vtui.find import Thing
from vtui.model import Bridge, Container, Cpu, Domain, Host, Interface, Irq, Link, Pins, Port
from vtui.reading import Absent, Failed, Ready, Waiting
from vtui.status import statuses
from vtui.views import VIEWS


def form(thing: Thing, snapshot: Host | None = None) -> dict[str, Any]:
    """A thing's JSON, as a script reads it."""
    text = jsonform.dump(jsonform.thing(thing, snapshot or Host()))
    loaded: dict[str, Any] = json.loads(text)
    return loaded


class TestAThing:
    def test_has_the_models_names_and_its_source(self) -> None:
        assert list(form(domain())) == ["ref", "source", *(one.name for one in fields(Domain)[1:])]

    def test_is_named_by_a_ref_that_show_takes(self) -> None:
        shown = form(domain("web", uuid="6f1a"))
        assert (shown["ref"], shown["source"]) == ("domain:6f1a", "qemu:///system")

    def test_tells_cpus_as_the_kernels_list(self) -> None:
        assert form(container(cpuset=frozenset({0, 1, 2, 5})))["cpuset"] == "0-2,5"

    def test_tells_no_cpu_apart_from_not_known(self) -> None:
        assert form(container(cpuset=frozenset()))["cpuset"] == ""
        assert form(container(cpuset=None))["cpuset"] is None

    def test_tells_pins_by_number(self) -> None:
        assert form(pinned("plc", "2", "3", emulator=frozenset({0})))["pins"] == {
            "vcpus": {"0": "2", "1": "3"},
            "emulator": "0",
            "iothreads": {},
            "placement": None,
        }

    def test_tells_pairs_as_an_object(self) -> None:
        labelled = container(labels=(("a", "1"), ("b", "2")))
        assert form(labelled)["labels"] == {"a": "1", "b": "2"}
        assert form(container())["labels"] == {}

    def test_names_what_it_belongs_to_by_its_ref(self) -> None:
        assert form(port())["bridge"] == "bridge:row-br0"

    def test_holds_its_parts(self) -> None:
        shown = form(port("tap0", Interface("tap0", statistics=(("rx_bytes", 7),))))
        assert shown["interfaces"][0]["statistics"] == {"rx_bytes": 7}


class TestAnInterrupt:
    def test_is_counted_by_cpu_number(self) -> None:
        line = irq("24", 5, 7)
        shown = form(line, host(interrupts(line, columns=(0, 2))))
        assert (shown["counts"], shown["total"]) == ({"0": 5, "2": 7}, 12)

    def test_that_has_one_sum_has_no_counts(self) -> None:
        line = irq("ERR", 5)
        shown = form(line, host(interrupts(line, columns=(0, 2))))
        assert (shown["counts"], shown["total"]) == ({}, 5)


class TestAList:
    def test_holds_the_things_and_the_backends_that_know_of_them(self) -> None:
        snapshot = Host(readings={"libvirt": Ready(domains(domain("web")), 0.0)})
        document = jsonform.listing(
            VIEWS["domains"], snapshot.domains, snapshot, statuses(snapshot)
        )
        assert isinstance(document, dict)
        assert [one["name"] for one in json.loads(jsonform.dump(document))["domains"]] == ["web"]
        assert document["backends"] == [
            {
                "name": "libvirt",
                "state": "ready",
                "counts": {"domains": 1},
                "version": "",
                "detail": "",
                "reason": "",
                "hint": "",
            }
        ]


class TestStatus:
    def status(self, snapshot: Host) -> dict[str, Any]:
        text = jsonform.dump(jsonform.status(snapshot, statuses(snapshot)))
        loaded: dict[str, Any] = json.loads(text)
        return loaded

    def test_counts_what_is_known_and_is_silent_of_the_rest(self) -> None:
        snapshot = host(domains(domain("a"), domain("b")), cpus())
        counts = self.status(snapshot)["counts"]
        assert (counts["domains"], counts["cpus"], counts["containers"]) == (2, 0, None)

    def test_tells_the_machine(self) -> None:
        machine = cpus(cpu(0), cpu(1, isolated=True), hostname="rt1", load=(0.5, 0.25, 0.0))
        shown = self.status(host(machine))["host"]
        assert (shown["hostname"], shown["load"]) == ("rt1", [0.5, 0.25, 0.0])
        assert (shown["isolated"], shown["housekeeping"]) == ("1", "0")
        assert "cpus" not in shown

    def test_without_a_machine_there_is_none(self) -> None:
        assert self.status(Host())["host"] is None

    @pytest.mark.parametrize(
        ("reading", "state", "reason", "hint"),
        [
            (Waiting(), "waiting", "", ""),
            (Ready(domains(), 0.0), "ready", "", ""),
            (Absent("not installed", "apt"), "absent", "not installed", "apt"),
            (Failed("no answer", "wait", None, 0.0), "failed", "no answer", "wait"),
        ],
    )
    def test_every_backend_has_its_state(
        self, reading: Any, state: str, reason: str, hint: str
    ) -> None:
        (shown,) = self.status(Host(readings={"it": reading}))["backends"]
        assert (shown["state"], shown["reason"], shown["hint"]) == (state, reason, hint)


def test_hostile_text_is_escaped_and_comes_back_whole() -> None:
    text = jsonform.dump(jsonform.thing(domain(HOSTILE + "\x7f"), Host()))
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert json.loads(text)["name"] == HOSTILE + "\x7f"


def test_what_is_no_part_of_the_model_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        jsonform.encode({1, 2})


def test_every_field_of_pairs_is_known_as_such() -> None:
    pairs = {
        field.name
        for kind in vars(model).values()
        if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__")
        for field in fields(kind)
        if str(field.type).startswith("tuple[tuple[str, ")
    }
    assert pairs == jsonform.PAIRS


THINGS = (Domain, Container, Bridge, Port, Link, Irq, Cpu)
CPUS = st.frozensets(st.integers(0, 64))
PINS = st.none() | st.builds(Pins, vcpus=st.dictionaries(st.integers(0, 64), CPUS))


@pytest.mark.parametrize("kind", THINGS)
class TestEveryThing:
    @settings(suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_has_json_that_reads_back(self, kind: type, data: st.DataObject) -> None:
        drawn = {one.name: PINS if one.name == "pins" else ... for one in fields(kind)}
        text = jsonform.dump(jsonform.thing(data.draw(st.builds(kind, **drawn)), Host()))
        assert text.isascii()
        assert isinstance(json.loads(text), dict)

    def test_is_documented(self, kind: type) -> None:
        assert kind.__name__ in reference.JSON_KINDS
