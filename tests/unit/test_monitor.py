"""The refresh loop, in a time of its own: an hour of it takes no time."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
from collections.abc import Callable, Coroutine, Iterator, Mapping
from itertools import chain, repeat

import pytest

from vtui.errors import HostError, NoAnswer, Unavailable
from vtui.lanes import never
from vtui.model import Cpu, Cpus, Host, Ref
from vtui.monitor import MAX_BACKOFF, MIN_GAP, SETTLE, Backend, Monitor, Need
from vtui.reading import Absent, Failed, Reading, Ready, Waiting

DOWN = HostError("the daemon says no", "ask it again")
ROW = Ref("cpu", "7")


class _Clock(selectors.DefaultSelector):
    """Waits for nothing: when no file is ready, the time waited for has passed."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(None if timeout is None else 0)
        if not ready and timeout:
            self.now += timeout
        return ready


class QuickLoop(asyncio.SelectorEventLoop):
    """An event loop whose sleeps are over at once."""

    def __init__(self) -> None:
        self.clock = _Clock()
        super().__init__(self.clock)

    def time(self) -> float:
        """Virtual seconds since it began."""
        return self.clock.now


class Fake:
    """A backend that answers from a script and then repeats its last line."""

    def __init__(
        self, *script: object, name: str = "it", cadence: float = 1.0, takes: float = 0.0
    ) -> None:
        self.name, self.cadence, self.deadline = name, cadence, 5.0
        self.takes = takes
        self.reads: list[float] = []
        self.needs: list[Need] = []
        self.closed = 0
        self.news = asyncio.Event()
        self._script: Iterator[object] = chain(script[:-1], repeat(script[-1]))

    async def read(self, need: Need) -> object:
        """The next line of the script, raised when it is an error."""
        self.reads.append(asyncio.get_running_loop().time())
        self.needs.append(need)
        await asyncio.sleep(self.takes)
        answer = next(self._script)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def changed(self) -> None:
        """Returns once after `news` was set."""
        await self.news.wait()
        self.news.clear()

    async def close(self) -> None:
        """Counts."""
        self.closed += 1


def in_virtual_time(scene: Callable[[], Coroutine[object, object, None]]) -> None:
    with asyncio.Runner(loop_factory=QuickLoop) as runner:
        runner.run(scene())


def watch(
    seconds: float, *backends: Backend, at: Mapping[float, Callable[[Monitor], None]] | None = None
) -> list[Host]:
    """The snapshots of a monitor that ran so long; `at` these times something else happens."""
    snapshots: list[Host] = []

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        monitor = Monitor(backends, clock=loop.time)
        for when, act in (at or {}).items():
            loop.call_at(when, act, monitor)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await monitor.run(snapshots.append)

    in_virtual_time(scene)
    return snapshots


def readings(snapshots: list[Host], name: str = "it") -> list[Reading[object]]:
    """What became of one backend, without repetitions."""
    found: list[Reading[object]] = []
    for host in snapshots:
        if not found or found[-1] != host.readings[name]:
            found.append(host.readings[name])
    return found


# ------------------------------------------------------------------ what comes of a read


def test_the_first_snapshot_comes_at_once_and_all_are_waiting() -> None:
    first, *_ = watch(1, Fake("value", name="one"), Fake("value", name="two"))
    assert first.readings == {"one": Waiting(), "two": Waiting()}


def test_a_value_is_ready_as_of_when_its_read_began() -> None:
    assert readings(watch(0.9, Fake("value", takes=0.3))) == [Waiting(), Ready("value", 0.0)]


def test_a_missing_system_is_absent_with_its_hint() -> None:
    missing = Unavailable("no socket", "systemctl start it")
    absent = Absent("no socket", "systemctl start it")
    assert readings(watch(0.9, Fake(missing))) == [Waiting(), absent]


def test_a_failure_keeps_the_last_value_and_when_the_row_of_failures_began() -> None:
    seen = readings(watch(8, Fake("value", DOWN)))
    assert seen[1:] == [Ready("value", 0.0), Failed(DOWN.message, DOWN.hint, "value", 1.0)]


def test_a_failure_from_the_start_has_no_last_value() -> None:
    seen = readings(watch(0.9, Fake(DOWN)))
    assert seen[1:] == [Failed(DOWN.message, DOWN.hint, None, 0.0)]


def test_another_error_in_the_row_is_shown_since_the_first() -> None:
    other = NoAnswer("now it hangs")
    seen = readings(watch(8, Fake("value", DOWN, other)))
    assert seen[-1] == Failed("now it hangs", "", "value", 1.0)


