"""What a board shows at its first start, and what is made of it."""

import os
import select
import threading
import time
import tty

import pytest

from host_tools.device import first_start, self_test
from host_tools.unitkit.errors import AnswerIsNo, SurroundingsFailed

GOOD = b"""qiaotou> check\r
the board checks itself: ok, bad, or - for what it has not\r
unit      ok  qiaotou\r
micropython ok  1.26.1\r
config    ok  ab\r
version   ok  0.1.0\r
firmware  ok  cd\r
uptime    ok  2 s\r
journal   ok  1310720 5\r
level     bad 0\r
wiring    ok  \r
clock     bad \r
network   -   \r
broker    -   \r
end\r
\rqiaotou> \x1b[K"""


@pytest.fixture
def talker(monkeypatch):
    """Starts a board of few words: says `text` when its port is opened, then `answer` whenever it is asked."""
    monkeypatch.setattr(first_start, "_START_S", 1.5)
    monkeypatch.setattr(first_start, "_NETWORK_S", 0.5)
    monkeypatch.setattr(first_start, "_ANSWER_S", 0.4)
    ours, theirs = os.openpty()
    over = threading.Event()
    threads = []

    def start(text: bytes, answer: bytes = b"") -> str:
        def talk():
            time.sleep(0.2)
            os.write(ours, text)
            while not over.is_set():
                heard = os.read(ours, 4096) if select.select([ours], [], [], 0.05)[0] else b""
                if heard.endswith(b"check\r"):
                    os.write(ours, answer)

        tty.setraw(theirs)
        threads.append(threading.Thread(target=talk))
        threads[-1].start()
        return os.ttyname(theirs)

    yield start
    over.set()
    for thread in threads:
        thread.join()
    os.close(ours)
    os.close(theirs)


def test_a_good_start_is_read_check_by_check(talker):
    tests = first_start.watch(talker(b"rst:0x1 (POWERON_RESET)\r\n", GOOD))
    assert (tests["config"].detail, tests["micropython"].detail, tests.uptime_s) == ("ab", "1.26.1", 2)
    assert not tests.failed
    assert [check.name for check in tests.to_look_at] == ["level", "clock"]


@pytest.mark.parametrize("name", sorted(self_test.MUST))
def test_what_must_pass_fails_the_self_test_and_says_what_to_do(name):
    lines = GOOD.decode().splitlines()
    bad = [line.replace(" ok ", " bad") if line.startswith(name) else line for line in lines]
    missing = [line for line in lines if not line.startswith(name)]
    for shown in (bad, missing):
        tests = self_test.parse("\n".join(shown))
        assert [check.name for check in tests.failed] == [name]
        sentence = tests.failed[0].sentence()
        assert self_test.MUST[name][0] in sentence.zh and self_test.MUST[name][1] in sentence


def test_half_a_report_is_none():
    assert self_test.parse(GOOD.decode().replace("end", "")) is None
    assert self_test.parse(GOOD.decode().replace("unit  ", "unix  ")) is None


def test_a_visit_at_the_console_that_ends_in_an_error_is_no_crash(talker):
    text = (
        b'Traceback (most recent call last):\r\n  File "unit.app", line 117\r\n'
        b'  File "unit.console.listener", line 58\r\n'
    )
    tests = first_start.watch(talker(text + b"MemoryError: memory allocation failed\r\n", GOOD))
    assert not tests.failed


def test_a_broker_that_is_not_reached_is_waited_for_and_then_told(talker):
    tests = first_start.watch(talker(b"", GOOD.replace(b"broker    -   ", b"broker    bad refused")))
    assert tests["broker"].detail == "refused" and not tests.failed


@pytest.mark.parametrize(
    ("text", "answer", "word"),
    [
        (b"Traceback (most recent call last):\r\n  File 1\r\nOSError: 5\r\n>>> ", b"NameError: x", "OSError: 5"),
        (b"rst:0x10 (RTCWDT_RTC_RESET)\r\n" * 4, GOOD, "again and again"),
        (b"MicroPython v1.26.1\r\n>>> ", b"Traceback\r\nNameError: check\r\n>>> ", "does not run"),
        (b"", b"memory is short, no console now\r\n", "too short for the console"),
        (b"Safe mode: pumping on floats only.\r\n", b"", "cut its power"),
    ],
)
def test_a_bad_start_is_the_answer_no(talker, text, answer, word):
    with pytest.raises(AnswerIsNo, match=word):
        first_start.watch(talker(text, answer))


def test_a_mute_board_is_told_so(talker):
    with pytest.raises(SurroundingsFailed, match="nothing answers"):
        first_start.watch(talker(b""))
