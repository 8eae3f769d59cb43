"""Prompt, dispatch, lock and notices, against the real control core. Runs on CPython and on MicroPython alike."""

import os

from unit.console.door import Door
from unit.console.line import width
from unit.control.alarms import ACKNOWLEDGED, UNACKNOWLEDGED
from unit.control.claims import HAND
from unit.tables import rows

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
    unit.door = Door(unit, unit.stream)
    assert "too many wrong ones, try again in 55s" in unit.unlock()
    unit.seconds(56)
    assert "unlocked" in unit.unlock()
    unit.door = Door(unit, unit.stream)
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
    unit.door.wait_until_s = unit.now_s + 5000
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


def test_refusal_names_the_protection_and_its_end():
    unit = Unit("en")
    unit.unlock()
    unit.say("run p1 1min")
    unit.rig.level_mm = 170.0
    unit.seconds(30)
    assert "refused: level" in unit.say("run p1 1min")
    unit.rig.power = False
    unit.seconds(10)
    assert unit.say("run blower 1min") == "blower refused: no mains"
    unit.rig.power = True
    unit.seconds(7)
    assert "waits after power-up, can start in" in unit.say("run blower 1min")


def test_hand_command_needs_a_time_and_ends_by_itself():
    unit = Unit("en")
    unit.unlock()
    unit.seconds(30)
    assert "a time is needed" in unit.say("run p1")
    assert "a time is needed" in unit.say("run p1 soon")
    assert "4h" in unit.say("run p1 5h")
    unit.say("run p1 40s")
    assert unit.rig.on(P1)
    unit.seconds(60)
    assert not unit.rig.on(P1)


def test_tab_completes():
    unit = Unit("en")
    unit.type("stat\t")
    assert unit.terminal.lines[-1] == "qiaotou> status "
    unit.type(b"\x15")
    unit.type("show lift.stop\t")
    assert unit.terminal.lines[-1] == "qiaotou> show lift.stop_level_mm "
    unit.type(b"\x15")
    unit.type("lo\t")
    assert "lock" in unit.terminal.lines[-2] and "log" in unit.terminal.lines[-2]
    assert unit.terminal.lines[-1] == "qiaotou> lo"


def test_ctrl_c_cancels_line_and_command():
    unit = Unit("en")
    unit.type("reboo\x03")
    assert unit.terminal.lines[-2] == "qiaotou> reboo^C" and unit.terminal.lines[-1] == "qiaotou> "
    unit.unlock()
    unit.type("reboot\r")
    assert unit.terminal.lines[-1].startswith("sure?")
    unit.type(b"\x03")
    assert unit.terminal.lines[-1] == "qiaotou# " and unit.restarts == 0


def test_raw_repl_is_out_of_reach_while_locked():
    unit = Unit("en")
    unit.type(b"\x03\x03\x03\r\x03\r\x03\x01")  # what hands and tools send; it would raise
    unit.unlock()
    unit.type("x\x03")
    for keys in (b"\x03\x03", b"\r\x03"):
        stopped = False
        try:
            unit.type(keys)
        except KeyboardInterrupt:
            stopped = True
        assert stopped, keys


def test_setting_is_checked_asked_and_tried():
    from unit import config

    unit = Unit("en")
    unit.unlock()
    refused = unit.say("set lift.stop_level_mm 800").replace("\n  ", " ")
    assert "must be less than lift.start_level_mm = 600 mm" in refused
    assert "from 50 to 20000 mm" in unit.say("set lift.stop_level_mm 8").replace("\n  ", " ")
    assert "flashed" in unit.say("set wiring.p1 R3")
    unit.say("set lift.stop_level_mm 260")
    assert unit.say("n").endswith("nothing changed")
    before = config.stored()
    assert "lift.stop_level_mm" not in before
    unit.say("set lift.stop_level_mm 260")
    assert "the next start tries it for 15min" in unit.say("y")
    assert "reboot" in unit.say("n") and unit.restarts == 0
    assert config.stored() == before
    assert "the next start tries 260 mm" in unit.say("show lift.stop_level_mm")
    assert "must be a whole number from 1 to 3600 s" in unit.say("set readings.interval_s 30")
    unit.say("y")
    assert unit.restarts == 1
    assert config.stored_in(config.TRIAL) == dict(before, **{"lift.stop_level_mm": 260, "readings.interval_s": 30})
    assert unit.say("keep") == "no settings are on trial"


