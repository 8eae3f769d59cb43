"""RS-485 probes behind a UART: frames and checksums are pymodbus's, an implementation that is not ours."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse, ReadInputRegistersResponse
from unit.catalogue.tables import rows
from unit.control.basics import NONE

_THINKS_US = 20_000  # from the end of the question to the beginning of the answer
_NO_SUCH_REGISTER = 2
_RESPONSES = {3: ReadHoldingRegistersResponse, 4: ReadInputRegistersResponse}
_ORDERS = {"abcd": (0, 1, 2, 3), "cdab": (2, 3, 0, 1), "badc": (1, 0, 3, 2), "dcba": (3, 2, 1, 0)}


@dataclass
class _Probe:
    """A line of probes.txt as the probe's maker sees it; `value` is in its scale there, NONE while it is mute."""

    quantity: str
    baud: int
    function: int
    first: int
    count: int
    at: int
    kind: str
    scale: float
    height_mm: int
    value: int = NONE

    def registers(self) -> list[int]:
        """What it holds now."""
        number, _, order = self.kind.partition(" ")
        above_mm = self.value - self.height_mm
        shown = (-above_mm if self.quantity == "distance" else above_mm) / self.scale
        if number == "f32":
            raw = struct.pack(">f", shown)
        else:
            bits = int(number[1:])
            raw = (round(shown) & (1 << bits) - 1).to_bytes(bits // 8, "big")  # of a number too large the low bits
        if len(raw) == 4:
            # Byte i of the value, from the most significant on, travels at place order[i].
            placed = bytearray(4)
            for byte, place in zip(raw, _ORDERS[order or "abcd"], strict=True):
                placed[place] = byte
            raw = bytes(placed)
        found = [0] * self.count
        for i in range(len(raw) // 2):
            found[self.at + i] = int.from_bytes(raw[2 * i : 2 * i + 2], "big")
        return found


class ModbusLine:
    """One bus. `send(bytes, after_us)` puts an answer on the wire."""

    def __init__(self, send: Callable[[bytes, int], None]):
        self._send = send
        self._framer = FramerRTU(DecodePDU(True))
        self._probes: dict[int, _Probe] = {}

    def add(self, address: int, probe: str, height_mm: int) -> Callable[[int], None]:
        """Connect a probe of a kind of probes.txt; the function returned gives it its value of this second."""
        row = next(row for row in rows("probes") if row[0] == probe)
        top, _, bottom = row[8].partition("/")
        numbers = (int(row[2]), int(row[3]), int(row[4], 16), int(row[5]), int(row[6]))
        made = _Probe(row[1], *numbers, row[7], int(top) / int(bottom or 1), height_mm)
        self._probes[address] = made

        def put(value: int) -> None:
            made.value = value

        return put

    def write(self, data: bytes) -> None:
        """The board has sent these bytes: a request is always sent in one piece."""
        _, request = self._framer.handleFrame(bytes(data), 0, 0)
        if request is None or (probe := self._probes.get(request.dev_id)) is None or probe.value == NONE:
            return
        response = _RESPONSES.get(request.function_code)
        offset = getattr(request, "address", 0) - probe.first
        count = getattr(request, "count", 0)
        if request.function_code != probe.function or response is None or offset < 0 or offset + count > probe.count:
            answer = self._framer.buildFrame(
                ExceptionResponse(request.function_code, _NO_SUCH_REGISTER, device_id=request.dev_id)
            )
        else:
            registers = probe.registers()[offset : offset + count]
            answer = self._framer.buildFrame(response(registers=registers, dev_id=request.dev_id))
        wire_us = (len(data) + len(answer)) * 10_000_000 // probe.baud
        self._send(answer, wire_us + _THINKS_US)
