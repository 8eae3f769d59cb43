"""Each line of protection, and what it looks like taken out: the tests of the invariant must see it.

(name or part of the name of the test, file below firmware/unit/control, the line as it stands, the line without its rule)
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
    ("inv_01", "protection.py", "            if dry:\n                return self._switch_off", "            if 0:\n                return self._switch_off"),
    ("inv_01", "well.py", "        return 1 if level_dry or float_dry else 0", "        return level_dry"),
    ("inv_01", "well.py", "        return 1 if level_dry or float_dry else 0", "        return float_dry"),
    ("high_float_that_hangs_is_outvoted", "well.py", "            self.float_high_wrong = 1", "            pass"),
    ("inv_02", "protection.py", "if now_s - self.since_s >= self.max_run_s:", "if 0:"),
    ("inv_02", "protection.py", "        if now_s < self.rest_until_s:\n            return reasons.MAX_RUN\n", ""),
    ("inv_03", "protection.py", "        if self.starts_used_up(now_s):\n            return reasons.STARTS_LIMIT\n", ""),
    ("inv_03", "controller.py", "            output.guard.remember_starts(r.get(1))", "            r.get(1)"),
    ("inv_04", "protection.py", "        if now_s - self.since_s < self.min_off_s:\n            return reasons.MIN_OFF\n", ""),
    ("inv_05", "protection.py", "if not by_hand and now_s - self.since_s < self.min_run_s:", "if 0:"),
    ("inv_06", "protection.py", "            if not mains:\n                return self._switch_off", "            if 0:\n                return self._switch_off"),
    ("inv_06", "protection.py", "        if now_s < self.wait_until_s:\n            return reasons.MAINS_WAIT\n", ""),
    ("inv_06", "controller.py", "        if on and not self.mains_on:\n            self._hold_starts(now_s)\n", ""),
    ("inv_07", "protection.py", "            self.locked_until_s = now_s + _LOCK_OUT_S\n", ""),
    ("inv_07", "protection.py", "self.failed_starts >= _TRIES or now_s", "now_s"),
    ("inv_08", "claims.py", "        if until_s[HAND] <= now_s:", "        if until_s[HAND] < 0:"),
    ("inv_09", "process/lift.py", "        self._back_up(now_s)\n        self._count", "        self._count"),
    ("inv_09", "well.py", "            self._level_outvoted = 1\n", "            pass\n"),
    ("inv_09", "process/lift.py", "        if self.well.dry:\n", "        if 0:\n"),
    ("inv_09", "process/lift.py", "= 0 if self.well.high_contradicts else self.well.level_ok", "= 1"),
    ("inv_09", "process/lift.py", "max(self._backup_both_s, now_s + run_s)", "self._backup_both_s"),
    ("inv_09", "process/lift.py", " and not self.well.dry and not (self._backup_by_level", " and not (self._backup_by_level"),
    ("inv_09", "process/lift.py", "            elif now_s >= self._backup_both_s:\n", "            elif 0:\n"),
    ("high_float_overrides_a_low_float", "well.py", "            self._low_outvoted = 1", "            pass"),
    ("inv_10", "process/lift.py", "            self.wanted = 0\n            self._run_on_until_s = -1\n        if before", "            pass\n        if before"),
    ("inv_11", "protection.py", "if not by_hand and now_s", "if now_s"),
    ("inv_12", "protection.py", "            self.runs_uncommanded = 1", "            pass"),
    ("inv_13", "signals.py", "            if raw < _FAIL_LOW_UA or raw > _FAIL_HIGH_UA:", "            if 0:"),
    ("inv_13", "signals.py", "            value = self.low if raw < self.low else self.high\n", ""),
    ("level_stuck_high", "well.py", "            level.contradict(FLAT)", "            pass"),
    ("standby_takes_over", "process/lift.py", "        if not self.pumps[duty].guard.available(now_s):\n            return other\n", ""),
    ("contradicted_level_is_not_believed", "well.py", "            self._void_mm = value", "            pass"),
    ("damaged_snapshot", "controller.py", "if not r.intact() or r.get(1)", "if r.get(1)"),
]
