"""The scenario file: what happens to the unit, from when to when, and what is expected of it."""

import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from host_tools.unitkit import tomltext
from host_tools.unitkit.tomltext import TomlText

from . import faults
from .durations import DAY_S, parse_duration
from .inflow_file import Row, read_inflow
from .quantities import why_unknown

FOREVER = -1  # Fault.until_s: until the end of the run
MAX_DAYS = 3660.0


@dataclass(frozen=True)
class Inflow:
    """Sewage of a population, or a measured series (`rows` not empty) that repeats when it ends."""

    population: int = 0
    litres_per_person_day: float = 70.0
    peak_factor: float = 3.5  # highest hour over the mean
    rows: tuple[Row, ...] = ()  # time_s, flow_m3_d, tss_g_m3 or -1
    scale: float = 1.0  # times the flow of the rows
    infiltration_m3_d: float = 0.0  # groundwater that always leaks in
    leaky_area_m2: float = 300.0  # the paved ground whose rain finds its way into the sewer


@dataclass(frozen=True)
class Rain:
    """Steady rain."""

    at_s: int
    for_s: int
    mm_h: float


@dataclass(frozen=True)
class Holiday:
    """A time with more people (factor above 1) or fewer than live there."""

    at_s: int
    for_s: int
    factor: float


@dataclass(frozen=True)
class Visit:
    """The crew comes: it acknowledges every alarm."""

    at_s: int


@dataclass(frozen=True)
class Fault:
    """Something that breaks at `at_s` and is mended at `until_s` (FOREVER: never). See `faults` for `amount`.

    With `every_s` it comes and goes: it is there for the first `lasts_s` of each period of `every_s`, which count from
    `at_s`. Of a pulsed kind the amount is `lasts_s` too.
    """

    at_s: int
    until_s: int
    kind: str
    target: str
    amount: float
    every_s: int = 0
    lasts_s: int = 0


@dataclass(frozen=True)
class Expect:
    """A bound on a quantity of the summary, by its dotted path."""

    quantity: str
    min: float | None
    max: float | None


