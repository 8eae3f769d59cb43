"""`time` of the ESP32: ticks wrap at 2^30, the epoch is 2000-01-01, sleeping goes through the host's clock."""

from host import link, real_time
from micropython import const

_PERIOD = const(1 << 30)
_MASK = const((1 << 30) - 1)
_HALF = const(1 << 29)
_UNIX_2000 = const(946684800)

_read = link.read_us


def ticks_ms():
    return (_read() + link.ticks_us) // 1000 & _MASK


def ticks_us():
    return (_read() + link.ticks_us) & _MASK


ticks_cpu = ticks_us


def ticks_add(ticks, delta):
    if not -_HALF < delta < _HALF:
        raise OverflowError("ticks interval overflow")
    return (ticks + delta) & _MASK


def ticks_diff(end, start):
    return ((end - start + _HALF) & _MASK) - _HALF


def sleep_ms(ms):
    link.sleep_us(ms * 1000)


def sleep_us(us):
    link.sleep_us(us)


def sleep(seconds):
    link.sleep_us(int(seconds * 1000000))


def time():
    return _read() // 1000000 + link.words.rtc_offset_s


def time_ns():
    return _read() * 1000 + link.words.rtc_offset_s * 1000000000


def gmtime(seconds=None):
    if seconds is None:
        seconds = time()
    return real_time.gmtime(seconds + _UNIX_2000)[:8]


localtime = gmtime


def mktime(parts):
    # Day numbers by the proleptic Gregorian calendar; March first, so that the leap day comes last in its year.
    year, month, day = parts[0], parts[1], parts[2]
    if month <= 2:
        year -= 1
        month += 12
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 730426
    return ((days * 24 + parts[3]) * 60 + parts[4]) * 60 + parts[5]