def test_a_backend_recovers() -> None:
    seen = readings(watch(2.9, Fake("old", DOWN, "new")))
    assert seen[2:] == [Failed(DOWN.message, DOWN.hint, "old", 1.0), Ready("new", 2.2)]


def test_a_failure_after_recovery_is_counted_anew() -> None:
    seen = readings(watch(3.9, Fake("old", DOWN, "new", DOWN)))
    assert seen[-1] == Failed(DOWN.message, DOWN.hint, "new", 3.0)


def test_a_read_over_the_deadline_is_a_failure() -> None:
    assert readings(watch(6, Fake("value", takes=100.0)))[1:] == [
        Failed("no answer within 5 s", "", None, 0.0)
    ]


def test_a_backends_own_timeout_is_a_failure_too() -> None:
    assert isinstance(readings(watch(0.9, Fake(TimeoutError())))[-1], Failed)


def test_a_hanging_backend_holds_up_no_other() -> None:
    quick = Fake("value", name="quick")
    watch(4.5, Fake("value", takes=100.0), quick)
    assert quick.reads == pytest.approx([0, 1, 2, 3, 4])


def test_an_error_that_is_a_mistake_of_ours_is_not_swallowed() -> None:
    with pytest.raises(ExceptionGroup):
        watch(2, Fake(ZeroDivisionError()))


# ------------------------------------------------------------------ when reads happen


def test_each_backend_is_read_once_in_its_cadence() -> None:
    often, seldom = Fake("value", name="often"), Fake("value", name="seldom", cadence=5.0)
    watch(10.5, often, seldom)
    assert often.reads == pytest.approx(range(11))
    assert seldom.reads == pytest.approx([0, 5, 10])


def test_readers_that_began_apart_wake_together() -> None:
    early, late = Fake("value", name="early"), Fake("value", name="late", takes=0.7)
    watch(3.5, early, late)
    assert early.reads == pytest.approx(late.reads)


def test_readings_of_one_tick_share_one_snapshot() -> None:
    assert len(watch(0.9, *(Fake("value", name=str(number)) for number in range(9)))) == 2


def test_a_snapshot_settles_before_it_is_published() -> None:
    slower = Fake("value", name="slower", takes=SETTLE / 2)
    _, second = watch(0.9, Fake("value"), slower)
    assert second.readings["slower"] == Ready("value", 0.0)


def test_an_interval_of_the_users_lengthens_every_cadence_and_shortens_none() -> None:
    often, seldom = Fake("value", name="often"), Fake("value", name="seldom", cadence=10.0)

    async def scene() -> None:
        monitor = Monitor([often, seldom], clock=asyncio.get_running_loop().time, interval=4.0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10.5):
                await monitor.run(lambda host: None)

    in_virtual_time(scene)
    assert often.reads == pytest.approx([0, 4, 8])
    assert seldom.reads == pytest.approx([0, 10])


@pytest.mark.parametrize("error", [DOWN, Unavailable("no socket")])
def test_a_failing_backend_is_tried_ever_more_seldom_but_for_ever(error: Exception) -> None:
    failing = Fake(error)
    watch(3600, failing)
    pauses = [late - early for early, late in zip(failing.reads, failing.reads[1:], strict=False)]
    assert pauses[:5] == pytest.approx([1 + MIN_GAP, 2 + MIN_GAP, 4 + MIN_GAP, 8 + MIN_GAP, 10.2])
    assert max(pauses) == pytest.approx(MAX_BACKOFF + MIN_GAP)
    assert failing.reads[-1] > 3580


def test_an_unchanged_failure_is_no_news() -> None:
    assert len(watch(3600, Fake(DOWN))) == 2


def test_after_recovery_the_cadence_is_the_usual_one() -> None:
    back = Fake(DOWN, "value")
    watch(3.9, back)
    assert back.reads == pytest.approx([0, 1.2, 2, 3])


def test_news_are_read_without_waiting_for_the_tick() -> None:
    watched = Fake("value", cadence=60.0)
    watch(50, watched, at={10.0: lambda _: watched.news.set()})
    assert watched.reads == pytest.approx([0, 10])


def test_news_during_a_read_call_for_another_one() -> None:
    watched = Fake("value", cadence=60.0, takes=1.0)
    watch(50, watched, at={0.5: lambda _: watched.news.set()})
    assert watched.reads == pytest.approx([0, 1])


def test_news_during_a_read_that_news_called_for_are_not_lost() -> None:
    watched = Fake("value", cadence=60.0, takes=1.0)
    tell = {10.0: lambda _: watched.news.set(), 10.5: lambda _: watched.news.set()}
    watch(50, watched, at=tell)
    assert watched.reads == pytest.approx([0, 10, 11])


