"""The host's end of the shared memory; its places are named in `shim/wire.py`."""

import mmap
import os
import struct
from typing import NamedTuple

from .shim import wire

_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")
_U16 = struct.Struct("<H")


class ChipFigures(NamedTuple):
    """Bytes of the chip: of MicroPython's heap, of ESP-IDF's memory within the chip. In the order of `wire`."""

    heap: int  # tables included
    heap_growths: int  # a number
    heap_most_used: int  # after a collection
    idf_free: int
    idf_largest: int
    idf_least_free: int


class SharedMemory:
    """A stretch of memory that the virtual machine has mapped too; `fd` is what it maps."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("qingxi-board", 0)
        os.ftruncate(self.fd, wire.SIZE)
        self.bytes = mmap.mmap(self.fd, wire.SIZE)
        self.power_on()

    def close(self) -> None:
        self.bytes.close()
        os.close(self.fd)

    def make(self, chip: str, vref: bool, speed: float | None, ticks_start_ms: int) -> None:
        """What stays for the life of a board; see `VirtualBoard`."""
        self.put_u32(wire.TICKS_START_MS, ticks_start_ms)
        self.bytes[wire.MODE] = wire.VIRTUAL if speed is None else wire.WALL
        self.bytes[wire.FREQ_MHZ] = 160
        self.bytes[wire.CHIP] = int(chip == "esp32s3")
        self.bytes[wire.NO_VREF] = int(not vref)
        self.bytes[wire.UNIQUE_ID : wire.UNIQUE_ID + 6] = b"\x24\x0a\xc4\x00\x00\x01"
        self.bytes[wire.LINK_UP] = 1
        self.put_u32(wire.SPEED_PERMILLE, round((speed or 1.0) * 1000))

    def power_on(self) -> None:
        """Everything that loses its content with the power."""
        self.bytes[wire.RTC_MEMORY : wire.RTC_MEMORY + 2050] = bytes(2050)
        self.put_u32(wire.PIN_LOG_COUNT, 0)
        self.put_u64(wire.RTC_OFFSET_S, 0)
        self.hard_reset()

    def hard_reset(self) -> None:
        """Everything that a reset of the chip clears: pins float, the watchdog stops, received bytes are gone."""
        self.bytes[wire.PIN_OUT : wire.PIN_OUT + wire.N_PINS] = bytes(wire.N_PINS)
        self.bytes[wire.PIN_MODE : wire.PIN_MODE + wire.N_PINS] = bytes(wire.N_PINS)
        self.bytes[wire.WIFI_ON] = self.bytes[wire.TLS_ENDED] = 0
        self.bytes[wire.HEAP_BYTES : wire.HEAP_BYTES + wire.CHIP_WORDS] = bytes(wire.CHIP_WORDS)
        self.put_u32(wire.WDT_TIMEOUT_MS, 0)
        for uart in range(wire.N_UARTS):
            at = wire.UART_RX + uart * wire.UART_RX_STRIDE
            self.bytes[at : at + 4] = bytes(4)

    def chip_figures(self) -> ChipFigures:
        """The memory of the chip since its last reset; all 0 where the board plays none."""
        return ChipFigures(*(self.u32(at) for at in range(wire.HEAP_BYTES, wire.PSRAM_FREE, 4)))

    def u32(self, at: int) -> int:
        return _U32.unpack_from(self.bytes, at)[0]

    def put_u32(self, at: int, value: int) -> None:
        _U32.pack_into(self.bytes, at, value)

    def u64(self, at: int) -> int:
        return _U64.unpack_from(self.bytes, at)[0]

    def put_u64(self, at: int, value: int) -> None:
        _U64.pack_into(self.bytes, at, value & 0xFFFFFFFFFFFFFFFF)

    def drives(self, pin: int, active: int) -> bool:
        """Whether the pin is an output at level `active`."""
        return self.bytes[wire.PIN_MODE + pin] == 3 and self.bytes[wire.PIN_OUT + pin] == active

    def put_pin(self, pin: int, level: int) -> None:
        if level != self.bytes[wire.PIN_IN + pin] and level != wire.FLOATING:
            edge = wire.PIN_EDGES + 2 * pin + level
            self.bytes[edge] = self.bytes[edge] + 1 & 255
        self.bytes[wire.PIN_IN + pin] = level

    def put_adc(self, pin: int, millivolt: float) -> None:
        """Put a voltage on an analog pin: the converter makes a count of it, its calibration makes mV of that again.

        12 bits at 11 dB: 142 mV at the count 0 and 0.803 mV a count, the straight part of a typical ESP32's curve
        (ADC calibration driver of ESP-IDF).
        """
        count = min(4095, max(0, round((millivolt - 142) / 0.803)))
        _U16.pack_into(self.bytes, wire.ADC_RAW + 2 * pin, count)
        _U16.pack_into(self.bytes, wire.ADC_MV + 2 * pin, int(count * 0.803 + 142))

    def receive(self, uart: int, data: bytes) -> None:
        """Put bytes into a UART's receive ring; what finds no room is lost, as on the chip."""
        at = wire.UART_RX + uart * wire.UART_RX_STRIDE
        written, read = _U16.unpack_from(self.bytes, at)[0], _U16.unpack_from(self.bytes, at + 2)[0]
        for byte in data[: wire.UART_RX_SIZE - (written - read & 0xFFFF)]:
            self.bytes[at + 4 + written % wire.UART_RX_SIZE] = byte
            written += 1
        _U16.pack_into(self.bytes, at, written & 0xFFFF)

    def pin_log(self) -> list[tuple[int, int, int]]:
        """(pin, mode, level) of the pin writes since the power came on, oldest first; the newest 1024 of them."""
        count = self.u32(wire.PIN_LOG_COUNT)
        found = []
        for i in range(max(0, count - wire.PIN_LOG_ENTRIES), count):
            at = wire.PIN_LOG + 2 * (i % wire.PIN_LOG_ENTRIES)
            found.append((self.bytes[at], self.bytes[at + 1] >> 1, self.bytes[at + 1] & 1))
        return found
