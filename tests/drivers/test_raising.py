"""Every call of `machine` raises, one at a time, while a unit is built and while it runs: the road goes on.

Other inputs read as before and other relays follow, the call is counted or named, and what comes back is taken again.
"""

import ast
import contextlib
import importlib
import sys
import time
import types
from pathlib import Path

import pytest
from unit.control.basics import NONE
from unit.control.io import Inputs
from unit.drivers.build import build
from unit.drivers.io import NAMES

from tests.drivers import cases, hardware

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
RELAYS = ("p1", "p2", "blower", "return")
FAULTS_S, ALL_S = 5, 9  # ticks in which a call may raise, and all
OFF, ON = cases.Output(0), cases.Output(1)

PINS = {
    "wiring.turbidity": "ai3", "turbidity.signal": 1, "wiring.p1_running": "x5", "wiring.p2_running": "ai2",
    "wiring.energy": "in1", "wiring.float_high": "x6",
}  # fmt: skip
PROBES = {
    "wiring.level": "us", "level.signal": 1, "level.mount_height_mm": 3000, "wiring.turbidity": "rs485",
    "turbidity.signal": 1, "wiring.energy": "rs485", "wiring.blower": "sr1", "wiring.return": "k5",
    "wiring.blower_running": "ai4",
}  # fmt: skip
TERMINALS = dict(
    cases.TERMINALS,
    x6=["input", 0, 6, "pcf8574", 0x22],
    k5=["relay", 1, 3, "tca9554", 0x20],
    ai4=["analog", 100, 1, "ads1115", 0x48],
    sr=["hc595", 8, 27, 13, 12],
    sr1=["relay", 1, 2, "hc595", 0],
)
UNITS = {"pins and expanders": (PINS, True), "probes": (PROBES, True), "a bus without a timer": (PROBES, False)}
CALLS = {
    "Pin", "Pin.value", "Pin.irq", "ADC", "ADC.read_uv", "UART", "UART.readinto", "UART.write", "UART.flush", "Timer",
    "Timer.init", "RTC", "RTC.datetime", "I2C", "I2C.readfrom_mem_into", "I2C.writeto_mem", "I2C.readfrom_into",
    "I2C.writeto",
}  # fmt: skip


class Timer:
    """Its callback comes at once; one that raises is shown by the chip and ends nothing."""

    ONE_SHOT = 0

    def __init__(self, number):
        pass

    def init(self, mode, period, callback):
        with contextlib.suppress(OSError):
            callback(self)


class Rtc:
    def datetime(self, parts=None):
        pass


class Uart(hardware.UART):
    def readinto(self, buffer):
        if self is self.made.get(2) and hardware.Pin.made[32].level:
            self.incoming = b""  # who sends hears nothing
        return super().readinto(buffer)

    def write(self, data):
        body = bytes((data[0], 3, 2 * data[5])) + bytes(range(1, 2 * data[5] + 1))
        self.answer = cases.answer(body)
        return super().write(data)


class Raising:
    """A `machine` that numbers its calls and knows what they are of; `fails(number, label)` makes one raise."""

    def __init__(self, timer):
        self.calls = []
        self.met = set()
        self.fails = lambda number, label: False
        hardware.fresh()
        kinds = {"Pin": hardware.Pin, "ADC": hardware.ADC, "I2C": hardware.I2C, "UART": Uart, "RTC": Rtc}
        if timer:
            kinds["Timer"] = Timer
        for name, kind in kinds.items():
            setattr(self, name, self._raising(name, kind))

    def _raising(self, name, kind):
        ours = self

        def made(self, *args, **words):
            pin = getattr(args[0], "number", args[0]) if args else ""
            self.label = f"{name}({pin})"
            ours._call(name, self.label)
            kind.__init__(self, *args, **words)

        def wrapped(method):
            def call(self, *args, **words):
                chip = f"@{args[0]:#x}" if name == "I2C" else ""
                ours._call(f"{name}.{method}", f"{self.label}.{method}{chip}")
                return getattr(kind, method)(self, *args, **words)

            return call

        methods = [method for method in dir(kind) if not method.startswith("_") and callable(getattr(kind, method))]
        return type(name, (kind,), {"__init__": made, **{method: wrapped(method) for method in methods}})

    def _call(self, kind, label):
        self.calls.append(label)
        self.met.add(kind)
        if self.fails(len(self.calls) - 1, label):
            raise OSError(-258)


