"""Filter, order, selection and details."""

from __future__ import annotations

from tests.ui.stage import Stage, stage
from tests.ui.still import Still, container, containers, domain, domains, many_domains
from vtui.model import Pins


def names(scene: Stage) -> list[str]:
    """The names on screen, top to bottom."""
    return [line.split()[1] for line in scene.screen.table.text[1:]]


async def test_a_filter_keeps_the_rows_that_contain_it() -> None:
    async with stage(backends=[Still("libvirt", many_domains(30))]) as scene:
        await scene.press("2", "slash", *"guest-02")
        assert names(scene) == [f"guest-02{digit}" for digit in range(10)]
        assert scene.screen.table.position == "1/10 of 30"


async def test_while_a_filter_is_typed_digits_and_letters_are_text() -> None:
    async with stage(backends=[Still("libvirt", many_domains(3))]) as scene:
        await scene.press("2", "slash", *"q1")
        assert scene.app.is_running
        assert scene.screen.name == "domains"
        assert "no row contains 'q1'" in scene.text


async def test_enter_keeps_the_filter_and_escape_drops_it() -> None:
    async with stage(backends=[Still("libvirt", many_domains(30))]) as scene:
        await scene.press("2", "slash", *"029", "enter")
        assert scene.screen.table.has_focus
        assert names(scene) == ["guest-029"]
        await scene.press("escape")
        assert len(names(scene)) > 1


async def test_a_filter_looks_at_states_too() -> None:
    value = domains(domain("a", 1), domain("b", 2, state="paused"))
    async with stage(backends=[Still("libvirt", value)]) as scene:
        await scene.press("2", "slash", *"paused")
        assert names(scene) == ["b"]


async def test_sorting_goes_from_column_to_column_and_numbers_start_large() -> None:
    value = domains(domain("a", 1, vcpus=1), domain("b", 2, vcpus=8), domain("c", 3, vcpus=4))
    async with stage(backends=[Still("libvirt", value)]) as scene:
        await scene.press("2", "s", "s")
        assert scene.screen.table.sort == "vcpus"
        assert names(scene) == ["b", "c", "a"]
        await scene.press("i")
        assert names(scene) == ["a", "c", "b"]


async def test_a_click_on_a_title_sorts_by_it() -> None:
    value = domains(domain("b", 1), domain("a", 2, state="paused"))
    async with stage(backends=[Still("libvirt", value)]) as scene:
        await scene.press("2")
        column = scene.screen.table.text[0].index("STATE")
        await scene.pilot.click("#table", offset=(column + 1, 0))
        assert scene.screen.table.sort == "state"


async def test_space_selects_and_goes_on_and_escape_drops_the_selection() -> None:
    async with stage(backends=[Still("libvirt", many_domains(5))]) as scene:
        await scene.press("2", "space", "space")
        assert {ref.id for ref in scene.screen.table.selected} == {"uuid-0000", "uuid-0001"}
        assert scene.screen.table.position == "3/5, 2 selected"
        await scene.press("escape")
        assert not scene.screen.table.selected


async def test_all_shown_rows_are_selected_at_once_and_none_of_the_hidden() -> None:
    async with stage(backends=[Still("libvirt", many_domains(30))]) as scene:
        await scene.press("2", "slash", *"02", "enter", "a")
        assert len(scene.screen.table.selected) == len(scene.screen.table.shown) < 30


async def test_a_thing_that_vanishes_is_no_longer_selected() -> None:
    libvirt = Still("libvirt", many_domains(3))
    async with stage(backends=[libvirt]) as scene:
        await scene.press("2", "a")
        libvirt.value = many_domains(2)
        await scene.tick()
        assert len(scene.screen.table.selected) == 2


async def test_enter_shows_the_rows_details_and_escape_hides_them() -> None:
    pinned = domain("plc", 1, pins=Pins({0: frozenset({4}), 1: frozenset({5})}))
    async with stage(backends=[Still("libvirt", domains(pinned))]) as scene:
        await scene.press("2", "enter")
        assert " vCPU 1 pin    5" in scene.lines("detail")
        await scene.press("escape")
        assert not scene.screen.detail.display


async def test_details_follow_the_cursor() -> None:
    async with stage(backends=[Still("libvirt", many_domains(3))]) as scene:
        await scene.press("2", "enter", "down")
        assert any("uuid-0001" in line for line in scene.lines("detail"))


async def test_labels_of_a_container_are_among_its_details() -> None:
    value = containers(container("web", 1, labels=(("tier", "front"),)))
    async with stage(backends=[Still("docker", value)]) as scene:
        await scene.press("3", "enter")
        assert any("tier=front" in line for line in scene.lines("detail"))


async def test_an_empty_list_says_so() -> None:
    async with stage(backends=[Still("libvirt", domains())]) as scene:
        await scene.press("2")
        assert "no domain is defined" in scene.text
