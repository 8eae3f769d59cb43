"""Modbus RTU master that never waits: one request on the wire, its answer collected by later calls.

Frames and CRC: Modbus over Serial Line V1.02, Modbus Application Protocol V1.1b3. Only functions 3 and 4 are used.
"""

from ..control.basics import NONE, const
from . import CHECKSUM, NO_DEVICE, RANGE, REFUSED, TIMEOUT, Driver, elapsed_ms
from .registers import RegisterMap

_REQUEST = const(8)
_BUFFER = const(64)  # a request's echo and the longest answer that a register map may ask for
_DRAIN = const(4)  # reads of a full buffer before a request, to be rid of a late answer
_TIMEOUT_MS = const(500)
_SILENCE_MS = const(10)  # 3.5 characters at 4800 baud are 8 ms
_PERIOD_MS = const(900)  # once a tick of a second, however its start may wobble


def crc16(buffer, start: int, end: int) -> int:
    """The Modbus CRC of buffer[start:end]; in a frame its low byte comes first."""
    crc = 0xFFFF
    for i in range(start, end):
        crc ^= buffer[i]
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def write_request(buffer, address: int, function: int, register: int, count: int) -> None:
    """Fill the first eight bytes of `buffer` with a request for `count` registers."""
    buffer[0] = address
    buffer[1] = function
    buffer[2] = register >> 8
    buffer[3] = register & 0xFF
    buffer[4] = count >> 8
    buffer[5] = count & 0xFF
    crc = crc16(buffer, 0, 6)
    buffer[6] = crc & 0xFF
    buffer[7] = crc >> 8


def find_answer(buffer, n: int, address: int, function: int, count: int) -> int:
    """Where in the first `n` bytes the registers of a sound answer begin.

    0 while there is no answer yet, -CHECKSUM if one is there but damaged, -REFUSED if the probe says that it will not.
    Bytes before the answer are skipped: noise as a line driver turns round, or the request itself, which some adapters
    hear again.
    """
    verdict = 0
    start = 0
    while start + 5 <= n:
        if buffer[start] == address:
            if buffer[start + 1] == function and buffer[start + 2] == 2 * count:
                end = start + 3 + 2 * count
                if end + 2 <= n:
                    if crc16(buffer, start, end) == buffer[end] | buffer[end + 1] << 8:
                        return start + 3
                    verdict = -CHECKSUM
            elif buffer[start + 1] == function | 0x80:
                if crc16(buffer, start, start + 3) == buffer[start + 3] | buffer[start + 4] << 8:
                    return -REFUSED
                verdict = -CHECKSUM
        start += 1
    return verdict


class Bus:
    """The wire and whose turn it is. `uart` must be opened with `timeout=0`.

    `direction` is the pin that switches the line driver to sending, None where the hardware does that by itself;
    `timer` switches it back after the request, which without a timer has to be waited for (17 ms at 4800 baud).
    """

    def __init__(self, uart, baud: int, direction=None, timer=None) -> None:
        self._uart = uart
        self.baud = baud
        self._direction = direction
        self._timer = timer
        self._release = self._to_receiving  # a bound method made once: making one allocates
        self._probes: list = []
        self._turn = 0
        self._waiting = False
        self._sent_ms = 0
        self._ended_ms = -_SILENCE_MS
        self._n = 0
        self._request = bytearray(_REQUEST)
        self._buffer = bytearray(_BUFFER)
        # readinto() fills a whole buffer; views made once let it fill the rest behind what is already there.
        whole = memoryview(self._buffer)
        self._rest = [whole[i:] for i in range(_BUFFER)]

    def add(self, probe: "Probe") -> None:
        """Let `probe` take its turns on this bus."""
        self._probes.append(probe)

    def poll(self, now_ms: int) -> None:
        """Collect what has come; when the exchange is over, begin that of the next probe that is due."""
        if self._waiting:
            probe = self._probes[self._turn]
            try:
                self._collect()
            except OSError:
                self._end(now_ms)
                probe.fail(NO_DEVICE)
                return
            start = find_answer(self._buffer, self._n, probe.address, probe.map.function, probe.map.count)
            late = elapsed_ms(now_ms, self._sent_ms) >= _TIMEOUT_MS
            if start > 0:
                probe.take(self._buffer, start)
            elif start == -REFUSED:
                probe.fail(REFUSED)
            elif late:
                probe.fail(CHECKSUM if start else TIMEOUT)
            else:
                return
            self._end(now_ms)
            if not late:
                return  # the line must be silent for 3.5 characters first
        if elapsed_ms(now_ms, self._ended_ms) >= _SILENCE_MS:
            self._begin(now_ms)

    def _end(self, now_ms: int) -> None:
        self._waiting = False
        self._ended_ms = now_ms if elapsed_ms(now_ms, self._sent_ms) < _TIMEOUT_MS else self._sent_ms
        self._turn = (self._turn + 1) % len(self._probes)

    def _begin(self, now_ms: int) -> None:
        for _ in range(len(self._probes)):
            probe = self._probes[self._turn]
            if probe.due(now_ms):
                break
            self._turn = (self._turn + 1) % len(self._probes)
        else:
            return
        write_request(self._request, probe.address, probe.map.function, probe.map.register, probe.map.count)
        try:
            for _ in range(_DRAIN):
                if self._uart.readinto(self._buffer) != _BUFFER:
                    break
            self._send()
        except OSError:
            probe.fail(NO_DEVICE)
            return
        self._n = 0
        self._sent_ms = now_ms
        self._waiting = True

    def _send(self) -> None:
        if not self._direction:
            self._uart.write(self._request)
            return
        self._direction.value(1)
        self._uart.write(self._request)
        if self._timer:
            # Ten bits a byte, rounded up, and one millisecond for the timer's own jitter.
            sent_ms = _REQUEST * 10000 // self.baud + 2
            self._timer.init(mode=self._timer.ONE_SHOT, period=sent_ms, callback=self._release)
        else:
            self._uart.flush()
            self._direction.value(0)

    def _to_receiving(self, _timer) -> None:
        self._direction.value(0)

    def _collect(self) -> None:
        while self._n < _BUFFER:
            n = self._uart.readinto(self._rest[self._n])
            if not n:
                return
            self._n += n


class Probe(Driver):
    """One quantity of one probe on a bus, in the scale of its register map; NONE when no answer has come since.

    `factor` and `zero` make the signal of it: `zero + factor * value`.
    """

    def __init__(self, bus: Bus, address: int, register_map: RegisterMap, zero: int = 0, factor: int = 1) -> None:
        super().__init__()
        self._bus = bus
        self.address = address
        self.map = register_map
        self._zero = zero
        self.factor = factor
        self.period_ms: int = _PERIOD_MS
        self._value: int = NONE
        self._asked_ms: int = NONE
        bus.add(self)

    def due(self, now_ms: int) -> bool:
        """Whether it is time to ask again; if so, it counts as asked."""
        if self._asked_ms != NONE and elapsed_ms(now_ms, self._asked_ms) < self.period_ms:
            return False
        self._asked_ms = now_ms
        return True

    def take(self, buffer, start: int) -> None:
        """The registers of an answer have come."""
        value = self.map.decode(buffer, start)
        self._value = self.fail(RANGE) if value == NONE else value

    def poll(self, now_ms: int) -> None:
        self._bus.poll(now_ms)

    def read(self, now_ms: int) -> int:
        self._bus.poll(now_ms)
        value = self._value
        self._value = NONE
        return NONE if value == NONE else self._zero + self.factor * value