def test_settings_on_trial_are_shown_and_kept():
    import os

    from unit import config

    unit = Unit("en")
    config.save(dict(config.stored(), **{"lift.stop_level_mm": 260}), config.TRYING)
    unit.config_from = config.FROM_TRIAL
    unit.trial_ends_s = config.TRIAL_S
    unit.seconds(300)
    unit.type("\r")
    assert "! new settings on trial, the old ones return in 10min" in unit.screen()
    assert "! new settings on trial" in unit.say("status")
    assert "= 260 mm" in unit.say("show lift.stop_level_mm")
    assert "locked" in unit.say("keep")
    unit.unlock()
    assert unit.say("keep") == "the new settings stay"
    assert config.stored()["lift.stop_level_mm"] == 260 and config.TRYING not in os.listdir()
    assert "trial" not in unit.say("status")


def test_visits_and_services_are_kept():
    unit = Unit("en")
    unit.unlock()
    unit.seconds(100)
    unit.say("service p1 done new seal")
    unit.say("visit Li cleaned the probe")
    unit.seconds(2)
    assert "2026-06-15 08:01 Li cleaned the probe" in unit.say("status")
    assert "pump 1 serviced new seal" in unit.say("visit")
    assert "pump 1 serviced" in unit.say("log")
    for k in range(100):
        unit.say("visit Li " + "x" * 50 + str(k))
    assert "x99" in unit.say("visit")
    assert os.stat("visits.txt")[6] <= 3000
    unit.say("visit 李工 " + "洗" * 200)
    assert "last visit 2026-06-15 08:01 李工 洗洗" in unit.say("status")


def test_selftest_reports_and_leaves_nothing_running():
    unit = Unit("en")
    unit.unlock()
    unit.seconds(120)
    unit.type("selftest\r")
    for answer in ("y", "n", "n", "n"):
        unit.type(answer + "\r")
    unit.type("y\r", settle=False)
    unit.seconds(5)
    assert by_hand(unit) == [P1]
    unit.seconds(12)
    assert by_hand(unit) == []  # as soon as it has its result
    unit.rig.dead[1] = True
    unit.type("y\r")
    unit.seconds(80)
    unit.type("n\r")
    unit.type("n\r")
    report = unit.screen().split("== report")[1]
    assert "level: passed" in report and "turbidity: failed" in report and "high float: skipped" in report
    assert "pump 1: passed" in report and "pump 2: failed" in report and "blower: skipped" in report
    assert not unit.rig.on(0) and not unit.rig.on(1)


def test_ctrl_c_ends_the_selftest_and_what_it_runs():
    unit = Unit("en")
    unit.unlock()
    unit.seconds(120)
    unit.type("selftest\r")
    for answer in ("y", "y", "n", "n"):
        unit.type(answer + "\r")
    unit.type("y\r", settle=False)
    unit.seconds(5)
    assert by_hand(unit) == [P1]
    unit.type(b"\x03")
    assert by_hand(unit) == []
    unit.seconds(30)
    assert not unit.rig.on(P1) and "qiaotou#" in unit.screen().split("\n")[-1]


def by_hand(unit):
    """The machines that a hand has claimed."""
    return [o.index for o in unit.control.outputs if o.claims.holds(HAND, unit.control.now_s)]


def test_trend_draws_in_ascii_too():
    unit = Unit("en")
    unit.seconds(2000)
    assert "█" in unit.say("trend level_mm 1h")
    unit.say("lang en ascii")
    shown = unit.say("trend level_mm 1h") + unit.say("status") + unit.say("levels")
    assert "#" in shown and "1h ago" in shown and "now" in shown
    assert all(ord(c) < 128 for c in shown), shown


def test_why_tells_the_chain_with_its_figures():
    unit = Unit("en")
    unit.rig.level_mm = 300.0
    unit.seconds(60)
    assert "next start at 600 mm" in unit.say("why p1") and "next start at 600 mm" in unit.say("why p2")
    unit.rig.level_mm = 620.0
    unit.rig.inflow_l_min = 100.0
    unit.seconds(60)
    duty = unit.control.process.lift.duty
    assert "on: level" in unit.say("why p%d" % (duty + 1))
    standby = unit.say("why p%d" % (2 - duty))
    assert "standby" in standby and "next start at 800 mm" in standby
    assert "left" in unit.say("why blower")
    unit.rig.level_raw = 0
    unit.seconds(30)
    assert "the level sensor has failed: only the floats run it" in unit.say("why p1")


