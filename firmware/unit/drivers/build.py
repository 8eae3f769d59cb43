"""From a board's terminals and a unit's wiring to its drivers.

Needed once a start, so an app may forget this module afterwards; and a driver that nothing is wired to is not loaded:
bytecode lives in the heap.
"""

from ..catalogue.tables import rows
from ..control.basics import const
from .analog import Current, PinVolts
from .io import NAMES, Io
from .switch import Switch

_LEVEL = const(0)
_TURBIDITY = const(1)
_ENERGY = const(9)
_OUTPUT_NAMES = ("p1", "p2", "blower", "return")

# What may be wrong with a wire; the words stand in wiring_problems.txt.
NO_TERMINAL = "no_terminal"
WRONG_KIND = "wrong_kind"
BAD_PIN = "bad_pin"
NO_CHIP = "no_chip"
NO_PROBE = "no_probe"
MIXED_BAUD = "mixed_baud"

_DIRECT = const(1)  # level.signal and turbidity.signal
_METER_WH = const(10)  # the scale of an energy meter in probes.txt
_METER_MS = const(9900)  # it moves slowly, and others wait for the same bus
_I2C_HZ = const(100_000)
_I2C_TIMEOUT_US = const(5_000)


class _Wrong(Exception):
    """A wire that cannot be; its argument is the problem's code."""


