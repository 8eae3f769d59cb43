"""Runs a scenario in the simulator and records on the way what its control core is given (trace.py)."""

from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from unit.control.io import Inputs

from host_tools.unitkit.unitfile import Unit
from sim import runner
from sim.report.results import Results
from sim.scenario.scenario import Scenario
from tests.micropython import trace

assert tuple(vars(Inputs())) == trace.SIGNALS


def record(scenario: Scenario, unit: Unit, out: Path, path: Path) -> dict[str, Any]:
    """Write the results to `out` and the trace to `path`; returns the summary."""
    with Results(out) as results, path.open("wb") as file:
        run = _Recording(scenario, unit, results.folder, file)
        run.go()
        done = run.finish()
        results.keep()
    return done


class _Recording(runner._Run):
    """The simulator's own run, its loop let go one second at a time."""

    def __init__(self, scenario: Scenario, unit: Unit, folder: Path, file: BinaryIO):
        super().__init__(scenario, unit, folder, runner.Options())
        self.file = file
        self.loop = _Loop(self.loop, file, self._utc_s)
        if self._flash:
            _put(file, trace.START, 0, self._utc_s(0))

    def _visit(self) -> None:
        if self.loop.board_on:
            _put(self.file, trace.ACKNOWLEDGE, self.loop.t_s)
        super()._visit()


class _Loop:
    """Stands before the simulator's loop; whatever it has no word of its own for is the loop's."""

    def __init__(self, loop: Any, file: BinaryIO, utc_s: Callable[[int], int]):
        object.__setattr__(self, "_loop", loop)
        object.__setattr__(self, "_file", file)
        object.__setattr__(self, "_utc_s", utc_s)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._loop, name, value)

    def start(self, ctrl: Any) -> None:
        _put(self._file, trace.START, self.t_s, self._utc_s(self.t_s))
        self._loop.start(ctrl)
        self._put_step()

    def run(self, until_s: int) -> int:
        loop = self._loop
        happened = 0
        while loop.t_s < until_s and not happened:
            steps = loop.steps
            happened = loop.run(loop.t_s + 1)
            if loop.steps > steps:
                self._put_step()
        return happened

    def _put_step(self) -> None:
        ctrl, t_s = self.ctrl, self.t_s
        signals = [getattr(ctrl.inputs, name) for name in trace.SIGNALS]
        _put(self._file, trace.STEP, t_s, ctrl.now_s, ctrl.tod_s, ctrl.day, self._utc_s(t_s), *signals)


def _put(file: BinaryIO, *values: int) -> None:
    array("i", [*values, *[0] * (trace.FIELDS - len(values))]).tofile(file)
