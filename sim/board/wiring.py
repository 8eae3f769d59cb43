"""The cabinet: which signal of the plant is on which pin of this board, in volts and levels."""

from unit.control.basics import NONE
from unit.control.io import OUTPUT_NAMES, Inputs

from host_tools.unitfile import Unit

from .memory import SharedMemory
from .shim import wire

_SWITCHES = ("float_high", "float_low", "mains", "p1_running", "p2_running", "blower_running", "return_running")
_ANALOG = ("level", "turbidity")


class Wiring:
    """Connects a plant's signals to the pins that the unit file wires them to."""

    def __init__(self, unit: Unit, memory: SharedMemory):
        self._memory = memory
        terminals = unit.board.terminals

        def wired(role: str, kind: str) -> list[int] | None:
            terminal = terminals.get(str(unit.settings.get(f"wiring.{role}", "")))
            return [int(n) for n in terminal[1:]] if terminal and terminal[0] == kind else None

        self._relays = [wired(name, "relay") for name in OUTPUT_NAMES]
        self._switches = [(name, pins) for name in _SWITCHES if (pins := wired(name, "input"))]
        self._loops = [(name, pins) for name in _ANALOG if (pins := wired(name, "analog"))]
        memory.bytes[wire.PIN_IN : wire.PIN_IN + wire.N_PINS] = bytes([wire.FLOATING]) * wire.N_PINS

    def relay(self, output: int) -> int:
        """1 while the contact of output `output` is closed: driven, and at its active level."""
        relay = self._relays[output]
        return int(relay is not None and self._memory.drives(relay[1], relay[0]))

    def apply(self, inputs: Inputs) -> None:
        """Put the signals of a second on the pins."""
        memory = self._memory
        for name, (active, pin) in self._switches:
            state = getattr(inputs, name)
            memory.put_pin(pin, wire.FLOATING if state == NONE else active if state else 1 - active)
        for name, (shunt_ohm, pin) in self._loops:
            microampere = getattr(inputs, name)
            memory.put_adc(pin, 0 if microampere == NONE else microampere * shunt_ohm / 1000)