def test_a_storm_of_news_is_read_with_a_gap_between() -> None:
    watched = Fake("value", cadence=60.0)
    watch(10, watched, at={at / 100: lambda _: watched.news.set() for at in range(1000)})
    assert len(watched.reads) <= 10 / MIN_GAP + 1


def test_a_wake_reads_the_named_backend_now() -> None:
    one, two = Fake("value", name="one", cadence=60.0), Fake("value", name="two", cadence=60.0)
    watch(50, one, two, at={10.0: lambda monitor: monitor.wake("one")})
    assert one.reads == pytest.approx([0, 10])
    assert two.reads == pytest.approx([0])


def test_a_wake_without_a_name_reads_all() -> None:
    one, two = Fake("value", name="one", cadence=60.0), Fake("value", name="two", cadence=600.0)
    watch(50, one, two, at={10.0: lambda monitor: monitor.wake()})
    assert one.reads == two.reads == pytest.approx([0, 10])


def test_a_wake_ends_the_pause_after_a_failure() -> None:
    failing = Fake(DOWN)
    watch(22, failing, at={16.0: lambda monitor: monitor.wake()})
    assert 16.0 in failing.reads


def test_a_wake_during_a_read_calls_for_another_one() -> None:
    watched = Fake("value", cadence=60.0, takes=1.0)
    watch(50, watched, at={0.5: lambda monitor: monitor.wake()})
    assert watched.reads == pytest.approx([0, 1])


# ------------------------------------------------------------------ what is wanted


def test_reads_are_told_what_is_wanted() -> None:
    need = Need(frozenset((ROW,)))
    watched = Fake("value", cadence=5.0)
    watch(9, watched, at={2.0: lambda monitor: monitor.want(need)})
    assert watched.needs == [Need(), need, need]


def test_what_comes_into_view_is_read_at_once() -> None:
    watched = Fake("value", cadence=5.0)
    watch(4, watched, at={2.0: lambda monitor: monitor.want(Need(frozenset((ROW,))))})
    assert watched.reads == pytest.approx([0, 2])


def test_what_goes_out_of_view_calls_for_nothing() -> None:
    watched = Fake("value", cadence=60.0)
    look_away = {2.0: lambda monitor: monitor.want(Need())}
    watch(4, watched, at={1.0: lambda monitor: monitor.want(Need(frozenset((ROW,)))), **look_away})
    assert watched.reads == pytest.approx([0])


def test_a_costly_backend_is_not_read_for_what_comes_into_view() -> None:
    costly = Fake("value", cadence=600.0)
    watch(4, costly, at={2.0: lambda monitor: monitor.want(Need(frozenset((ROW,))))})
    assert costly.reads == pytest.approx([0])


# ------------------------------------------------------------------ the whole


def test_snapshots_carry_rates() -> None:
    def busy(seconds: int) -> Cpus:
        return Cpus((Cpu(ROW, 7, busy=seconds * 500_000_000),))

    *_, last = watch(2.5, Fake(busy(0), busy(1), busy(2)))
    assert last.rate(ROW, "busy") == pytest.approx(0.5)


def test_the_backends_are_closed_once_at_the_end() -> None:
    one, two = Fake("value", name="one"), Fake(DOWN, name="two")
    watch(5, one, two)
    assert (one.closed, two.closed) == (1, 1)


class Stubborn(Fake):
    """Does not let itself be closed."""

    def __init__(self, trouble: Callable[[], Coroutine[object, object, None]]) -> None:
        super().__init__("value", name="stubborn")
        self._trouble = trouble

    async def close(self) -> None:
        """Makes trouble."""
        await self._trouble()


async def refuse() -> None:
    raise DOWN


@pytest.mark.parametrize("trouble", [never, refuse])
def test_a_backend_that_cannot_be_closed_does_not_keep_the_others_open(
    trouble: Callable[[], Coroutine[object, object, None]],
) -> None:
    other = Fake("value", name="other")
    watch(5, Stubborn(trouble), other)
    assert other.closed == 1


def test_once_reads_each_backend_one_time_and_closes_it() -> None:
    one, two = Fake("value", name="one"), Fake(DOWN, name="two", takes=1.0)
    hosts: list[Host] = []

    async def scene() -> None:
        hosts.append(await Monitor([one, two], clock=asyncio.get_running_loop().time).once())

    in_virtual_time(scene)
    assert [len(one.reads), one.closed, len(two.reads), two.closed] == [1, 1, 1, 1]
    assert hosts[0].readings == {
        "one": Ready("value", 0.0),
        "two": Failed(DOWN.message, DOWN.hint, None, 0.0),
    }