class Life:
    """A unit's life of ALL_S ticks: what each input and relay was at its end, and what was counted."""

    def __init__(self, changes, timer, fails=lambda number, label: False):
        machine = Raising(timer)
        machine.fails = fails
        chips = hardware.I2C.chips
        chips[0x24] = hardware.Registers(b"\xff")
        chips[0x22] = hardware.Registers(b"\xdf")
        chips[0x20] = hardware.Registers(b"\x00\xff\x00\xff")
        chips[0x48] = hardware.Ads1115Model([0, 700_000, 1_200_000, 0])
        chips[0x68] = hardware.Registers(bytes.fromhex("00000801150626") + bytes(9))
        hardware.ADC.uv.update({34: 1_100_000, 35: 1_500_000})
        settings = {**cases.DEFAULTS, "wiring.return_running": "", **changes}
        sys.modules["machine"] = machine
        importlib.reload(sys.modules["unit.clock"])
        io = build({"terminals": TERMINALS}, settings, machine, lambda: 0)
        sys.modules["unit.clock"].Clock(io.clock, 480)
        inputs = Inputs()
        self.seen = []
        for second in range(ALL_S):
            if second == FAULTS_S:
                self.faulty_calls = len(machine.calls)
            if 1 in hardware.UART.made:
                hardware.UART.made[1].incoming = b"\xff\x07\xa1\xa7"
            io.scan(inputs, second * 1000)
            outputs = [ON if second % 2 == i % 2 else OFF for i in range(4)]
            io.drive(outputs)
            signals = [getattr(inputs, name if name != "energy" else "energy_wh") for name in NAMES]
            self.seen.append(dict(zip([*NAMES, *RELAYS], signals + levels(settings), strict=True)))
        io.all_off()
        self.off = levels(settings)
        self.problems, self.errors = io.problems, cases.counted(io)
        self.calls, self.met = machine.calls, machine.met


def levels(settings):
    """The level at each relay's terminal; that of a chip by its register."""
    found = []
    for name in RELAYS:
        terminal = TERMINALS[settings["wiring." + name]]
        if len(terminal) == 3:
            pin = hardware.Pin.made.get(terminal[2])
            found.append(getattr(pin, "level", None))
        elif terminal[3] == "hc595":
            found.append("shifted")
        else:
            register = hardware.I2C.chips[terminal[4]].bytes[1 if terminal[3] == "tca9554" else 0]
            found.append(register >> terminal[2] & 1)
    return found


@pytest.fixture(autouse=True)
def clock_module(monkeypatch):
    monkeypatch.setitem(sys.modules, "machine", types.ModuleType("machine"))
    importlib.import_module("unit.clock")
    yield
    sys.modules.pop("unit.clock")  # it holds the module of this test


def calls_of(changes, timer):
    """What a unit with these wires calls in some ticks."""
    terminals = {name: row for name, row in TERMINALS.items() if row[0] != "i2c" or uses_i2c(changes)}
    machine = Raising(timer)
    hardware.I2C.chips.update({address: hardware.Registers(bytes(16)) for address in (0x20, 0x22, 0x24)})
    hardware.I2C.chips[0x48] = hardware.Ads1115Model([0, 0, 0, 0])
    io = build({"terminals": terminals}, {**cases.DEFAULTS, **changes}, machine, lambda: 0)
    for second in range(3):
        io.scan(Inputs(), second * 1000)
        io.drive([ON] * 4)
    return set(machine.calls)


def calls_of_each(changes, timer):
    """{wire: what it calls by itself}: who may suffer where a call raises."""
    wired = {name: value for name, value in {**cases.DEFAULTS, **changes}.items() if name.startswith("wiring.")}
    return {
        wire.removeprefix("wiring."): calls_of({**changes, **{other: "" for other in wired if other != wire}}, timer)
        for wire in wired
        if wired[wire]
    }


