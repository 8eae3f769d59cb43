"""What the level tells about a leaking check valve. Runs on CPython and on MicroPython alike."""

from unit.control.inflow import Inflow

AREA_M2_100 = 180
REST_S = 1200
RUN_S = 150
DRAINS_S = 50  # the riser runs empty in this time, faster at first


class Village:
    """A well that is pumped down again and again by turns; `back_mm` is what the riser brings back after each stop."""

    def __init__(self):
        self.inflow = Inflow()
        self.inflow.area_m2_100 = AREA_M2_100
        for pump in self.inflow.pumps:
            pump.usual_l_min = 166
        self.t = 0
        self.level_mm = 250.0

    def stops(self, n, back_mm, inflow_l_min=20.0):
        for k in range(n):
            for second in range(REST_S):
                left = max(0.0, 1.0 - second / DRAINS_S)
                sinks = max(0.0, 1.0 - (second + 1) / DRAINS_S)
                self._second(inflow_l_min / 60 / 1.8 + back_mm * (left * left - sinks * sinks), 0, 0)
            for _ in range(RUN_S):
                self._second((inflow_l_min - 166.0) / 60 / 1.8, 1 - k % 2, k % 2)
        return self.inflow.backflow

    def _second(self, rise_mm, p1, p2):
        self.level_mm += rise_mm
        self.t += 1
        self.inflow.step(self.t, int(self.level_mm) + self.t * 7919 % 3 - 1, 1, p1, p2)


def test_a_leaking_check_valve_shows_after_some_stops():
    village = Village()
    assert not village.stops(2, back_mm=20)
    assert village.stops(10, back_mm=20)


def test_a_tight_one_does_not():
    assert not Village().stops(40, back_mm=0)


def test_strong_inflow_is_no_leak():
    village = Village()
    for inflow_l_min in (5.0, 90.0, 30.0, 120.0, 10.0, 60.0):
        assert not village.stops(4, back_mm=0, inflow_l_min=inflow_l_min)


def test_a_mended_valve_is_believed_after_some_stops():
    village = Village()
    assert village.stops(12, back_mm=20)
    assert not village.stops(15, back_mm=0)
