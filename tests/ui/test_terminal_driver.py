"""The driver on real ttys: nothing is lost, nothing is left behind, and nothing is written in vain."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from tests.terminal_session import session

APP = "tests.key_app"


# ------------------------------------------------------------------ the way out


@pytest.mark.parametrize("term", ["xterm-256color", "linux", "vt220", "vt100", "tmux-256color"])
def test_leaving_gives_the_terminal_back(term: str) -> None:
    with session(APP, term=term) as terminal:
        terminal.shows("80x24 key 0 none")
        terminal.send(b"q")
        assert terminal.ended() == 7
        terminal.restored()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_end_gives_the_terminal_back(number: signal.Signals) -> None:
    with session(APP) as terminal:
        terminal.shows("key 0")
        terminal.signal(number)
        terminal.ended()
        terminal.restored()


def test_a_mistake_gives_the_terminal_back_and_is_told() -> None:
    with session(APP) as terminal:
        terminal.shows("key 0")
        terminal.send(b"!")
        assert terminal.ended() == 1
        terminal.restored()
        assert b"as asked for" in terminal.log


@pytest.mark.parametrize("controlling", [True, False], ids=["with SIGHUP", "end of input alone"])
def test_it_ends_at_once_when_the_line_is_gone(controlling: bool) -> None:
    with session(APP, controlling=controlling) as terminal:
        terminal.shows("key 0")
        terminal.hang_up()
        assert terminal.ended() in (0, -signal.SIGHUP)


def test_it_ends_though_nobody_reads_its_last_words() -> None:
    with session(APP) as terminal:
        terminal.shows("key 0")
        terminal.send(b"jjjjjjjjjj" * 10)
        terminal.signal(signal.SIGTERM)
        assert terminal.process.wait(timeout=30) == 0


# ------------------------------------------------------------------ stopping and going on


def test_ctrl_z_from_outside_gives_the_terminal_back_and_takes_it_again() -> None:
    with session(APP) as terminal:
        terminal.shows("key 0")
        before = terminal.emulator.looks()
        terminal.signal(signal.SIGTSTP)
        terminal.until(lambda: terminal.state == "T")
        terminal.quiet(0.2)
        terminal.restored()
        terminal.signal(signal.SIGCONT)
        terminal.shows("key 0")
        terminal.quiet()
        assert terminal.emulator.looks() == before
        terminal.send(b"j")
        terminal.shows("key 1 j")


def test_after_a_stop_nobody_told_of_the_screen_is_written_again() -> None:
    with session(APP) as terminal:
        terminal.shows("key 0")
        terminal.quiet()
        before = terminal.emulator.looks()
        terminal.signal(signal.SIGSTOP)
        terminal.until(lambda: terminal.state == "T")
        terminal.emulator.feed("\x1b[5H\x1b[m[1]+  Stopped")
        terminal.signal(signal.SIGCONT)
        terminal.until(lambda: terminal.emulator.looks() == before)


def test_the_screen_can_be_written_again_after_a_kernel_message() -> None:
    with session(APP) as terminal:
        terminal.shows("key 0")
        terminal.emulator.feed("\x1b[9H\n[  12.345] usb 1-1: new high-speed device\r\n" * 5)
        terminal.send(b"L")
        terminal.shows("key 1 L")
        terminal.quiet()
        assert "usb" not in terminal.text


# ------------------------------------------------------------------ idle


def test_idle_it_writes_nothing_and_is_not_woken() -> None:
    with session(APP) as terminal:
        terminal.shows("key 0")
        terminal.quiet(1.0)
        woken = terminal.wakeups
        assert terminal.quiet(3.0) == b""
        assert terminal.wakeups == woken


# ------------------------------------------------------------------ input


def test_noise_is_survived() -> None:
    noise = random.Random(7).randbytes(20_000).translate(None, b"q!\x03\x11\x13")
    with session(APP) as terminal:
        terminal.shows("key 0")
        for start in range(0, len(noise), 500):
            terminal.send(noise[start : start + 500])
            terminal.read(0.05)
        terminal.quiet()
        terminal.send(b"\x1b[201~\x1b")
        terminal.shows("escape")
        terminal.send(b"j")
        terminal.shows(" j ")


def test_no_key_is_lost_while_nobody_reads_the_screen() -> None:
    with session(APP, term="linux") as terminal:
        terminal.shows("key 0")
        for _ in range(150):
            terminal.send(b"j")
            time.sleep(0.02)
        terminal.shows("key 150 j")


def test_frames_nobody_could_read_are_skipped() -> None:
    with session(APP, term="linux") as terminal:
        terminal.shows("key 0")
        terminal.quiet()
        terminal.send(b"j")
        frame = len(terminal.quiet())
        for _ in range(100):
            terminal.send(b"j")
            time.sleep(0.02)
        backlog = len(terminal.quiet())
        terminal.shows("key 101 j")
        # What a pty holds, and one frame that was begun, and the newest.
        assert backlog < 12_288 + 4096 + 2 * frame


def test_a_slow_reader_sees_the_right_screen_in_the_end() -> None:
    with session(APP) as terminal:
        terminal.shows("key 0")
        for _ in range(60):
            terminal.send(b"j")
            terminal.read(0.02, limit=230)
        terminal.quiet()
        slow = terminal.emulator.looks()
        terminal.send(b"L")  # counts as well
        terminal.shows("key 61 L")
    with session(APP) as terminal:
        terminal.shows("key 0")
        for _ in range(60):
            terminal.send(b"j")
            terminal.read(0.02)
        terminal.quiet()
        assert terminal.emulator.looks() == slow


# ------------------------------------------------------------------ size


def test_a_terminal_that_answers_tells_its_size() -> None:
    with session(APP, term="vt220", size=(132, 43), tells_size=False) as terminal:
        terminal.shows("132x43 key 0")
        assert terminal.size == (132, 43)


@pytest.mark.parametrize("term", ["vt100", "linux", "xterm-256color"])
def test_a_terminal_that_answers_nothing_is_taken_for_the_usual_one(term: str) -> None:
    with session(APP, term=term, tells_size=False, answers=False) as terminal:
        terminal.shows("80x24 key 0")
        assert terminal.size == (80, 24)


def test_an_answer_that_makes_no_sense_counts_as_none() -> None:
    with session(APP, tells_size=False, answers=False) as terminal:
        terminal.until(lambda: b"\x1b[6n" in terminal.log)
        terminal.send(b"\x1b[1;1R")
        terminal.shows("80x24 key 0")
        assert terminal.size == (80, 24)


def test_a_late_answer_still_counts() -> None:
    with session(APP, tells_size=False, answers=False) as terminal:
        terminal.shows("80x24 key 0")
        terminal.emulator.resize(30, 100)
        terminal.send(b"\x1b[30;100R")
        terminal.shows("100x30 key 0")
        assert terminal.size == (100, 30)


def test_the_environment_tells_the_size_where_the_tty_does_not() -> None:
    with session(APP, size=(100, 30), tells_size=False, COLUMNS="100", LINES="30") as terminal:
        terminal.shows("100x30 key 0")
        assert b"\x1b[6n" not in terminal.log


def test_only_a_tty_without_a_size_is_asked() -> None:
    with session(APP) as terminal:
        terminal.shows("key 0")
        assert terminal.emulator.answers == ""
        assert b"\x1b[6n" not in terminal.log


def test_a_storm_of_sizes_ends_in_the_last_one() -> None:
    with session(APP) as terminal:
        terminal.shows("key 0")
        terminal.quiet()
        for width in range(40, 120):
            terminal.resize(width, 30)
        terminal.resize(100, 30)
        terminal.emulator.resize(30, 100)
        terminal.shows("100x30 key 0")
        stormy = len(terminal.quiet())
        assert [len(line.rstrip()) for line in terminal.emulator.display[1:]] == [100] * 29
        assert stormy < 5 * 100 * 30


def test_a_size_that_comes_back_leaves_the_screen_right() -> None:
    with session(APP) as terminal:
        terminal.shows("key 0")
        terminal.quiet()
        before = terminal.emulator.looks()
        terminal.resize(90, 30)
        time.sleep(0.06)
        terminal.resize(80, 24)
        terminal.quiet()
        terminal.until(lambda: terminal.emulator.looks() == before)


# ------------------------------------------------------------------ the shell's side


def test_the_tty_of_the_shell_stays_blocking() -> None:
    with session(APP) as terminal:
        terminal.shows("key 0")
        assert os.get_blocking(terminal.slave)