@dataclass(frozen=True)
class Scenario:
    """A checked scenario. Times are seconds from `start`, which knows its offset from UTC."""

    name: str
    seed: int
    start: datetime
    days: float
    inflow: Inflow
    rain: tuple[Rain, ...] = ()
    faults: tuple[Fault, ...] = ()
    expects: tuple[Expect, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    visits: tuple[Visit, ...] = ()

    @property
    def seconds(self) -> int:
        """Length of the run."""
        return round(self.days * DAY_S)


def load(path: Path) -> Scenario:
    """Read and check a scenario file and the inflow file that it names. BadInput with every problem at once."""
    text = tomltext.read(path)
    scenario = _Reader(text).scenario()
    text.raise_if_wrong()
    return scenario


class _Reader:
    """Takes a TomlText apart. A wrong value is noted and stands in as its default, so that the next is looked at."""

    def __init__(self, text: TomlText):
        self.text = text

    def scenario(self) -> Scenario:
        top = self.text.data
        keys = ("name", "seed", "start", "days", "inflow", "rain", "holiday", "visit", "fault", "expect")
        self.text.unknown_keys("", top, keys)
        return Scenario(
            name=self._name(top),
            seed=int(self._number(top, "", "seed", 0, 2**31 - 1, default=1, whole=True)),
            start=self._start(top),
            days=self._number(top, "", "days", 1 / DAY_S, MAX_DAYS),
            inflow=self._inflow(top),
            rain=tuple(
                Rain(*self._span(table, prefix), self._number(table, prefix, "mm_h", 0, 500))
                for prefix, table in self._tables("rain", ("at", "for", "mm_h"))
            ),
            holidays=tuple(
                Holiday(*self._span(table, prefix), self._number(table, prefix, "factor", 0, 20))
                for prefix, table in self._tables("holiday", ("at", "for", "factor"))
            ),
            visits=tuple(
                Visit(at_s)
                for at_s in sorted(self._time(t, prefix, "at", least=1) for prefix, t in self._tables("visit", ("at",)))
            ),
            faults=tuple(
                self._fault(table, prefix)
                for prefix, table in self._tables("fault", ("at", "for", "kind", "target", "amount", "every", "lasts"))
            ),
            expects=tuple(
                self._expect(table, prefix) for prefix, table in self._tables("expect", ("quantity", "min", "max"))
            ),
        )

    def _name(self, top: dict[str, Any]) -> str:
        name = top.get("name", "")
        if not isinstance(name, str) or not 1 <= len(name.strip()) <= 80 or not name.isprintable():
            self.text.wrong("name", "must be a text of 1 to 80 characters on one line")
            return ""
        return name.strip()

    def _start(self, top: dict[str, Any]) -> datetime:
        start = top.get("start")
        if isinstance(start, datetime) and start.tzinfo and 2000 <= start.year <= 2099 and not start.microsecond:
            return start
        shown = "it is missing" if start is None else f"not {start}"
        example = "2026-06-15T00:00:00+08:00"
        self.text.wrong("start", f"must be a date and time with its offset, 2000 to 2099, such as {example}; {shown}")
        return datetime.fromisoformat(example)

    def _inflow(self, top: dict[str, Any]) -> Inflow:
        table = top.get("inflow")
        if not isinstance(table, dict):
            self.text.wrong("inflow", "the table [inflow] is needed, with population = ... or file = ...")
            return Inflow()
        people = ("population", "litres_per_person_day", "peak_factor")
        series = ("file", "scale")
        both = ("infiltration_m3_d", "leaky_area_m2")
        self.text.unknown_keys("inflow.", table, (*people, *series, *both))
        for key in table if "file" in table else ():
            if key in people:
                self.text.wrong(f"inflow.{key}", "is for a population; with file only scale is allowed beside it")
        if "scale" in table and "file" not in table:
            self.text.wrong("inflow.scale", "is for a file; a population has litres_per_person_day")
        clean = Inflow(
            infiltration_m3_d=self._number(table, "inflow.", "infiltration_m3_d", 0, 10_000, default=0.0),
            leaky_area_m2=self._number(table, "inflow.", "leaky_area_m2", 0, 1e6, default=300.0),
        )
        if "file" in table:
            scale = self._number(table, "inflow.", "scale", 0, 1e6, default=1.0)
            return replace(clean, rows=self._rows(table["file"]), scale=scale)
        return replace(
            clean,
            population=int(self._number(table, "inflow.", "population", 0, 100_000, whole=True)),
            litres_per_person_day=self._number(table, "inflow.", "litres_per_person_day", 1, 1000, default=70.0),
            peak_factor=self._number(table, "inflow.", "peak_factor", 1, 10, default=3.5),
        )

    def _rows(self, name: object) -> tuple[Row, ...]:
        if not isinstance(name, str) or not name:
            self.text.wrong("inflow.file", "must be the name of a CSV file, as seen from the scenario's folder")
            return ()
        path = self.text.path.parent / name
        if not os.path.isfile(path):  # not path.is_file(): of a name that is too long that one raises
            self.text.wrong("inflow.file", f"there is no file {path}")
            return ()
        return read_inflow(path, self.text.problems)

    def _fault(self, table: dict[str, Any], prefix: str) -> Fault:
        at_s = self._time(table, prefix, "at")
        until_s = at_s + self._time(table, prefix, "for", least=1) if "for" in table else FOREVER
        kind = self._one_of(table, prefix, "kind", tuple(faults.BY_KIND))
        known = faults.BY_KIND.get(kind)
        target = self._one_of(table, prefix, "target", known.targets if known else faults.TARGETS)
        amount = 0.0
        if known and known.amount:
            if "amount" in table or known.default is None:
                amount = self._number(table, prefix, "amount", known.low, known.high, meaning=known.amount)
            else:
                amount = known.default
        elif known and "amount" in table:
            self.text.wrong(f"{prefix}amount", f"a fault {kind} takes no amount")
        return Fault(at_s, until_s, kind, target, amount, *self._repeats(table, prefix, known, amount))

    def _repeats(
        self, table: dict[str, Any], prefix: str, known: faults.FaultKind | None, amount: float
    ) -> tuple[int, int]:
        """The seconds of `every` and of each time that the fault comes; (0, 0) where it comes once."""
        given = [key for key in ("every", "lasts") if key in table]
        if known is None or not (given or known.pulsed):
            return 0, 0
        if not known.repeats:
            for key in given:
                self.text.wrong(prefix + key, f"a fault {known.kind} comes once and takes no {key}")
            return 0, 0
        if known.pulsed and "lasts" in given:
            self.text.wrong(prefix + "lasts", f"a fault {known.kind} takes none: it lasts as long as its amount says")
        if not known.pulsed and "lasts" not in given:
            why = f'a fault {known.kind} takes it only beside lasts = "30s", how long each time'
            self.text.wrong(prefix + "every", why)
            return 0, 0
        if "every" not in given:
            self.text.wrong(prefix + "every", f'is missing; how often the fault {known.kind} comes, such as "20s"')
            return 0, 0
        every_s = self._time(table, prefix, "every", least=2)
        lasts_s = int(amount) if known.pulsed else self._time(table, prefix, "lasts", least=1)
        length = prefix + ("amount" if known.pulsed else "lasts")
        if known.pulsed and amount != lasts_s:
            self.text.wrong(length, f"must be {known.amount}; not {amount:g}")
        elif lasts_s >= every_s:
            self.text.wrong(length, f"must be shorter than every, which is {every_s} s, not {lasts_s} s")
        return every_s, lasts_s

    def _expect(self, table: dict[str, Any], prefix: str) -> Expect:
        quantity = table.get("quantity")
        if not isinstance(quantity, str):
            self.text.wrong(f"{prefix}quantity", "must be a dotted path into summary.json, such as overflow_m3")
            quantity = ""
        elif why := why_unknown(quantity):
            self.text.wrong(f"{prefix}quantity", why)
        bounds = {
            key: self._number(table, prefix, key, -1e15, 1e15) if key in table else None for key in ("min", "max")
        }
        low, high = bounds["min"], bounds["max"]
        if low is None and high is None:
            self.text.wrong(prefix + "min", "an expectation needs min, max or both")
        elif low is not None and high is not None and low > high:
            self.text.wrong(prefix + "min", f"must not be above max ({high:g}), not {low:g}")
        return Expect(quantity, low, high)

    def _tables(self, name: str, keys: tuple[str, ...]) -> list[tuple[str, dict[str, Any]]]:
        """The tables `[[name]]`, each with the prefix of its keys."""
        tables = self.text.data.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self.text.wrong(name, f"must be written as [[{name}]], once for each")
            return []
        numbered = [(f"{name}.{i}.", table) for i, table in enumerate(tables)]
        for prefix, table in numbered:
            self.text.unknown_keys(prefix, table, keys)
        return numbered

    def _span(self, table: dict[str, Any], prefix: str) -> tuple[int, int]:
        return self._time(table, prefix, "at"), self._time(table, prefix, "for", least=1)

    def _time(self, table: dict[str, Any], prefix: str, key: str, least: int = 0) -> int:
        if key not in table:
            self.text.wrong(prefix + key, 'is missing; a time such as "2d04:00" or "6h"')
            return least
        try:
            seconds = parse_duration(table[key])
        except ValueError as e:
            self.text.wrong(prefix + key, str(e))
            return least
        if not least <= seconds <= MAX_DAYS * DAY_S:
            self.text.wrong(prefix + key, f'must be from {least} s to {MAX_DAYS:g} days, not "{table[key]}"')
            return least
        return seconds

    def _one_of(self, table: dict[str, Any], prefix: str, key: str, allowed: tuple[str, ...]) -> str:
        value = table.get(key)
        if isinstance(value, str) and value in allowed:
            return value
        shown = "it is missing" if value is None else f"not {value!r}"
        self.text.wrong(prefix + key, f"must be one of {', '.join(allowed)}; {shown}")
        return ""

    def _number(
        self,
        table: dict[str, Any],
        prefix: str,
        key: str,
        low: float,
        high: float,
        default: float | None = None,
        whole: bool = False,
        meaning: str = "",
    ) -> float:
        """A number in low..high; missing is a problem unless there is a default."""
        kind = ("a whole number" if whole else "a number") + f" from {low:.3g} to {high:.10g}"
        if meaning:
            kind += f" ({meaning})"
        value = table.get(key, default)
        if value is None:
            self.text.wrong(prefix + key, f"is missing; {kind}")
        elif isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            self.text.wrong(prefix + key, f"must be {kind}, not {value!r}")
        elif not low <= value <= high:  # nor is what is not a number
            self.text.wrong(prefix + key, f"must be {kind}, not {value}")
        else:
            return float(value)
        return low if default is None else default
