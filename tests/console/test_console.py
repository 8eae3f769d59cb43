"""Prompt, dispatch, lock and notices, against the real control core. Runs on CPython and on MicroPython alike."""

from unit.catalogue.tables import rows
from unit.console.listener import Listener
from unit.console.terminal.line import width

from tests.console.rig import PIN, Unit

P1 = 0


def test_silent_until_somebody_types():
    unit = Unit("en")
    unit.seconds(90)
    assert unit.terminal.bytes == 0
    unit.type("\r")
    assert "Qiaotou" in unit.screen() and unit.terminal.lines[-1] == "qiaotou> "


def test_every_command_of_the_table_is_there_and_answers():
    for lang in ("zh", "en"):
        unit = Unit(lang)
        unit.seconds(400)
        unit.unlock()
        for found in rows("commands"):
            if found[0] in ("lock", "selftest", "reboot"):
                continue
            shown = unit.say(found[0])
            assert shown and "TypeError" not in shown and "{" not in shown, (found[0], shown)
            for line in shown.split("\n"):
                assert width(line) < 80, line


def test_unknown_command_is_refused_in_one_line():
    unit = Unit("en")
    assert unit.say("flush") == "no command flush: type help"


def test_locked_until_the_pin():
    unit = Unit("en")
    unit.seconds(20)
    for line in ("run p1 10min", "off p1 1h", "auto all", "ack all", "set lift.stop_level_mm 260", "service p1 done",
                 "selftest", "reboot"):  # fmt: skip
        assert unit.say(line) == "locked: first type unlock and the PIN", line
    assert "locked" in unit.say("time set 2026-06-15 09:00")
    assert not unit.rig.on(P1) and not unit.control.outputs[P1].claims.holds(3, unit.control.now_s)
    assert "wrong" in unit.say("unlock 1234")
    assert "unlocked" in unit.unlock()
    assert unit.terminal.lines[-1] == "qiaotou# "
    unit.seconds(20)
    assert "pump 1 on" in unit.say("run p1 10min")
    assert unit.rig.on(P1)
    assert "locked" in unit.say("lock")
    assert "locked" in unit.say("off p1 1min")


def test_wrong_pins_cost_more_and_more_time():
    unit = Unit("en")
    for _ in range(2):
        assert unit.say("unlock 1") == "wrong PIN"
    assert "try again in 30s" in unit.say("unlock 1")
    assert "too many" in unit.unlock()
    unit.seconds(31)
    assert "try again in 1min" in unit.say("unlock 1")
    unit.seconds(61)
    assert "unlocked" in unit.unlock()


def test_a_power_cut_saves_nobody_the_wait():
    unit = Unit("en")
    for _ in range(4):
        unit.seconds(61)
        unit.say("unlock 1")
    unit.now_s = 5  # since a new start
    unit.listener = Listener(unit, unit.stream)
    assert "too many wrong ones, try again in 55s" in unit.unlock()
    unit.seconds(56)
    assert "unlocked" in unit.unlock()
    unit.listener = Listener(unit, unit.stream)
    assert unit.say("unlock 1") == "wrong PIN"


def test_pin_is_neither_shown_nor_remembered():
    unit = Unit("en")
    unit.say("help lock")
    unit.unlock()
    unit.say("  UNLOCK " + PIN)
    assert PIN not in unit.screen() and "****" in unit.screen()
    unit.type(b"\x1b[A")
    assert unit.terminal.lines[-1] == "qiaotou# help lock"


def test_without_a_pin_moving_says_how_to_set_one():
    unit = Unit("en", pin="")
    assert "console.pin_file" in unit.say("run p1 10min")
    assert "console.pin_file" in unit.say("unlock 0000")
    assert not (unit.console and unit.console.unlocked)


def test_locks_itself():
    unit = Unit("en")
    unit.unlock()
    unit.seconds(590)
    assert unit.console.unlocked
    unit.seconds(20)
    assert not (unit.console and unit.console.unlocked)
    assert "locked again" in unit.screen() and unit.terminal.lines[-1] == "qiaotou> "


def test_console_is_forgotten_when_nobody_is_there_and_wrong_tries_are_not():
    unit = Unit("en")
    unit.say("lang zh")
    for _ in range(3):
        unit.say("unlock 1")
    unit.listener.wait_until_s = unit.now_s + 5000
    unit.seconds(905)
    assert unit.console is None
    assert "错得太多" in unit.unlock()


