"""What single commands answer and do, against the real control core. Runs on CPython and on MicroPython alike."""

import os

from unit.catalogue.tables import rows
from unit.control.alarms import ACKNOWLEDGED, UNACKNOWLEDGED
from unit.control.claims import HAND
from unit.drivers import CHECKSUM, NO_DEVICE

from tests.console.rig import Unit

P1 = 0


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


def selftest_at_pump_1(*answers):
    """A unit in its self-test: the sensors have these answers, and pump 1 has been running for some seconds."""
    unit = Unit("en")
    unit.unlock()
    unit.seconds(120)
    unit.type("selftest\r")
    for answer in answers:
        unit.type(answer + "\r")
    unit.type("y\r", settle=False)
    unit.seconds(5)
    assert by_hand(unit) == [P1]
    return unit


def test_selftest_reports_and_leaves_nothing_running():
    unit = selftest_at_pump_1("y", "n", "n", "n")
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
    unit = selftest_at_pump_1("y", "y", "n", "n")
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
    # The run that the last level began is held for a minute at most.
    assert "standby" in unit.say("why p%d" % (2 - duty))
    unit.seconds(60)
    for pump in ("p1", "p2"):
        assert "the level sensor has failed: only the floats run it" in unit.say("why " + pump), pump


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


def test_what_an_alarm_explains_stands_indented_below_it():
    for lang, below in (("zh", "     由此引起：高位浮球动作"), ("en", "     because of it: High float up")):
        unit = Unit(lang)
        unit.rig.level_raw = 0
        unit.seconds(60)
        unit.rig.float_high = 1
        unit.seconds(60)
        assert ("有 1 个报警" if lang == "zh" else "not acknowledged: 1") in unit.say("")
        said = unit.say("alarms")
        assert below in said and below in unit.say("status"), said
        assert said.count("!") == 1
        unit.unlock()
        unit.say("ack 1")
        assert unit.control.alarms.state[0] == ACKNOWLEDGED and below in unit.say("alarms")


def test_an_alarm_that_comes_and_goes_is_noticed_once_and_counted():
    unit = Unit("en")
    unit.say("")
    for _ in range(3):
        unit.rig.turbidity_raw = 0
        unit.seconds(60)
        unit.rig.turbidity_raw = 6000
        unit.seconds(90)
    assert "\n".join(unit.terminal.lines).count("! Turbidity sensor failed") == 1
    assert "over, not acknowledged" in unit.say("alarms") and ", 3 times)" in unit.say("alarms")


def test_a_machine_without_feedback_is_only_commanded():
    for lang, words in (("zh", "；已发令，无反馈"), ("en", ";commanded,nofeedback")):
        unit = Unit(lang, level_mm=700.0)
        unit.seconds(60)
        assert unit.rig.on(P1) or unit.rig.on(1)
        for command in ("status", "pumps", "why p1", "why p2"):
            assert words not in "".join(unit.say(command).split()), command
        unit.rig.feedback = False
        unit.seconds(5)
        said = unit.say("status") + unit.say("pumps") + unit.say("why p1") + unit.say("why p2")
        on = sum(unit.rig.on(k) for k in range(4))
        assert "".join(said.split()).count(words) == 2 * on + unit.rig.on(0) + unit.rig.on(1), said


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


def test_hours_say_whether_energy_is_metered():
    unit = Unit("en", settings={"wiring.energy": "in6"})
    unit.rig.meter_wh = 5000
    unit.seconds(5)
    assert "kWh (estimated from rated power)" in unit.say("hours") and "!" not in unit.say("hours")
    unit.rig.meter_wh += 100
    unit.seconds(2)
    unit.rig.meter_wh += 400
    unit.seconds(2)
    assert "energy 0.4 kWh (metered)" in unit.say("hours")
    unit.rig.meter_wh = 0
    unit.seconds(2)
    assert "energy 0.4 kWh (estimated from rated power)\n  ! since the start the meter has failed 1 times" in unit.say(
        "hours"
    )
    unit.say("lang zh")
    assert "kWh（按额定功率估算）\n  ! 本次启动以来电表失效 1 次" in unit.say("hours")


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
    assert lines["errors"] == "ok"
    for code in (CHECKSUM, NO_DEVICE):
        unit.io.inputs[0].fail(code)
    unit.io.relay.fail(NO_DEVICE)
    assert "errors    bad level=2:no_device relays=1:no_device" in unit.say("check")


class Uplink:
    """A broker's, as `net` sees it. Also the network and what calls the broker."""

    def __init__(self, told):
        self.told = told
        self.connects = 3
        self.why = ""
        self.net = self.dialer = self

    def up(self):
        return True

    def connected(self):
        return True


def test_the_network_says_what_a_broker_answers_by_closing():
    every = (
        b',"broker":{"closed_on":"meta","bytes":1102,"limit":1024,"left_out":"discovery meta/1","refused_seq":7,'
        b'"other_board":true}'
    )
    for lang, words in (
        ("en", ("on meta (1102 bytes)", "than 1024 bytes", "discovery meta/1", "record 7", "the id qiaotou")),
        ("zh", ("meta（1102 字节）", "不超过 1024 字节", "discovery meta/1", "第 7 条", "编号 qiaotou")),
    ):
        unit = Unit(lang)
        unit.uplink = Uplink(every)
        said = " ".join(unit.say("net").split())
        for word in words:
            assert word in said, (word, said)
        unit.uplink = Uplink(b',"broker":{"other_board":true}')
        said = unit.say("net")
        assert "bytes" not in said and "字节" not in said and "qiaotou" in said
        unit.uplink = Uplink(b"")
        assert "qiaotou" not in unit.say("net")


def test_a_time_server_that_was_not_believed_is_told_and_whoever_stands_here_is_believed():
    unit = Unit("en")
    assert "not believed" not in unit.say("time")
    unit.clock.refused = 3
    assert "time servers were not believed, 3 times" in unit.say("time")
    unit.unlock()
    unit.say("time set 2031-06-15 08:30")
    assert unit.clock.begun_s == unit.clock.utc_s - unit.now_s  # by which servers are judged from now on
