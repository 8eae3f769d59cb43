"""The cabinet: which signal of the plant is at which terminal of this board, in levels, volts, registers and bytes."""

from collections.abc import Callable

from unit.control.basics import NONE
from unit.control.io import OUTPUT_NAMES, Inputs
from unit.drivers.build import curve
from unit.uplink.net.ethernet import CLOCK_OUT, PHYS, SPI_FROM

from host_tools.unitkit.unitfile import Unit

from . import devices
from .agenda import Agenda
from .memory import SharedMemory
from .modbus_line import ModbusLine
from .modem import Modem
from .shim import wire

_SWITCHES = ("float_high", "float_low", "mains", "p1_running", "p2_running", "blower_running", "return_running")
_DIRECT = 1  # level.signal, turbidity.signal
_RUNNING_UA = 12000  # of a current transformer whose motor runs
_REST_UA = 4000
_PULSE_US = 35_000  # S0: at least 30 ms (IEC 62053-31)
_MOST_PULSES = 25  # in a second
_CHIPS = {"pcf8574": devices.Pcf8574Chip, "tca9554": devices.Tca9554Chip, "ads1115": devices.Ads1115Chip}
# What `network` of MicroPython 1.26.1 calls them (ports/esp32/modnetwork.h).
_PHY_NUMBERS = {"LAN8710": 0, "LAN8720": 1, "IP101": 2, "RTL8201": 3, "DP83848": 4, "KSZ8041": 5, "KSZ8081": 6}
_W5500 = 102

Terminal = list[int | str]