def test_a_sensor_that_has_failed_shows_no_level_that_nobody_knows():
    unit = Unit("en")
    unit.rig.level_raw = 0
    unit.rig.turbidity_raw = 0
    unit.seconds(60)
    shown = unit.say("status")
    assert "[" + "·" * 44 + "] ? mm  (failed)" in shown
    assert "turbidity  ? NTU  (failed)" in shown
    unit.control.supervision.turbidity_wired = 0
    assert "turbidity  not fitted" in unit.say("status")


def test_status_fits_a_terminal_whatever_is_wrong():
    for lang in ("zh", "en"):
        unit = Unit(lang)
        unit.rig.level_raw = 0
        unit.rig.turbidity_raw = 0
        unit.seconds(60)
        state = unit.control.alarms.state
        for i in range(len(state)):
            state[i] = ACKNOWLEDGED
        state[len(state) - 1] = UNACKNOWLEDGED
        shown = unit.say("status")
        assert shown.count("\n") + 3 <= 24, shown
        assert "\n!%2d. " % len(state) in shown
        assert ("另有 %d 个" if lang == "zh" else "%d more") % (len(state) - 4) in shown
        assert len([line for line in unit.say("alarms").split("\n") if line[3:5] == ". "]) == len(state)


def test_machines_may_be_called_by_their_words():
    unit = Unit("zh")
    unit.seconds(60)
    assert unit.say("why 1号泵") == unit.say("why p1")
    assert "p1 (1号泵), p2 (2号泵), blower (风机), return (回流泵)" in unit.say("why")
    assert "p1 (1号泵)" in unit.say("help run") and "p1" not in unit.say("help log")
    unit.unlock()
    unit.say("off 风机 5min")
    assert unit.control.outputs[2].claims.holds(HAND, unit.control.now_s)
    unit.say("auto 风机")
    assert not unit.control.outputs[2].claims.holds(HAND, unit.control.now_s)


def test_what_takes_long_waits_for_a_tick_to_pass():
    unit = Unit("en")
    door = unit.door
    loading_ms = door.needs_ms
    unit.say("time")
    resting_ms = door.needs_ms
    needed_ms = []
    unit.type("visit Li cleaned the probe\r", settle=False)
    while unit.stream.typed or unit.console.busy:
        unit.slices(1)
        needed_ms.append(door.needs_ms)
    assert loading_ms > max(needed_ms) > sorted(set(needed_ms))[-2] > resting_ms == door.needs_ms


def test_lang_tells_the_way_back():
    unit = Unit("en")
    assert "lang ascii" in unit.say("lang utf8")
    assert "lang utf8" in unit.say("lang ascii")


def test_why_gives_a_figure_no_reason_lacks():
    """Every reason of the table has its figures filled in, whichever output it is said of."""
    for lang in ("zh", "en"):
        unit = Unit(lang)
        unit.seconds(10)
        unit.type("\r")
        for number in range(len(list(rows("reasons")))):
            for output in unit.control.outputs:
                text = unit.console.text.reason(number, unit.control, output)
                assert text and "{" not in text, (number, text)
            assert "{" not in unit.console.text.past_reason(number)


def test_hours_and_service_say_when_a_service_is_due():
    unit = Unit("en")
    unit.unlock()
    unit.control.outputs[0].run_s = 2001 * 3600
    assert "pump 1   2001.0 h" in unit.say("hours") and "service due now" in unit.say("hours")
    unit.say("service p1 done")
    assert "2001.0 h, 0 starts, 0.0 h since service, service due in 2000.0 h" in unit.say("hours")


def test_a_command_that_fails_says_so_and_the_console_goes_on():
    unit = Unit("en")
    unit.recorder = None
    assert "the command failed: AttributeError" in unit.say("net")
    assert "pump 1" in unit.say("pumps")


def test_the_board_checks_itself_in_words_that_a_program_reads():
    """A line a check, and the first that is wrong is told: here the wire of the level sensor."""
    unit = Unit("zh")
    unit.seconds(400)
    lines = dict(line.rstrip().split(None, 1) for line in unit.say("check").split("\n")[1:-1])
    assert unit.terminal.lines[-2] == "end"
    assert lines["unit"] == "ok  qiaotou"
    assert lines["config"].startswith("ok  ") and len(lines["config"].split()[1]) == 64
    assert lines["level"].startswith("ok ") and lines["journal"].startswith("ok  16384 ")
    assert lines["clock"].startswith("ok ") and lines["network"] == "-" and lines["p1"].startswith("ok ")
    unit.rig.level_raw = 0
    unit.seconds(60)
    shown = unit.say("check")
    assert "level     bad" in shown and "level_failed" in shown
