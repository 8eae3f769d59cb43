"""The virtual machine's end of the wire: the shared memory, the clock, and `ask`, the one way to the host."""

import struct

import uctypes
import utime as real_time  # the name with u is the built-in module, whatever stands in sys.modules
import wire

_pack = struct.pack_into


class Link:
    """Shared memory, flash and clock; `now_us` is virtual time since the power came on."""

    def __init__(self, memory_address, flash_address, flash_size, fd):
        self.memory = uctypes.bytearray_at(memory_address, wire.SIZE)
        self.flash = memoryview(uctypes.bytearray_at(flash_address, flash_size))
        layout = {
            "now_us": uctypes.UINT64 | wire.NOW_US,
            "start_us": uctypes.UINT64 | wire.START_US,
            "wall_base_us": uctypes.UINT64 | wire.WALL_BASE_US,
            "speed_permille": uctypes.UINT32 | wire.SPEED_PERMILLE,
            "ticks_start_ms": uctypes.UINT32 | wire.TICKS_START_MS,
            "rtc_offset_s": uctypes.INT64 | wire.RTC_OFFSET_S,
            "wdt_timeout_ms": uctypes.UINT32 | wire.WDT_TIMEOUT_MS,
            "wdt_fed_us": uctypes.UINT64 | wire.WDT_FED_US,
            "shim_heap": uctypes.UINT32 | wire.SHIM_HEAP,
            "horizon_us": uctypes.UINT64 | wire.HORIZON_US,
            "pin_log_count": uctypes.UINT32 | wire.PIN_LOG_COUNT,
        }
        self.words = words = uctypes.struct(memory_address, layout, uctypes.LITTLE_ENDIAN)
        self.data = memoryview(self.memory)[wire.DATA : wire.DATA + wire.DATA_SIZE]
        self.wall = self.memory[wire.MODE] == wire.WALL
        self.now_us = words.start_us
        self.ticks_us = words.ticks_start_ms * 1000 - words.start_us  # ticks are virtual time plus this
        self._socket = open(fd, "r+b")  # noqa: SIM115  for life
        self._write = self._socket.write
        self._read = self._socket.readinto
        self._request = bytearray(wire.REQUEST_SIZE)
        self._answer = bytearray(wire.ANSWER_SIZE)
        self._sequence = 0
        self.watched = []  # pins with an interrupt
        if self.wall:
            self.read_us = self._wall_us
            self._base = words.wall_base_us
            self._permille = words.speed_permille

    def read_us(self):
        """Virtual time in us. Every look costs 20 us, or a loop that waits for the clock would never end."""
        self.now_us = now = self.now_us + 20
        return now

    def _wall_us(self):
        self.now_us = now = (real_time.ticks_us() - self._base) * self._permille // 1000
        self._interrupt()
        return now

    def _interrupt(self):
        """Serve the pins whose level has changed."""
        for pin in self.watched:
            pin.poll()

    def ask(self, op, a, b):
        """Send one request and wait for its answer; returns the answer's result."""
        # A Ctrl-C may have torn an earlier request from its answer, so answers are matched by sequence.
        self._sequence = sequence = (self._sequence + 1) & 255
        request = self._request
        answer = self._answer
        if op != 1:
            self.words.now_us = self.now_us  # what was passed without asking
        _pack(wire.REQUEST, request, 0, op, sequence, 0, a, b)
        self._write(request)
        self._read(answer)
        while answer[0] != sequence:
            self._read(answer)
        result = answer[4] | answer[5] << 8 | answer[6] << 16
        return result - (1 << 24) if answer[7] & 128 else result

    def wait_until(self, deadline_us):
        """Let virtual time go on to `deadline_us`, or to the first thing that happens before it."""
        if deadline_us < self.words.horizon_us:
            self.now_us = deadline_us
            return
        self.ask(1, 0, deadline_us)
        self.now_us = self.words.now_us
        self._interrupt()

    def sleep_us(self, duration_us):
        """Let `duration_us` pass, in virtual time or at the clock's speed."""
        if duration_us <= 0:
            return
        if self.wall:
            real_time.sleep_us(duration_us * 1000 // self._permille)
            return
        deadline = self.now_us + duration_us
        while self.now_us < deadline:
            self.wait_until(deadline)


link = None


def connect(memory_address, flash_address, flash_size, fd):
    """Open the wire; before that no module of this directory can be used."""
    global link
    link = Link(memory_address, flash_address, flash_size, fd)
    return link
