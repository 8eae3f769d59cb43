"""The topic `state`: the alarms that stand, by code, and none that does not."""

import json

from unit.catalogue import tables
from unit.uplink import payloads
from unit.uplink.json_out import JsonOut

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
        payloads.state(out, 1, payloads.Points(), Newest(r.ctrl))
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