class Wiring:
    """Connects a plant's signals to the terminals that the unit file wires them to.

    `i2c` and `uarts` are the board's devices by bus (and address), which this fills. `receive(uart, bytes, after_us)`
    lets bytes arrive there.
    """

    def __init__(
        self,
        unit: Unit,
        memory: SharedMemory,
        i2c: dict[tuple[int, int], devices.I2cDevice],
        uarts: dict[int, Callable[[bytes], None]],
        receive: Callable[[int, bytes, int], None],
        agenda: Agenda,
        now_us: Callable[[], int],
    ):
        self._memory = memory
        self._settings = unit.settings
        self._terminals = unit.board.terminals
        self._i2c = i2c
        self._uarts = uarts
        self._receive = receive
        self._agenda = agenda
        self._now_us = now_us
        self._lines: dict[int, ModbusLine] = {}
        self._apply: list[tuple[str, Callable[[int], None]]] = []
        self.modem: Modem | None = None
        self._network(now_us)
        memory.bytes[wire.PIN_IN : wire.PIN_IN + wire.N_PINS] = bytes([wire.FLOATING]) * wire.N_PINS
        self._relays = [self._relay(self._wired(name)) for name in OUTPUT_NAMES]
        for name in _SWITCHES:
            if terminal := self._wired(name):
                self._apply.append((name, self._switch(name, terminal)))
        for name in ("level", "turbidity"):
            if terminal := self._wired(name):
                self._apply.append((name, self._sensor(name, terminal)))
        if terminal := self._wired("energy"):
            self._apply.append(("energy_wh", self._meter(terminal)))
        pulses = terminal and terminal[0] == "input"
        # Modules of `shim/` that such a board does not need.
        self.unwired = tuple(name for name, there in (("interrupts", pulses), ("ppp", self.modem)) if not there)

    def relay(self, output: int) -> int:
        """1 while the contact of output `output` is closed: driven, and at its active level."""
        return self._relays[output]()

    def apply(self, inputs: Inputs) -> None:
        """Put the signals of a second on the terminals."""
        for name, put in self._apply:
            put(getattr(inputs, name))
        if self.modem:
            self.modem.second()

    def power_on(self) -> None:
        """The supply of the chips beside the processor comes back; a reset of the processor leaves them alone."""
        for device in self._i2c.values():
            device.power_on()

    def _network(self, now_us: Callable[[], int]) -> None:
        """The Ethernet chip as the board file has it, or a modem at the unit's uart."""
        memory = self._memory.bytes
        for kind, number, *pins in self._terminals.values():
            if kind == "ethernet" and int(number) >= SPI_FROM:
                wired = (*(int(pin) for pin in pins), 0, _W5500)
                memory[wire.LAN : wire.LAN + len(wired)] = bytes(wired)
            elif kind == "ethernet":
                mdc, mdio, clock, power = (int(pin) for pin in pins)
                mode = 3 if int(number) & CLOCK_OUT else 1
                phy = _PHY_NUMBERS[PHYS[int(number) >> 6]]
                wired = (mdc, mdio, power & 255, clock, mode, int(number) & 31, phy)
                memory[wire.LAN : wire.LAN + len(wired)] = bytes(wired)
        terminal = self._wired("network")
        if terminal and terminal[0] == "uart":
            bus = int(terminal[1])
            self.modem = Modem(
                lambda data, after_us: self._receive(bus, data, after_us),
                now_us,
                lambda: bool(memory[wire.LINK_UP]),
            )
            self._uarts[bus] = self.modem.write

    def _wired(self, name: str) -> Terminal | None:
        return self._terminals.get(str(self._settings.get(f"wiring.{name}", "")))

    def _chip(self, terminal: Terminal) -> devices.I2cDevice:
        """The chip of a terminal [kind, number, line, chip, address]."""
        bus = next((int(t[1]) for t in self._terminals.values() if t[0] == "i2c"), 0)
        return self._i2c.setdefault((bus, int(terminal[4])), _CHIPS[str(terminal[3])]())

    def _relay(self, terminal: Terminal | None) -> Callable[[], int]:
        if terminal is None:
            return lambda: 0
        active, place = int(terminal[1]), int(terminal[2])
        if len(terminal) == 5:
            chip = self._chip(terminal)
            return lambda: int(chip.outputs >> place & 1 == active)
        return lambda: int(self._memory.drives(place, active))

    def _switch(self, name: str, terminal: Terminal) -> Callable[[int], None]:
        if terminal[0] == "analog":
            loop = self._volts(terminal)
            ohm = int(terminal[1])
            return lambda state: loop(0 if state == NONE else (_RUNNING_UA if state else _REST_UA) * ohm / 1000)
        active, place = int(terminal[1]), int(terminal[2])
        if self._settings.get(name + ".contact", 0):
            active = 1 - active
        if len(terminal) == 5:
            chip = self._chip(terminal)
            return lambda state: chip.drive(place, 1 if state == NONE else active if state else 1 - active)
        return lambda state: self._memory.put_pin(
            place, wire.FLOATING if state == NONE else active if state else 1 - active
        )

    def _probe(self, name: str, terminal: Terminal, height_mm: int) -> Callable[[int], None]:
        bus = int(terminal[1])
        line = self._lines.get(bus) or ModbusLine(lambda data, after_us: self._receive(bus, data, after_us))
        self._lines[bus] = line
        self._uarts[bus] = line.write
        probe, address = self._settings[f"{name}.probe"], int(self._settings[f"{name}.modbus_address"])
        return line.add(address, str(probe), height_mm)

    def _meter(self, terminal: Terminal) -> Callable[[int], None]:
        if terminal[0] == "rs485":
            show = self._probe("energy", terminal, 0)
            return lambda wh: show(NONE if wh == NONE else wh // 10)  # the scale of probes.txt
        active, pin = int(terminal[1]), int(terminal[2])
        per_kwh = int(self._settings["energy.pulses_per_kwh"])
        before = NONE  # pulses of the total that it showed a second ago; none while it is missing

        def contact(level: int) -> bool:
            self._memory.put_pin(pin, level)
            return True

        def pulse(wh: int) -> None:
            nonlocal before
            total = NONE if wh == NONE else wh * per_kwh // 1000
            new = total - before if NONE not in (total, before) else 0
            before = total
            for i in range(new if new < _MOST_PULSES else 0):  # more are no pulses, but another meter's total
                at_us = self._now_us() + i * 1_000_000 // new
                self._agenda.add(at_us, lambda: contact(active))
                self._agenda.add(at_us + _PULSE_US, lambda: contact(1 - active))

        contact(1 - active)
        return pulse

    def _sensor(self, name: str, terminal: Terminal) -> Callable[[int], None]:
        kind, direct = terminal[0], self._settings[f"{name}.signal"] == _DIRECT
        height_mm = int(self._settings["level.mount_height_mm"]) if name == "level" else 0
        if kind == "rs485":
            return self._probe(name, terminal, height_mm)
        if kind == "uart":
            bus = int(terminal[1])
            return lambda mm: self._receive(bus, devices.a02yyuw_frame(NONE if mm == NONE else height_mm - mm), 0)
        loop = self._volts(terminal)
        if not direct:
            return lambda microampere: loop(0 if microampere == NONE else microampere * int(terminal[1]) / 1000)
        points = curve("ts300b")
        clear_mv, permille = int(self._settings["turbidity.clear_mv"]), int(self._settings["turbidity.divider_ratio"])
        return lambda ntu: loop(0 if ntu == NONE else (clear_mv - devices.along(points, ntu)) * 1000 / permille)

    def _volts(self, terminal: Terminal) -> Callable[[float], None]:
        place = int(terminal[2])
        if len(terminal) == 5:
            chip = self._chip(terminal)
            return lambda millivolt: chip.put_mv(place, millivolt)
        return lambda millivolt: self._memory.put_adc(place, millivolt)
