"""The command selftest: every sensor and machine in turn, with the crew as the judge, and a report at the end."""

from ...control.basics import FAILURE, NONE, const
from ...control.claims import HAND

_RUN_S = const(10)
_WAIT_S = const(60)  # for a start that protection holds back
_LIFT_S = const(45)  # for the crew to lift a float

_YES = ("y", "yes", "是", "")


def cmd_selftest(c, words):
    control = c.app.control
    report = []
    yield c.say("test_begin")
    for name, signal in (("level", control.well.level), ("turbidity", control.turbidity)):
        value = "%d mm" % signal.value if name == "level" else "%d.%d NTU" % (signal.value // 10, signal.value % 10)
        if signal.quality == FAILURE:
            report.append((name, "test_failed"))
            continue
        answer = yield (c.say("test_sensor", name=c.say(name), value=value),)
        report.append((name, "test_ok" if answer.lower() in _YES else "test_failed"))
    for name, switch in (("float_high", control.well.float_high), ("float_low", control.well.float_low)):
        if switch.value == NONE:
            report.append((name, "not_fitted"))
            continue
        answer = yield (c.say("test_float", name=c.say(name), span=c.text.span(_LIFT_S)),)
        if answer.lower() not in _YES:
            report.append((name, "test_skipped"))
            continue
        before = switch.value
        begun_s = control.now_s
        while switch.value == before and control.now_s - begun_s < _LIFT_S:
            yield None
        report.append((name, "test_ok" if switch.value != before else "test_failed"))
        yield c.say(report[-1][1])
    for output in control.outputs:
        answer = yield (c.say("test_run", name=c.say(output.name), span=c.text.span(_RUN_S)),)
        if answer.lower() not in _YES:
            report.append((output.name, "test_skipped"))
            continue
        result = "test_refused"
        try:
            refused = control.command(output.index, 1, _WAIT_S + _RUN_S, HAND)
            if refused:
                yield c.say("refused", name=c.say(output.name), why=c.text.reason(refused, control, output))
            else:
                begun_s = control.now_s
                while not output.on and control.now_s - begun_s < _WAIT_S:
                    yield None
                if output.on:
                    result = "test_failed"
                begun_s = control.now_s
                while output.on and control.now_s - begun_s < _RUN_S:
                    yield None
                if output.on:
                    result = "test_ok" if output.turns() else "test_failed"
                    if output.running == NONE:
                        answer = yield (c.say("test_turns", name=c.say(output.name)),)
                        result = "test_ok" if answer.lower() in _YES else "test_failed"
                else:
                    yield c.say("why_off", name=c.say(output.name), why=c.text.reason(output.reason, control, output))
        finally:
            control.auto(output.index, HAND)  # also when Ctrl-C ends the test
        report.append((output.name, result))
        yield c.say(result)
    yield "== " + c.say("test_report")
    for name, result in report:
        yield "%s: %s" % (c.say(name), c.say(result))
