"""Each line of protection, and what it looks like taken out: the tests of the invariant must see it.

(what pytest's -k selects the test by, file below firmware/unit/control, the line as it stands, the line without its rule)
"""

from pathlib import Path

CONTROL = Path("firmware/unit/control")


def take_out(root, file, line, without):
    """In the copy of the repository at `root`: the line of protection without its rule."""
    path = root / CONTROL / file
    path.write_text(path.read_text(encoding="utf-8").replace(line, without), encoding="utf-8")


def stands(root, file, line):
    """True when `line` is found in the source exactly once, so that taking it out means something."""
    return (root / CONTROL / file).read_text(encoding="utf-8").count(line) == 1


MUTATIONS = [
    # protection.py
    ("inv_01", "protection.py", "            if dry:\n                return self._switch_off", "            if 0:\n                return self._switch_off"),
    ("inv_02", "protection.py", "if now_s - self.since_s >= self.max_run_s:", "if 0:"),
    ("inv_02", "protection.py", "        if now_s < self.rest_until_s and not self.urgent:\n            return reasons.MAX_RUN\n", ""),
    ("inv_03", "protection.py", "        if self.starts_used_up(now_s, 0 if by_hand else self._kept()):\n            return reasons.STARTS_LIMIT\n", ""),
    ("inv_19", "protection.py", "0 if by_hand else self._kept()", "0"),
    ("inv_04", "protection.py", "        if now_s - self.since_s < self.min_off_s:\n            return reasons.MIN_OFF\n", ""),
    ("inv_05", "protection.py", "if not by_hand and now_s - self.since_s < self.min_run_s:", "if 0:"),
    ("inv_06", "protection.py", "            if not mains:\n                return self._switch_off", "            if 0:\n                return self._switch_off"),
    ("inv_06", "protection.py", "        if now_s < self.wait_until_s:\n            return reasons.MAINS_WAIT\n", ""),
    ("inv_07_a", "protection.py", "            self.locked_until_s = now_s + self.lock_out_s\n", ""),
    ("inv_07_a", "protection.py", "self.failed_starts >= self.tries or now_s", "now_s"),
    ("test_50", "protection.py", "self.feedback_lost = 1\n", "pass\n"),
    ("inv_07_feedback", "protection.py", "        elif lifts == 0 and", "        elif lifts <= 0 and"),
    ("inv_07_when", "protection.py", "now_s >= self.try_until_s and self.failed(now_s)", "self.failed(now_s)"),
    ("inv_11", "protection.py", "if not by_hand and now_s", "if now_s"),
    ("inv_12", "protection.py", "            self.runs_uncommanded = 1", "            pass"),
    ("test_55", "protection.py", "                        self.remember_start(now_s)\n", "                        pass\n"),
    ("test_19", "protection.py", "return max(0, self.reserve - self.urgent)", "return self.reserve"),
    # controller.py
    ("inv_06", "controller.py", "            self._hold_starts(now_s)\n        self.mains_on = on", "            pass\n        self.mains_on = on"),
    ("inv_06", "controller.py", "now_s + wait_s + k * _STAGGER_S", "now_s + wait_s"),
    ("inv_06", "controller.py", "Switch(2, 0)", "Switch(2, 1)"),
    ("test_56", "controller.py", "max(self.restart_wait_s, self.steady_s) if self._dips >= _DIPS else self.restart_wait_s", "self.restart_wait_s"),
    ("test_55", "controller.py", "            if self._turned > 1 and turn == 0 and stopped >= self._turned:\n                on = 0\n", ""),
    ("inv_03", "snapshot.py", "        guard.remember_start(-outage_s - r.data[first + age] * _AGE_UNIT_S)", "        pass"),
    ("inv_03_no_start", "snapshot.py", "(-outage_s - r.data[first + age] * _AGE_UNIT_S)", "(-1)"),
    ("test_54", "snapshot.py", "    guard.locked_until_s = r.get(1) * 60 - outage_s\n", "    r.get(1)\n"),
    ("test_54", "snapshot.py", "    guard.feedback_lost = r.get(1) & 1\n", "    r.get(1)\n"),
    ("inv_07_a", "snapshot.py", "        output.guard.failed_starts = r.get(1)\n", "        r.get(1)\n"),
    ("damaged_snapshot", "snapshot.py", "if not r.intact() or r.get(1)", "if r.get(1)"),
    # claims.py
    ("inv_08", "claims.py", "            if self._until_s[source] > now_s:", "            if self._until_s[source] >= 0:"),
    ("inv_18", "claims.py", "(HAND, BACKUP, REMOTE, PROCESS)", "(HAND, REMOTE, BACKUP, PROCESS)"),
    ("inv_18", "claims.py", "(HAND, BACKUP, REMOTE, PROCESS)", "(BACKUP, REMOTE, HAND, PROCESS)"),
    # signals.py
    ("inv_13", "signals.py", "            if raw < _FAIL_LOW_UA or raw > _FAIL_HIGH_UA:", "            if 0:"),
    ("no_value", "signals.py", "            raw = NONE  # an error number", "            pass  # an error number"),
    ("test_44", "signals.py", "            self.out_until_s = now_s + _OUT_S\n", "            pass\n"),
    # witnesses.py
    ("W1", "witnesses.py", "        if odds == HIGH_LEVEL | LEVEL_LOW:\n            self._convict_level()", "        if 0:\n            pass"),
    ("W3", "witnesses.py", "        elif odds == HIGH_LEVEL | HIGH_LOW:\n            self._convict_high()", "        elif 0:\n            pass"),
    ("W4", "witnesses.py", "        elif odds == LEVEL_LOW | HIGH_LOW:\n            self._convict_low()", "        elif 0:\n            pass"),
    ("nobody_is_out", "witnesses.py", "        if now_s - self._since_s < _LASTS_S:\n            return\n", ""),
    ("nobody_is_out", "witnesses.py", "NONE if self.high_out or loose", "1 - self.float_high.value if self.high_out else NONE if loose"),
    ("nobody_is_out", "witnesses.py", "NONE if self.low_out or now_s", "1 - self.float_low.value if self.low_out else NONE if now_s"),
    ("low_float_that_hangs_in", "witnesses.py", "            if heard and level.value >= self.high_mark_mm - _TOLERANCE_MM:\n                return 0\n", ""),
    ("W7", "witnesses.py", "            if high == 0:\n                return 1  # the high", "            if 0:\n                return 1  # the high"),
    ("what_pumps_may_do", "witnesses.py", "        elif level_dry and (low_dry or (low == NONE and high != 1)):\n            return 1\n", ""),
    ("W10", "witnesses.py", "        elif not heard or level.value <= self.low_mark_mm + _TOLERANCE_MM:\n            return 1\n", ""),
    ("test_40", "witnesses.py", "        if self._spent_s >= self.budget_s:\n            return 1\n", ""),
    ("test_40", "witnesses.py", "            self.spend(now_s, 1)\n", ""),
    ("test_40", "witnesses.py", "        if now_s - self._spent_last_s >= OVERRIDE_REST_S:\n", "        if 1:\n"),
    ("test_41", "witnesses.py", "        if has_moved and not odds", "        if not odds"),
    ("test_41", "witnesses.py", "        if now_s - self._since_s >= _BACK_S:\n", "        if 1:\n"),
    ("test_42", "witnesses.py", " and self._times[0] < _TIMES", ""),
    ("test_42", "witnesses.py", " and self._times[1] < _TIMES", ""),
    ("test_42", "witnesses.py", " and self._times[2] < _TIMES", ""),
    ("test_42", "witnesses.py", "        return 1 if self.float_high.value == 1 and self.low_wet == 1 else 0\n\n    def high_steady", "        return 0\n\n    def high_steady"),
    ("test_43", "witnesses.py", "                self._high_often.again(now_s)\n" , "                pass\n"),
    ("test_43", "witnesses.py", "                        self._low_often.again(now_s)", "                        pass"),
    ("test_45", "witnesses.py", "        self.level_drifts = 1 if off > _DRIFT_MM or off < -_DRIFT_MM else 0", "        self.level_drifts = 0"),
    ("test_46", "witnesses.py", "                return 1 if heard and level.value < self._floor_mm else 0", "                return 0"),
    ("test_46", "witnesses.py", "(_FLOOR_S if mm < most_mm else OVERRIDE_REST_S)", "_FLOOR_S"),
    ("test_46", "witnesses.py", "        if mm >= most_mm and (self.high_fitted or self.low_fitted):\n            self._convict_level()\n", ""),
    ("test_t1", "witnesses.py", "                self._convict_high()  # from far", "                pass  # from far"),
    ("test_t2", "witnesses.py", "                self._convict_high()  # down to", "                pass  # down to"),
    ("test_t3", "witnesses.py", "                self._convict_low()  # no pump", "                pass  # no pump"),
    ("test_t3", "witnesses.py", "max(_LIFTED_MM, self.low_mark_mm)", "_LIFTED_MM"),
    ("test_t4", "witnesses.py", "            elif low == 1 and high == NONE and fell_mm > _LIFTED_MM:\n                self._convict_level()\n", ""),
    ("test_t5", "witnesses.py", "                self._judge_try()\n", "                pass\n"),
    ("test_t6", "witnesses.py", "                    self._convict_level()  # it said", "                    pass  # it said"),
    ("test_t7", "witnesses.py", "                self._stands = 1\n", "                pass\n"),
    ("test_t7", "witnesses.py", " and not self._agrees(value)", ""),
    ("test_t8", "witnesses.py", "            if not self.doubt_high:\n", "            if 1:\n"),
    # process/backup.py
    ("inv_09", "process/backup.py", "            self.by = BY_FLOAT\n        elif now_s < self._until_s", "            pass\n        elif now_s < self._until_s"),
    ("test_02", "process/backup.py", "        self.full = 1 if high or ", "        self.full = 1 if "),
    ("inv_10", "process/backup.py", "            self.hold_until_s = now_s + min(hold_s, most_s)\n", "            self.hold_until_s = now_s + 3600\n"),
    ("test_47", "process/backup.py", "            self.hold_until_s = now_s + min(hold_s, most_s)\n", "            pass\n"),
    ("timer_pumps", "process/backup.py", "                self.by = BY_TIME\n", "                pass\n"),
    ("bad or stuck_low or inv_09", "process/backup.py", "max(self._both_s, now_s + min(pace_s, max_run_s - 1))", "self._both_s"),
    # process/lift.py
    ("inv_02", "process/lift.py", "            return 0  # it is the other that rests\n", "            pass\n"),
    ("inv_02", "process/lift.py", "            guard.may_rest = 0 if full and", "            guard.may_rest = 0 if 1 or full and"),
    ("test_19", "process/lift.py", "            guard.urgent = full\n", "            guard.urgent = 0\n"),
    ("inv_07_when", "process/lift.py", "                pump.guard.try_until_s = now_s + self.retry_s - _TRY_PAUSE_S\n", "                pass\n"),
    ("inv_10", "process/lift.py", "        if not emergency.held(now_s) or (pause", "        if (pause"),
    ("standby_takes_over", "process/lift.py", "        if not self.pumps[duty].guard.available(now_s):\n            return other\n", ""),
    ("test_51", "process/lift.py", "        if self.check.gives_way(duty):\n            return other\n", ""),
    ("timer_leaves", "process/lift.py", "            self._dry_rest_until_s = now_s + self._pace_s()\n", "            pass\n"),
    # process/pump_check.py
    ("test_50", "process/pump_check.py", "        if effect.falls", "        if 0 and effect.falls"),
    ("inv_07_feedback", "process/pump_check.py", "        return NONE if now_s - effect.told_s < self.effect_s + _FLAT_S else 0", "        return 0"),
    ("test_51", "process/pump_check.py", "            self._useless |= turning\n", "            pass\n"),
    ("test_52", "process/pump_check.py", "                self.inflow.pumps[other].clogged = 1\n", "                pass\n"),
    ("test_53", "process/pump_check.py", "            well.found_floor(now_s, self.floor_most_mm)\n", "            pass\n"),
]