class _Builder:
    """Makes each bus, chip and pin once, however many wires share it."""

    def __init__(self, board, settings, machine, ticks_ms) -> None:
        self._terminals = board["terminals"]
        self._settings = settings
        self._machine = machine
        self._ticks_ms = ticks_ms
        self._shared: dict = {}
        self.io = Io()

    def build(self) -> Io:
        io = self.io
        if self._first("i2c"):
            io.clock = self._made("clock", self._clock)
        for name in _OUTPUT_NAMES:
            relay = self._wire(name, self._relay)
            io.relays.append(relay if relay else [None, 1])
        for i, name in enumerate(NAMES):
            driver = self._wire(name, self._maker(i))
            if driver:
                io.inputs[i] = driver
        return io

    def _maker(self, i: int):
        if i == _LEVEL:
            return self._level
        if i == _TURBIDITY:
            return self._turbidity
        return self._energy if i == _ENERGY else self._switch

    def _wire(self, name: str, make):
        terminal_name = self._settings.get("wiring." + name, "")
        if not terminal_name:
            return None
        terminal = self._terminals.get(terminal_name)
        if terminal is None:
            self.io.problems.append((name, NO_TERMINAL))
            return None
        return self._made(name, make, name, terminal)

    def _made(self, name: str, make, *what):
        """What `make` makes of `what`; None, and a line in `Io.problems`, for a wire that cannot be."""
        try:
            return make(*what)
        except _Wrong as e:
            self.io.problems.append((name, e.args[0]))
        except (ValueError, TypeError, KeyError, IndexError, OSError, RuntimeError):
            # What `machine` says to a pin, bus or converter that the chip lacks, and what a spoilt board file leads to.
            self.io.problems.append((name, BAD_PIN))
        return None

    def _once(self, key, make):
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]

    def _first(self, kind: str):
        for terminal in self._terminals.values():
            if terminal[0] == kind:
                return terminal
        return None

    # Buses and chips.

    def _clock(self):
        from .ds3231 import Ds3231

        return Ds3231(self._i2c())

    def _i2c(self):
        terminal = self._first("i2c")
        if not terminal:
            raise _Wrong(NO_CHIP)
        machine = self._machine
        _, bus, scl, sda = terminal
        return self._once(
            "i2c",
            lambda: machine.I2C(bus, scl=machine.Pin(scl), sda=machine.Pin(sda), freq=_I2C_HZ, timeout=_I2C_TIMEOUT_US),
        )

    def _chip(self, terminal):
        """The chip of a terminal [kind, number, line, chip, address]."""
        kind, active, _, name, address = terminal
        chip = self._once((name, address), lambda: self._make_chip(kind, name, address, 1 - active))
        chips = self.io.in_chips if kind == "input" else self.io.out_chips
        if kind != "analog" and chip not in chips:
            chips.append(chip)
        return chip

    def _make_chip(self, kind: str, name: str, address: int, idle: int):
        """`idle` is the level of the lines that nothing is wired to."""
        if kind == "analog" and name == "ads1115":
            from .ads1115 import Ads1115

            return Ads1115(self._i2c(), address)
        if kind in ("input", "relay") and name == "pcf8574":
            from .expander import Pcf8574

            return Pcf8574(self._i2c(), address, 0xFF if kind == "input" else 0xFF * idle)
        if kind == "relay" and name == "tca9554":
            from .expander import Tca9554

            return Tca9554(self._i2c(), address, 0xFF * idle)
        registers = self._first("hc595")
        if kind == "relay" and name == "hc595" and registers:
            from .expander import Hc595

            _, lines, data, clock, latch = registers
            pin = self._machine.Pin
            return Hc595(pin(data, pin.OUT), pin(clock, pin.OUT), pin(latch, pin.OUT), lines, ((1 << lines) - 1) * idle)
        raise _Wrong(NO_CHIP)

    def _volts(self, terminal):
        if len(terminal) == 5:
            return self._chip(terminal).channel(terminal[2])
        machine = self._machine
        return PinVolts(machine.ADC(machine.Pin(terminal[2]), atten=machine.ADC.ATTN_11DB))

    def _uart(self, terminal, baud: int):
        return self._machine.UART(terminal[1], baudrate=baud, tx=terminal[2], rx=terminal[3], timeout=0)

    def _bus(self, terminal, baud: int):
        bus = self._once(("rs485", terminal[1]), lambda: self._make_bus(terminal, baud))
        if bus.baud != baud:
            raise _Wrong(MIXED_BAUD)
        return bus

    def _make_bus(self, terminal, baud: int):
        from .modbus import Bus

        machine = self._machine
        direction = timer = None
        if len(terminal) > 4 and terminal[4] >= 0:
            direction = machine.Pin(terminal[4], machine.Pin.OUT, value=0)
            # Timer 0 is what an ESP32's UART takes to notice that a modem pauses.
            timer = machine.Timer(1) if hasattr(machine, "Timer") else None
        return Bus(self._uart(terminal, baud), baud, direction, timer)

    # What stands at the end of a wire.

    def _relay(self, name: str, terminal):
        if terminal[0] != "relay":
            raise _Wrong(WRONG_KIND)
        active = terminal[1]
        if len(terminal) == 5:
            pin = self._chip(terminal).bit(terminal[2])
            pin.value(1 - active)
        else:
            pin = self._machine.Pin(terminal[2], self._machine.Pin.OUT, value=1 - active)
        return [pin, active]

    def _input_pin(self, terminal):
        if len(terminal) == 5:
            return self._chip(terminal).bit(terminal[2])
        pin = self._machine.Pin
        return pin(terminal[2], pin.IN, pin.PULL_DOWN if terminal[1] else pin.PULL_UP)

    def _switch(self, name: str, terminal):
        if name.startswith("float_") and not self._settings[name + ".fitted"]:
            return None
        if name == "mains" and not self._settings["mains.sensed"]:
            return None
        if terminal[0] == "analog" and name.endswith("_running"):
            from .current_switch import CurrentSwitch

            return CurrentSwitch(Current(self._volts(terminal), terminal[1]), self._settings["inputs.running_ma"] * 100)
        if terminal[0] != "input":
            raise _Wrong(WRONG_KIND)
        active = terminal[1]
        if self._settings.get(name + ".contact", 0):  # a contact that opens when its time has come
            active = 1 - active
        return Switch(self._input_pin(terminal), active, self._settings["inputs.debounce_ms"])

    def _energy(self, name: str, terminal):
        if terminal[0] == "rs485":
            meter = self._probe(name, terminal, (name,), 0)
            meter.factor = _METER_WH
            meter.period_ms = _METER_MS
            return meter
        if terminal[0] != "input" or len(terminal) == 5:
            raise _Wrong(WRONG_KIND)
        from .pulses import PulseCounter

        pin = self._machine.Pin
        edge = pin.IRQ_RISING if terminal[1] else pin.IRQ_FALLING
        return PulseCounter(self._input_pin(terminal), edge, self._ticks_ms, self._settings["energy.pulses_per_kwh"])

    def _level(self, name: str, terminal):
        direct = self._settings["level.signal"] == _DIRECT
        height_mm = self._settings["level.mount_height_mm"]
        if terminal[0] == "rs485" and direct:
            return self._probe("level", terminal, ("level", "distance"), height_mm)
        if terminal[0] == "uart" and direct:
            from .ultrasonic import BAUD, A02yyuw

            return A02yyuw(self._uart(terminal, BAUD), height_mm)
        if terminal[0] == "analog" and not direct:
            return Current(self._volts(terminal), terminal[1])
        raise _Wrong(WRONG_KIND)

    def _turbidity(self, name: str, terminal):
        direct = self._settings["turbidity.signal"] == _DIRECT
        if terminal[0] == "rs485" and direct:
            return self._probe("turbidity", terminal, ("turbidity",), 0)
        if terminal[0] == "analog":
            volts = self._volts(terminal)
            if not direct:
                return Current(volts, terminal[1])
            from .falling import FallingTurbidity

            clear_mv = self._settings["turbidity.clear_mv"]
            return FallingTurbidity(volts, curve("ts300b"), clear_mv, self._settings["turbidity.divider_ratio"])
        raise _Wrong(WRONG_KIND)

    def _probe(self, sensor: str, terminal, quantities, zero: int):
        from .modbus import Probe
        from .registers import find as find_map

        probe_map = find_map(self._settings[sensor + ".probe"])
        if probe_map is None or probe_map.quantity not in quantities:
            raise _Wrong(NO_PROBE)
        bus = self._bus(terminal, probe_map.baud)
        factor = -1 if probe_map.quantity == "distance" else 1
        return Probe(bus, self._settings[sensor + ".modbus_address"], probe_map, zero, factor)


def curve(name: str):
    """The points of a line of curves.txt: a tuple of (mV lost, 0.1 NTU). KeyError if there is none."""
    for row in rows("curves"):
        if row[0] == name:
            return tuple(tuple(int(number) for number in point.split(":")) for point in row[1].split())
    raise KeyError(name)


def build(board, settings, machine, ticks_ms) -> Io:
    """The drivers of a unit.

    `board` is the compact form of a board file: {"terminals": {name: [kind, number, pins...]}}, or for a line of a chip
    [kind, number, line, chip, address]. `settings` is the full mapping of `settings.check`. `machine` is the module of
    that name, `ticks_ms` that of `time`. A wire that cannot be is left out and named in `Io.problems`.
    """
    return _Builder(board, settings, machine, ticks_ms).build()
