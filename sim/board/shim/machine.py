"""`machine` of the ESP32 as far as the firmware uses it, answered by the plant through shared memory and requests."""

import io
import sys

import umachine
import wire
from host import link
from micropython import const

PWRON_RESET = const(1)
HARD_RESET = const(2)
WDT_RESET = const(3)
DEEPSLEEP_RESET = const(4)
SOFT_RESET = const(5)

Signal = umachine.Signal
idle = umachine.idle
time_pulse_us = umachine.time_pulse_us

_memory = link.memory
_words = link.words

_PIN_IN = const(128)
_PIN_OUT = const(192)
_PIN_MODE = const(256)
_ADC_RAW = const(320)
_ADC_MV = const(448)
_PIN_LOG = const(4096)
_PIN_LOG_MASK = const(1023)
_FLOATING = const(2)


def _log_pin(pin, level):
    count = _words.pin_log_count
    place = _PIN_LOG + ((count & _PIN_LOG_MASK) << 1)
    _memory[place] = pin
    _memory[place + 1] = level
    _words.pin_log_count = count + 1


class Pin(umachine.PinBase):
    """A GPIO. What the outside drives is read back; an input that nothing drives reads as its pull says."""

    IN = const(1)
    OUT = const(3)
    OPEN_DRAIN = const(7)
    PULL_DOWN = const(1)
    PULL_UP = const(2)
    IRQ_RISING = const(1)
    IRQ_FALLING = const(2)
    DRIVE_0 = const(0)

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        if not 0 <= id < wire.N_PINS:
            raise ValueError("invalid pin")
        self.id = id
        self._pull = 0
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        # As on the chip: the level is in the output register before the pin drives.
        if value is not None:
            _memory[_PIN_OUT + self.id] = 1 if value else 0
        if mode != -1:
            if mode != 1 and 34 <= self.id <= 39 and _chip() == "esp32":
                raise ValueError("pin can only be input")
            _memory[_PIN_MODE + self.id] = mode
        if pull != -1:
            self._pull = pull or 0
        if mode != -1 or value is not None:
            mode = _memory[_PIN_MODE + self.id]
            _log_pin(self.id, _memory[_PIN_OUT + self.id] | (mode << 1))

    def value(self, level=None):
        if level is None:
            if _memory[_PIN_MODE + self.id] == 3:
                return _memory[_PIN_OUT + self.id]
            level = _memory[_PIN_IN + self.id]
            if level == _FLOATING:
                return 1 if self._pull == 2 else 0
            return level
        level = 1 if level else 0
        if _memory[_PIN_OUT + self.id] != level:
            _memory[_PIN_OUT + self.id] = level
            _log_pin(self.id, level | (_memory[_PIN_MODE + self.id] << 1))
        return None

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def __repr__(self):
        return "Pin(%d)" % self.id


def _chip():
    """Which chip this board has: "esp32" or "esp32s3"."""
    return "esp32s3" if _memory[wire.CHIP] else "esp32"


class ADC:
    """A converter input: the plant puts the 12-bit count and the calibrated voltage into shared memory."""

    ATTN_0DB = const(0)
    ATTN_2_5DB = const(1)
    ATTN_6DB = const(2)
    ATTN_11DB = const(3)
    WIDTH_12BIT = const(12)

    def __init__(self, pin, *, atten=3):
        id = pin.id if isinstance(pin, Pin) else pin
        if not (32 <= id <= 39 if _chip() == "esp32" else 1 <= id <= 20):
            raise ValueError("invalid pin")
        self._raw = _ADC_RAW + 2 * id
        self._mv = _ADC_MV + 2 * id

    def atten(self, atten):
        pass

    def read(self):
        return _memory[self._raw] | _memory[self._raw + 1] << 8

    def read_u16(self):
        raw = self.read()
        return raw << 4 | raw >> 8

    def read_uv(self):
        if _memory[wire.NO_VREF]:
            raise OSError(-258)  # ESP_ERR_INVALID_ARG
        return (_memory[self._mv] | _memory[self._mv + 1] << 8) * 1000


