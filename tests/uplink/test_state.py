"""The topics `state` and `meta`: the alarms that stand, by code, and none that does not; what counts energy."""

import json
from types import SimpleNamespace

from unit.catalogue import tables
from unit.uplink import payloads
from unit.uplink.json_out import JsonOut
from unit.uplink.meta import meta
from unit.uplink.state import state

from tests.control.rig import P1, Rig


class Newest:
    def __init__(self, control):
        self.outputs = control.outputs
        self.alarms = control.alarms
        self.values = [0] * tables.count("points")
        self.quality = self.uptime_s = self.t = 0


def test_alarms_that_stand_are_named():
    r = Rig(inflow_l_min=60.0)
    out = JsonOut(bytearray(2048), 0)

    def alarms():
        state(out, 1, payloads.points(), Newest(r.ctrl))
        return json.loads(out.bytes())["alarms"]

    assert alarms() == []
    r.dead[P1] = True
    r.level_raw = 0
    r.run(3 * 3600)
    told = {alarm["code"]: alarm["state"] for alarm in alarms()}
    assert told["level_failed"] == "unacknowledged"
    assert all(r.raised(code) for code in told)
    r.ctrl.acknowledge(0)
    assert {"code": "level_failed", "state": "acknowledged"} in alarms()


def test_what_an_alarm_explains_stands_below_it():
    r = Rig(inflow_l_min=0.0)
    r.level_raw = 0
    r.run(60)
    r.float_high = 1
    r.run(60)
    out = JsonOut(bytearray(2048), 0)
    state(out, 1, payloads.points(), Newest(r.ctrl))
    told = json.loads(out.bytes())["alarms"]
    assert {"code": "level_failed", "state": "unacknowledged", "below": ["high_float"]} in told
    assert "high_float" not in {alarm["code"] for alarm in told}


def test_how_often_an_alarm_came_is_counted():
    r = Rig(inflow_l_min=0.0)
    out = JsonOut(bytearray(2048), 0)
    for _ in range(3):
        r.turbidity_raw = 0
        r.run(60)
        r.turbidity_raw = 6000
        r.run(90)
        state(out, 1, payloads.points(), Newest(r.ctrl))
        told = json.loads(out.bytes())["alarms"]
    assert told == [{"code": "turbidity_failed", "state": "returned", "times": 3}]
    assert len([1 for _, event, _, b in r.log if event == "alarm" and b == 1]) == 1


def test_an_output_that_nobody_proves_to_turn_says_so():
    for feedback in (True, False):
        r = Rig()
        r.feedback = feedback
        r.run(10)
        out = JsonOut(bytearray(2048), 0)
        state(out, 1, payloads.points(), Newest(r.ctrl))
        for output in json.loads(out.bytes())["outputs"].values():
            assert output.get("feedback", True) == feedback


def test_meta_says_by_what_energy_is_counted():
    identity = SimpleNamespace(firmware="0.1.0", firmware_sha256="ab", config_sha256="cd", nonce="ef", boot=1)
    said = {}
    for wiring in ("", "in6"):
        out = JsonOut(bytearray(4096), 0)
        meta(out, identity, Rig({"wiring.energy": wiring}).ctrl.meter.wired)
        said[wiring] = json.loads(out.bytes())["energy_source"]
    assert said == {"": "nominal", "in6": "metered"}