def uses_i2c(changes):
    wired = [value for name, value in {**cases.DEFAULTS, **changes}.items() if name.startswith("wiring.") and value]
    return any(len(TERMINALS[name]) == 5 and TERMINALS[name][3] in ("pcf8574", "tca9554", "ads1115") for name in wired)


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("name", UNITS)
def test_any_call_of_machine_may_raise(name, lasting):
    changes, timer = UNITS[name]
    well = Life(changes, timer)
    assert not well.problems and not well.errors
    by_itself = calls_of_each(changes, timer)
    built = well.calls.index(next(label for label in well.calls if ".read" in label and "@0x68" not in label))
    for number in range(well.faulty_calls):
        label = well.calls[number]

        def fails(n, called, number=number, label=label):
            return n == number or (lasting and n > number and called == label)

        ill = Life(changes, timer, fails)
        told = (name, number, label, ill.problems, ill.errors)
        may_suffer = {wire for wire, calls in by_itself.items() if label in calls}
        assert ill.problems or ill.errors, told
        for now, then in zip(ill.seen, well.seen, strict=True):
            for wire in now:
                if now[wire] != then[wire]:
                    assert wire in may_suffer, (wire, *told)
                    known = [NONE, *[at_some_time[wire] for at_some_time in well.seen]]  # turns on a bus may shift
                    assert wire in RELAYS or now[wire] in known, (wire, *told)
        for relay, level, wanted in zip(RELAYS, ill.off, well.off, strict=True):
            assert level == wanted or relay in may_suffer, (relay, *told)
        if not lasting and number >= built:
            assert ill.seen[-1] == well.seen[-1] and ill.off == well.off, told


def test_all_that_drivers_and_clock_may_call_has_been_called():
    met = set().union(*[Life(changes, timer).met for changes, timer in UNITS.values()])
    assert met == CALLS


def test_who_names_machine_in_the_firmware():
    """What is not here has no need to be made to raise.

    `WDT`: a watchdog that cannot be fed bites, which is what it is for. `reset` and `reset_cause` are no devices.
    `RTC.memory` copies bytes of the chip's own RAM (`restart`); on the road it is asked once, and again later if it
    raises (tests/board/test_raising.py). Networks (`SPI`, `UART`, `Pin`) are begun in `app._online`, whatever they say.
    """
    named = {}
    for path in sorted((FIRMWARE / "unit").rglob("*.py")):
        found = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "machine":
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Import) and "machine" in [alias.name for alias in node.names]:
                found.add("")
            elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("machine", "self._machine"):
                found.add(node.attr)
        if found:
            named[path.relative_to(FIRMWARE / "unit").as_posix()] = found - {""}
    for room in ("console/commands/operate.py", "console/commands/explain.py", "control/controller.py"):
        named.pop(room, None)  # machines of the plant
    assert named == {
        "app.py": {"WDT", "reset"},
        "clock.py": {"RTC"},
        "drivers/build.py": {"Pin", "ADC", "I2C", "UART", "Timer"},
        "restart.py": {"RTC", "reset_cause"},
        "safe_mode.py": {"WDT", "reset"},
        "uplink/net/cellular.py": {"UART", "Pin"},
        "uplink/net/ethernet.py": {"SPI", "Pin"},
    }


def test_safe_mode_goes_on_too(monkeypatch):
    monkeypatch.setattr(time, "ticks_ms", lambda: 0, raising=False)
    settings = {**cases.DEFAULTS, **PINS, "wiring.return_running": "", "lift.backup_run_s": 30}

    def life(fails=lambda number, label: False):
        machine = sys.modules["machine"] = Raising(True)
        for name in ("unit.safe_mode", "unit.restart"):
            sys.modules.pop(name, None)
        machine.fails = fails
        hardware.I2C.chips[0x24] = hardware.Registers(b"\xff")
        hardware.I2C.chips[0x22] = hardware.Registers(b"\xbf")  # the high float is up
        hardware.I2C.chips[0x48] = hardware.Ads1115Model([0, 0, 0, 0])
        unit = importlib.import_module("unit.safe_mode").SafeMode(settings, {"terminals": TERMINALS}, None)
        run, on = (0, 1800), []
        for _ in range(4):
            run = unit._second(run)
            on.append(getattr(hardware.Pin.made.get(25), "level", None))
        unit.io.all_off()
        return on, machine.calls, unit.io

    well, calls, _ = life()
    assert well == [1, 1, 1, 1]
    for number, label in enumerate(calls):
        on, _, io = life(lambda n, called, number=number: n == number)
        assert io.problems or cases.counted(io), label
        if "(25)" not in label and "I2C" not in label and "Pin(22)" not in label and "Pin(21)" not in label:
            assert on == well, label
    for name in ("unit.safe_mode", "unit.restart"):
        sys.modules.pop(name, None)
