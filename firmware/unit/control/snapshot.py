"""The few numbers worth keeping over a power cut, as bytes: versioned, checked by a CRC, little-endian.

A module of its own, for on a board it is in memory only while a snapshot is taken up or written. What a newer firmware
keeps comes behind what an older one reads.
"""

from .alarms import NORMAL, ONCE, UNACKNOWLEDGED
from .basics import const
from .events import RESTART

_VERSION = const(1)
_KEPT_STARTS = const(16)  # of a machine; those before are taken for as young as the oldest of them
_AGE_UNIT_S = const(15)
_GROUP = const(8)  # alarms in three bytes
_ACTIVE = const(4)


def crc16(data: bytearray, n: int) -> int:
    """CRC-16/CCITT-FALSE of the first `n` bytes (polynomial 0x1021, start 0xFFFF)."""
    crc: int = 0xFFFF
    i: int = 0
    while i < n:
        byte: int = data[i]
        crc ^= byte << 8
        bit: int = 0
        while bit < 8:
            crc = ((crc << 1) ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
            bit += 1
        i += 1
    return crc


class Writer:
    """Puts integers of 1 to 4 bytes into a buffer that the caller owns."""

    def __init__(self, data: bytearray) -> None:
        self.data: bytearray = data
        self.n: int = 0

    def put(self, value: int, width: int) -> None:
        """Values out of range are held at the nearest limit: 0, or the largest of `width` bytes (30 bits at most)."""
        top: int = (1 << (8 * width)) - 1 if width < 4 else (1 << 30) - 1
        if value < 0:
            value = 0
        if value > top:
            value = top
        i: int = 0
        while i < width:
            self.data[self.n] = (value >> (8 * i)) & 255
            self.n += 1
            i += 1

    def seal(self) -> int:
        """Append the CRC; returns the length of the whole."""
        self.put(crc16(self.data, self.n), 2)
        return self.n


class Reader:
    """Takes the integers out again, in the same order."""

    def __init__(self, data: bytearray, n: int) -> None:
        self.data: bytearray = data
        self.n: int = 0
        self.end: int = n

    def intact(self) -> int:
        """1 when the CRC at the end fits the bytes before it."""
        if self.end < 3 or self.end > len(self.data):
            return 0
        low: int = self.data[self.end - 2]
        high: int = self.data[self.end - 1]
        return 1 if crc16(self.data, self.end - 2) == low + (high << 8) else 0

    def left(self) -> int:
        """Bytes before the CRC that nobody has taken yet."""
        return self.end - 2 - self.n

    def get(self, width: int) -> int:
        value: int = 0
        i: int = 0
        while i < width:
            byte: int = self.data[self.n]
            value += byte << (8 * i)
            self.n += 1
            i += 1
        return value


def save(control, data: bytearray) -> int:
    """Write the snapshot of a Controller into `data` (at least SNAPSHOT_BYTES); returns its length."""
    w = Writer(data)
    w.put(_VERSION, 1)
    for output in control.outputs:
        w.put(output.run_s, 4)
        w.put(output.starts, 4)
        w.put(output.serviced_run_s, 4)
        w.put(output.rested_s, 4)
        w.put(0, 1)  # starts of the last hour, once without their ages
        w.put(output.guard.failed_starts, 1)
    w.put(control.energy_wh, 4)
    inflow = control.inflow
    w.put(inflow.day_l, 4)
    w.put(inflow.hours_known, 1)
    for pump in inflow.pumps:
        w.put(pump.usual_l_min, 3)
    process = control.process
    w.put(process.lift.duty, 1)
    w.put(process.aeration.mode, 1)
    w.put(process.aeration.phase_s, 3)
    w.put(process.aeration.debt_s, 3)
    w.put(process.sludge_return.phase_s, 3)
    w.put(process.sludge_return.owed_ml, 4)
    now_s: int = control.now_s
    for output in control.outputs:
        guard = output.guard
        w.put((guard.locked_until_s - now_s + 59) // 60, 1)
        w.put(guard.feedback_lost, 1)
        n: int = min(guard.starts_last_hour(now_s), guard.max_starts_per_h)
        w.put(n, 1)
        i: int = 1
        while i <= n and i <= _KEPT_STARTS:
            w.put(guard.start_age_s(i, now_s) // _AGE_UNIT_S, 1)
            i += 1
    for pump in inflow.pumps:
        w.put(pump.new_l_min, 2)
    w.put(inflow.usual_day_l, 3)
    save_alarms(control.alarms, w, now_s)
    return w.seal()


def save_alarms(book, w: Writer, now_s: int) -> None:
    """Put the states of an AlarmBook into a snapshot: 4 bytes, and 3 for every 8 alarms."""
    n: int = len(book.state)
    w.put(n, 1)
    w.put(now_s - book.round_s, 3)
    bits: int = 0
    i: int = 0
    while i < n:
        code: int = book.state[i] + (_ACTIVE if book.active[i] else 0)
        if code == NORMAL and book.told[i] >= ONCE:
            code = UNACKNOWLEDGED  # and not active: a state that no alarm has
        bits += code << 3 * (i % _GROUP)
        i += 1
        if i % _GROUP == 0 or i == n:
            w.put(bits, 3)
            bits = 0


def restore(control, data: bytearray, n: int, outage_s: int) -> int:
    """See `Controller.restore`."""
    r = Reader(data, n)
    if not r.intact() or r.get(1) != _VERSION:
        control.events.add(RESTART, 0, 0)
        return 0
    for output in control.outputs:
        output.run_s = r.get(4)
        output.starts = r.get(4)
        output.serviced_run_s = r.get(4)
        output.rested_s = r.get(4) + outage_s
        old_starts: int = r.get(1)
        while old_starts > 0:
            output.guard.remember_start(-outage_s)
            old_starts -= 1
        output.guard.failed_starts = r.get(1)
    control.energy_wh = r.get(4)
    control.count_from_here()
    inflow = control.inflow
    day_l: int = r.get(4)
    inflow.restore_day(day_l, r.get(1))
    for pump in inflow.pumps:
        pump.usual_l_min = r.get(3)
    process = control.process
    process.lift.duty = r.get(1) & 1
    process.aeration.mode = r.get(1) & 3
    process.aeration.phase_s = r.get(3)
    process.aeration.debt_s = r.get(3)
    process.sludge_return.phase_s = r.get(3)
    process.sludge_return.owed_ml = r.get(4)
    if r.left() > 0:  # a firmware of before did not know more
        for output in control.outputs:
            _restore_guard(r, output.guard, outage_s)
        for pump in inflow.pumps:
            pump.new_l_min = r.get(2)
        inflow.usual_day_l = r.get(3)
        restore_alarms(control.alarms, r)
        control.alarms.age(outage_s)
    process.aeration.missed(outage_s)
    control.events.add(RESTART, 1, 0)
    return 1


def _restore_guard(r: Reader, guard, outage_s: int) -> None:
    guard.locked_until_s = r.get(1) * 60 - outage_s
    guard.fails_to_run = 1 if guard.locked_until_s > 0 or guard.failed_starts >= guard.tries else 0
    guard.feedback_lost = r.get(1) & 1
    n: int = r.get(1)
    kept: int = min(n, _KEPT_STARTS)
    # The oldest first, and those whose ages were not kept before it, as young as it.
    first: int = r.n
    i: int = 0
    while i < n:
        age: int = kept - 1 if i < n - kept else n - 1 - i
        guard.remember_start(-outage_s - r.data[first + age] * _AGE_UNIT_S)
        i += 1
    r.n = first + kept


def restore_alarms(book, r: Reader) -> None:
    """Take them up again, before the first step. What stood then is not told again; it ends when it is not found.

    The snapshot may be that of a firmware with fewer alarms, or with more.
    """
    known: int = r.get(1)
    book.round_s = -r.get(3)
    bits: int = 0
    i: int = 0
    while i < known:
        if i % _GROUP == 0:
            bits = r.get(3)
        code: int = bits >> 3 * (i % _GROUP) & 7
        book.remember(i, NORMAL if code == UNACKNOWLEDGED else code & 3, code & _ACTIVE, 1 if code else 0)
        i += 1