def test_alarm_comes_once_above_the_line_being_typed():
    unit = Unit("en")
    unit.type("\r")
    unit.type("why p")
    unit.rig.level_raw = 0
    unit.seconds(60)
    assert unit.screen().count("Level sensor failed") == 1
    assert unit.terminal.lines[-1] == "qiaotou> why p"
    unit.type("2\r")
    assert "pump 2" in unit.screen()


def test_tab_completes():
    unit = Unit("en")
    unit.type("stat\t")
    assert unit.terminal.lines[-1] == "qiaotou> status "
    unit.type(b"\x15")
    unit.type("show lift.stop\t")
    assert unit.terminal.lines[-1] == "qiaotou> show lift.stop_level_mm "
    unit.type(b"\x15")
    unit.type("lo\t")
    assert unit.terminal.lines[-2].split() == ["log", "lock"]
    assert unit.terminal.lines[-1] == "qiaotou> lo"
    unit.type(b"\x15")
    unit.type("why \t")
    assert unit.terminal.lines[-2].split() == ["p1", "p2", "blower", "return"]
    assert unit.terminal.lines[-1] == "qiaotou> why "


def test_ctrl_c_cancels_line_and_command():
    unit = Unit("en")
    unit.type("reboo\x03")
    assert unit.terminal.lines[-2] == "qiaotou> reboo^C" and unit.terminal.lines[-1] == "qiaotou> "
    unit.unlock()
    unit.type("reboot\r")
    assert unit.terminal.lines[-1].startswith("sure?")
    unit.type(b"\x03")
    assert unit.terminal.lines[-1] == "qiaotou# " and unit.restarts == 0


TOOLS = {"mpremote": b"\r\x03\r\x01", "pyboard.py": b"\r\x03\x03\r\x01"}
APART_S = (0, 1, 40)


def after(unit, keys, apart_s=0):
    """What of these keys the REPL gets, all typed in one read or each so many seconds after the one before; or None."""
    step = 1 if apart_s else len(keys)
    for i in range(0, len(keys), step):
        try:
            unit.type(keys[i : i + step])
            unit.seconds(apart_s)
        except KeyboardInterrupt:
            return unit.stream.typed + keys[i + step :]
    return None


def test_a_tool_is_known_by_the_order_of_its_bytes():
    for tool, keys in TOOLS.items():
        for apart_s in APART_S:
            for before in ("", "\r", "log\r", "unlock 1", "run p1\x03"):
                unit = Unit("en", pin="")
                unit.type(before, settle=False)
                assert after(unit, keys, apart_s) in (b"\x01", b"\r\x01"), (tool, apart_s, before)


def test_a_hand_that_slips_stops_no_unit():
    unit = Unit("en", pin="")
    unit.type("\r")
    for apart_s in APART_S:
        for keys in (
            b"\r\x03", b"\r\x03\r", b"\r\x03\r\r\x01", b"\x03\r\x01", b"\r\x03a\x7f\r\x01", b"\r\x01",
        ):  # fmt: skip
            assert after(unit, b"lo\x7f\x7f" + keys, apart_s) is None, (keys, apart_s)
    assert "pump 1" in unit.say("status")


def test_raw_repl_is_out_of_reach_while_locked():
    unit = Unit("en")
    slips = b"\x03\x03\x03\r\x03\r\x03\x01"
    for apart_s in APART_S:
        for keys in (slips, TOOLS["mpremote"], TOOLS["pyboard.py"]):
            assert after(unit, keys, apart_s) is None
    unit.unlock()
    unit.type("x\x03")
    assert after(unit, b"\x03\x03") == b""


def test_what_takes_long_waits_for_a_tick_to_pass():
    unit = Unit("en")
    listener = unit.listener
    loading_ms = listener.needs_ms
    unit.say("time")
    resting_ms = listener.needs_ms
    needed_ms = []
    unit.unlock()
    unit.type("visit Li cleaned the probe\r", settle=False)
    while unit.stream.typed or unit.console.busy:
        unit.slices(1)
        needed_ms.append(listener.needs_ms)
    assert loading_ms > max(needed_ms) > sorted(set(needed_ms))[-2] > resting_ms == listener.needs_ms


def test_a_command_that_fails_says_so_and_the_console_goes_on():
    unit = Unit("en")
    unit.recorder = None
    assert "the command failed: AttributeError" in unit.say("net")
    assert "pump 1" in unit.say("pumps")