class UART(io.IOBase):
    """A serial port. Received bytes wait in shared memory; sending is a request."""

    INV_TX = const(1)
    INV_RX = const(2)

    def __init__(self, id, baudrate=115200, **options):
        if not 0 <= id < wire.N_UARTS:
            raise ValueError("UART(%d) does not exist" % id)
        self._id = id
        self._ring = wire.UART_RX + id * wire.UART_RX_STRIDE
        self._idle_us = 0
        self.init(baudrate, **options)

    def init(self, baudrate=115200, timeout=0, timeout_char=0, **options):
        self._timeout_us = timeout * 1000
        link.ask(wire.UART_INIT, self._id, baudrate)

    def deinit(self):
        pass

    def any(self):
        ring = self._ring
        n = (
            (_memory[ring] | _memory[ring + 1] << 8) - (_memory[ring + 2] | _memory[ring + 3] << 8)
        ) & 0xFFFF
        if n == 0 and not link.wall and self._idle_us != link.now_us:
            # Nothing yet: let the host deliver what has become due meanwhile, once for each look at the clock.
            self._idle_us = now = link.now_us
            link.wait_until(now)
            return self.any()
        return n

    def readinto(self, buffer, limit=None):
        wanted = len(buffer) if limit is None else limit
        n = self.any()
        if n == 0 and self._timeout_us:
            deadline = link.read_us() + self._timeout_us
            while n == 0 and link.now_us < deadline:
                if link.wall:
                    link.sleep_us(1000)
                    link.read_us()
                else:
                    link.wait_until(deadline)
                n = self.any()
        if n == 0:
            return None
        n = min(n, wanted)
        ring = self._ring
        read = _memory[ring + 2] | _memory[ring + 3] << 8
        for i in range(n):
            buffer[i] = _memory[ring + 4 + ((read + i) & 1023)]
        read += n
        _memory[ring + 2] = read & 255
        _memory[ring + 3] = read >> 8 & 255
        return n

    def read(self, limit=None):
        n = self.any() if limit is None else limit
        buffer = bytearray(max(n, 1))
        n = self.readinto(buffer)
        return None if n is None else bytes(buffer[:n])

    def readline(self):
        line = b""
        while self.any():
            byte = self.read(1)
            line += byte
            if byte == b"\n":
                break
        return line or None

    def write(self, data):
        n = len(data)
        link.data[:n] = data
        link.ask(wire.UART_WRITE, self._id, n)
        return n

    def flush(self):
        pass

    def txdone(self):
        return True

    def ioctl(self, request, flags):
        if request == 3:  # poll: 1 readable, 4 writable
            return (flags & 1 if self.any() else 0) | flags & 4
        return 0


class I2C:
    """A bus of the board; every transfer is a request that the host's devices answer."""

    def __init__(self, id=-1, *, scl=None, sda=None, freq=400000, timeout=50000):
        self._bus = (id if isinstance(id, int) and id >= 0 else 0) << 16

    def _transfer(self, address, written, n_read):
        n = len(written)
        link.data[:n] = written
        if link.ask(wire.I2C, self._bus | address << 8, n << 16 | n_read) < 0:
            raise OSError(19)  # ENODEV: nobody acknowledged, as on the ESP32
        return n

    def scan(self):
        found = []
        for address in range(8, 120):
            if link.ask(wire.I2C, self._bus | address << 8, 0) >= 0:
                found.append(address)
        return found

    def writeto(self, address, data, stop=True):
        return self._transfer(address, data, 0)

    def readfrom_into(self, address, buffer, stop=True):
        n = len(buffer)
        self._transfer(address, b"", n)
        buffer[:] = link.data[:n]

    def readfrom(self, address, n, stop=True):
        buffer = bytearray(n)
        self.readfrom_into(address, buffer)
        return bytes(buffer)

    def readfrom_mem_into(self, address, register, buffer, *, addrsize=8):
        n = len(buffer)
        self._transfer(address, register.to_bytes(addrsize >> 3, "big"), n)
        buffer[:] = link.data[:n]

    def readfrom_mem(self, address, register, n, *, addrsize=8):
        buffer = bytearray(n)
        self.readfrom_mem_into(address, register, buffer, addrsize=addrsize)
        return bytes(buffer)

    def writeto_mem(self, address, register, data, *, addrsize=8):
        self._transfer(address, register.to_bytes(addrsize >> 3, "big") + data, 0)

    def writevto(self, address, vector, stop=True):
        return self._transfer(address, b"".join(vector), 0)


class SoftI2C(I2C):
    def __init__(self, scl, sda, *, freq=400000, timeout=50000):
        super().__init__(0, scl=scl, sda=sda)


class SPI:
    """A bus that only an Ethernet chip is on; see `network`."""

    def __init__(self, id, sck, mosi, miso):
        self.pins = (sck.id, mosi.id, miso.id)


class RTC:
    """The chip's clock, and its memory of 2 KiB that every reset but a power cut leaves alone."""

    def datetime(self, parts=None):
        import time

        if parts is None:
            year, month, day, hour, minute, second, weekday, _ = time.gmtime()
            return (year, month, day, weekday, hour, minute, second, link.now_us % 1000000)
        seconds = time.mktime((parts[0], parts[1], parts[2], parts[4], parts[5], parts[6], 0, 0))
        link.ask(wire.RTC_SET, 0, seconds - link.read_us() // 1000000)
        return None

    def init(self, parts):
        self.datetime(parts)

    def memory(self, data=None):
        at = wire.RTC_MEMORY
        if data is None:
            return bytes(_memory[at + 2 : at + 2 + (_memory[at] | _memory[at + 1] << 8)])
        n = len(data)
        if n > 2048:
            raise ValueError("buffer too long")
        _memory[at + 2 : at + 2 + n] = data
        _memory[at] = n & 255
        _memory[at + 1] = n >> 8
        return None


class WDT:
    """The task watchdog: once started it cannot be stopped, only given another timeout."""

    def __init__(self, id=0, timeout=5000):
        if timeout <= 0:
            raise ValueError("WDT timeout must be positive")
        _words.wdt_fed_us = link.read_us()
        _words.wdt_timeout_ms = timeout

    def feed(self):
        _words.wdt_fed_us = link.read_us()


def reset():
    link.ask(wire.RESET, HARD_RESET, 0)


def soft_reset():
    sys.exit()


def reset_cause():
    return _memory[wire.RESET_CAUSE]


def unique_id():
    return bytes(_memory[wire.UNIQUE_ID : wire.UNIQUE_ID + 6])


def freq(hz=None):
    return _memory[wire.FREQ_MHZ] * 1000000


def disable_irq():
    return 0


def enable_irq(state):
    pass
