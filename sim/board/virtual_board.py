"""The virtual board: the host that keeps time, flash, pins and plant for one virtual machine, and starts it again.

The machine asks, the host answers: see `shim/wire.py`. In virtual time the clock moves only while the machine waits, so
that every run is the same; at wall speed the clock is the computer's.
"""

import os
import select
import socket
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from host_tools.unitkit import partitions
from host_tools.unitkit.errors import SurroundingsFailed
from host_tools.unitkit.fsimage import firmware_image
from host_tools.unitkit.unitfile import Unit

from . import vm
from .agenda import NEVER_US, Agenda
from .broker import provision
from .devices import I2cDevice
from .flash_file import FlashFile
from .memory import SharedMemory
from .plant import Plant
from .serial_port import SerialPort
from .shim import wire
from .vm import DEFAULT_HEAP_BYTES
from .wiring import Wiring

PWRON, HARD, WDT, SOFT = 1, 2, 3, 5
_BOOT_US = 300_000  # from reset to boot.py, about what an ESP32 needs
_LOOK_ROUND = 64  # requests between two looks at the terminals
_PATIENCE_S = 0.02
_REQUEST = struct.Struct(wire.REQUEST)
_ANSWER = struct.Struct(wire.ANSWER)


class VirtualBoard:
    """One board with its flash file, serial port and plant. `run()` is its life.

    `speed` None is virtual time, else virtual seconds a wall second. `log` gets a line for everything that happens to
    the board from outside: power, resets, watchdog. `chip`: whose memory it has, one of `chips.CHIPS`, or "" for
    `heap_bytes` that do not grow and a network that takes nothing. `vref`: the eFuse holds a reference voltage.
    """

    scripts = ""  # of a bench: what they name of the stand-ins for the chip keeps its name
    stepping = (-1, "")  # see `stepped`
    prompt_s = _PATIENCE_S  # of virtual time, that pass at the prompt each time that nobody has typed for _PATIENCE_S

    def __init__(
        self,
        unit: Unit,
        flash_path: Path,
        link: str | None = None,
        plant: Plant | None = None,
        speed: float | None = 1.0,
        heap_bytes: int = DEFAULT_HEAP_BYTES,
        ticks_start_ms: int = 0,
        log: Callable[[str], None] = lambda line: None,
        chip: str = "",
        vref: bool = True,
    ):
        self.unit = unit
        self.plant = plant
        self.speed = speed
        self.now_us = 0
        self.stop_us: int | None = None
        self.has_power = True
        self.starts = 0
        self.requests = 0
        self.log = log
        self.agenda = Agenda()
        self.memory = SharedMemory()
        self.flash = FlashFile(flash_path, unit.board.flash_mb << 20)
        if self.flash.is_new:
            self._flash_firmware()
        self.i2c: dict[tuple[int, int], I2cDevice] = {}
        self.uarts: dict[int, Callable[[bytes], None]] = {}
        self.wiring = Wiring(unit, self.memory, self.i2c, self.uarts, self.receive, self.agenda, lambda: self.now_us)
        self.serial = SerialPort(link)
        self._chip = chip
        self._heap_bytes = vm.chip_heap_bytes(chip) if chip else heap_bytes
        self._process: subprocess.Popen | None = None
        self._wire: socket.socket | None = None
        self._request = bytearray(wire.REQUEST_SIZE)
        self._stopping = False
        self._at_prompt = False
        self._hang = vm.HangWatch()
        self.memory.make(unit.board.chip, vref, speed, ticks_start_ms)
        self._base_us = time.monotonic_ns() // 1000
        self.memory.put_u64(wire.WALL_BASE_US, self._base_us)
        if plant is not None:
            plant.connect(self)
            self.agenda.add(0, self._second)

    def _flash_firmware(self) -> None:
        table = partitions.of_board(self.unit.board)
        self.flash.flash_tool_write(partitions.TABLE_AT, partitions.encode(table))
        self.flash.flash_tool_write(partitions.named(table, "vfs").at, firmware_image(self.unit))

    def connect(self, broker: tuple[str, int]) -> None:
        """Have the unit on the flash talk to the broker at (numeric address, port)."""
        provision(self.flash, *broker)
        self.memory.bytes[wire.BROKER : wire.BROKER + 4] = socket.inet_aton(broker[0])

    # --- life

    def run(self, until_s: float | None = None) -> None:
        """Power on and live until `until_s` of virtual time, or until `stop()`."""
        self.stop_us = None if until_s is None else round(until_s * 1e6)
        if self.speed is None and hasattr(os, "sched_setaffinity"):
            # The two processes take turns; on one core the turn costs a fifth.
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        try:
            self._start(PWRON)
            while not self._stopping:
                self._live()
        finally:
            self._kill()
            self.serial.pump()
            self.serial.close()

    def close(self) -> None:
        """Give back what the operating system has lent; the board cannot be used any more. For thousands of boards."""
        self.serial.close()
        self.serial.close_terminals()
        self.memory.close()
        self.flash.close()

    def stop(self) -> None:
        """End `run()` soon; may be called from a signal handler."""
        self._stopping = True

    def power_cut(self) -> None:
        """The supply fails: the machine is gone within this very moment."""
        self.has_power = False
        self._kill()
        self.memory.power_on()
        self.wiring.power_on()

    def power_on(self) -> None:
        """The supply is back."""
        self.has_power = True
        self._start(PWRON)

    @property
    def shim_heap_bytes(self) -> int:
        """What the modules that stand in for the chip take of the machine's heap; an ESP32 has them in its flash."""
        return self.memory.u32(wire.SHIM_HEAP)

    def _start(self, cause: int) -> None:
        memory = self.memory
        if cause != SOFT:
            memory.hard_reset()
            self._advance_silently(_BOOT_US)
            if not self.has_power:
                return  # cut again in the meantime
        raw = cause == SOFT and self.serial.is_raw
        memory.bytes[wire.RESET_CAUSE] = cause
        memory.bytes[wire.SKIP_MAIN] = int(raw)
        memory.put_u64(wire.START_US, self.now_us)
        memory.put_u64(wire.HORIZON_US, 0)
        self.serial.machine_starts()
        self._wire, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", 0, round(_PATIENCE_S * 1e6)))
        lent = (memory.fd, self.flash.path, end, self.serial.terminal)
        self._process = vm.spawn(self._heap_bytes, *lent, self.wiring.unwired, self.scripts, self._chip, self.stepping)
        end.close()
        self.starts += 1
        self._at_prompt = False

    def _kill(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _reset(self, cause: int, why: str) -> None:
        self.log(f"{self.now_us / 1e6:.3f} s: reset, {why}")
        self._kill()
        self._start(cause)

    def _ended(self) -> None:
        """The machine's program ended by itself: a soft reset, or a crash of the interpreter."""
        assert self._process is not None
        code = self._process.wait()
        self.serial.pump()
        if code < 0:
            self._reset(HARD, f"the virtual machine died of signal {-code}")
            return
        self._soft_reset()

    def _soft_reset(self) -> None:
        self._kill()
        self.serial.pump()
        self.serial.show(b"MPY: soft reboot\r\n")
        self._start(SOFT)

    # --- the loop

    def _live(self) -> None:
        if self._wire is None:
            self._dark_second()
        elif self.speed is None:
            self._live_virtual(self._wire)
        else:
            self._live_wall(self._wire)

    def _live_virtual(self, wire_end: socket.socket) -> None:
        """Requests one after the other; between them, now and then, a look at the terminals."""
        for _ in range(_LOOK_ROUND):
            try:
                n = wire_end.recv_into(self._request)
            except BlockingIOError:
                self._quiet(wire_end)
                break
            except ConnectionResetError:
                n = 0
            if n == 0:
                self._ended()
                break
            self._answer()
            if self._wire is not wire_end or self._stopping:
                break
        while self.serial.pump():
            pass

    def _quiet(self, wire_end: socket.socket) -> None:
        """Nothing asked for a while: the machine works, waits at its prompt for somebody who types, or hangs."""
        if self._at_prompt:
            select.select([self.serial.user_fd, self.serial.machine_fd, wire_end.fileno()], [], [], _PATIENCE_S)
            self._advance_silently(round(self.prompt_s * 1e6))
        elif self.memory.u32(wire.WDT_TIMEOUT_MS) and self._hang.hangs(self._process, self.requests):
            self._bite()

    def _dark_second(self) -> None:
        """Without power only the plant goes on."""
        self._advance_silently(1_000_000)
        if self.speed is not None:
            time.sleep(1 / self.speed)

    def _live_wall(self, wire_end: socket.socket) -> None:
        wait_s = min(0.5, max(0.0, (self.agenda.next_us - self._clock_us()) / 1e6 / (self.speed or 1)))
        overdue = self.now_us > self._bite_us()
        if self.serial.waits or overdue:
            wait_s = min(wait_s, _PATIENCE_S if overdue else 0.005)
        fds = [wire_end.fileno(), self.serial.user_fd, self.serial.machine_fd]
        ready, _, _ = select.select(fds, [], [], wait_s)
        self._advance_silently(self._clock_us() - self.now_us)
        if self._wire is not wire_end:
            return  # reset meanwhile
        if fds[0] in ready:
            try:
                n = wire_end.recv_into(self._request)
            except ConnectionResetError:
                n = 0
            if n == 0:
                self._ended()
                return
            self._answer()
        fed_us = self.memory.u64(wire.WDT_FED_US)
        # The clock goes on when the computer has no time for the machine.
        if overdue and self.now_us > self._bite_us() and self._hang.hangs(self._process, fed_us, idle=not ready):
            self._bite()
        self.serial.pump()

    def _clock_us(self) -> int:
        return int((time.monotonic_ns() // 1000 - self._base_us) * (self.speed or 1.0))

    # --- time

    def _advance_silently(self, by_us: int) -> None:
        """Let time pass while the machine does not wait for it."""
        until_us = self.now_us + max(0, by_us)
        while (event := self.agenda.pop(until_us)) is not None:
            self.now_us, action = event
            action()
        self.now_us = max(self.now_us, until_us)
        if self.speed is None and self.now_us > self._bite_us() and self._process is not None:
            self._bite()

    def _advance(self, until_us: int) -> bool:
        """Let time pass up to `until_us`, or to the first event that may wake the machine; False if it is gone."""
        limit_us = min(until_us, self._bite_us())
        while (event := self.agenda.pop(limit_us)) is not None:
            self.now_us, action = event
            wakes = action()
            if self._stopping or self._wire is None:
                return False
            if wakes:
                return True
        self.now_us = max(self.now_us, limit_us)
        if limit_us < until_us:
            self._bite()
            return False
        return True

    def _second(self) -> bool:
        """The plant's second: relays as they are now, signals as they are after it."""
        second = self.now_us // 1_000_000
        self.agenda.add((second + 1) * 1_000_000, self._second)
        assert self.plant is not None
        self.plant.second(second)
        if self.stop_us is not None and self.now_us >= self.stop_us:
            self._stopping = True
        return False

    def _bite_us(self) -> int:
        timeout_ms = self.memory.u32(wire.WDT_TIMEOUT_MS)
        return self.memory.u64(wire.WDT_FED_US) + timeout_ms * 1000 if timeout_ms else NEVER_US

    def _horizon_us(self) -> int:
        """Until when the machine may pass time without asking: nothing happens to it before."""
        return min(self.agenda.next_us, self._bite_us(), self.now_us + 1_000_000)

    def _bite(self) -> None:
        self._reset(WDT, "the watchdog was not fed")

    # --- requests

    def _answer(self) -> None:
        op, sequence, _, a, b = _REQUEST.unpack(self._request)
        self.requests += 1
        if op == wire.ADVANCE:
            if not self._advance(b):
                return
            self.memory.put_u64(wire.NOW_US, self.now_us)
            result = 0
        elif op == wire.RESET:
            if a == SOFT:
                self._soft_reset()
            else:
                self._reset(a, "the firmware asked for it")
            return
        else:
            self.now_us = max(self.now_us, self.memory.u64(wire.NOW_US))
            result = self._do(op, a, b)
        if self._wire is not None:
            if self.speed is None:
                self.memory.put_u64(wire.HORIZON_US, self._horizon_us())
            self._wire.send(_ANSWER.pack(sequence, 0, 0, result))

    def _do(self, op: int, a: int, b: int) -> int:
        data = self.memory.bytes
        if op == wire.PROGRAM:
            self.flash.program(a, data[wire.DATA : wire.DATA + b])
        elif op == wire.ERASE:
            self.flash.erase(a)
        elif op == wire.UART_WRITE:
            if a in self.uarts:
                self.uarts[a](data[wire.DATA : wire.DATA + b])
        elif op == wire.I2C:
            device = self.i2c.get((a >> 16, a >> 8 & 0xFF))
            written = b >> 16
            answer = device.transfer(data[wire.DATA : wire.DATA + written], b & 0xFFFF) if device else None
            if answer is None:
                return -1
            data[wire.DATA : wire.DATA + len(answer)] = answer
        elif op == wire.RTC_SET:
            struct.pack_into("<q", data, wire.RTC_OFFSET_S, b)
        elif op == wire.GIVE_BACK:
            self.serial.give_back(bytes(data[wire.DATA : wire.DATA + b]))
        elif op == wire.LISTENS:
            self.serial.machine_listens()
        elif op == wire.STARTED:
            self._at_prompt = True
            if data[wire.SKIP_MAIN]:
                self.serial.enter_raw()
        elif op != wire.UART_INIT:
            raise SurroundingsFailed(f"the virtual machine asked for {op}, which is no request")
        return 0

    def receive(self, uart: int, data: bytes, after_us: int = 0) -> None:
        """Let bytes arrive at a UART, now or later."""
        if not data:
            return

        def arrive() -> bool:
            self.memory.receive(uart, data)
            return True

        self.agenda.add(self.now_us + after_us, arrive)
