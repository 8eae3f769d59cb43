"""The board seen by the drivers, down to registers, bits and bytes: a `machine` of pins, converters, chips and UARTs.

It allocates nothing while it works, so that it also serves on the MicroPython virtual machine with the heap locked.
"""


class Pin:
    IN = 1
    OUT = 3
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    made: dict = {}

    def __new__(cls, number, mode=-1, pull=-1, value=None):
        pin = cls.made.get(number) or object.__new__(cls)
        cls.made[number] = pin
        return pin

    def __init__(self, number, mode=-1, pull=-1, value=None):
        if not 0 <= number < 40:
            raise ValueError("invalid pin")
        self.number = number
        self.pull = pull
        self.level = value if value is not None else getattr(self, "level", 1 if pull == self.PULL_UP else 0)
        self.handler = None

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level
        return None

    def irq(self, handler, trigger):
        self.handler = handler
        self.trigger = trigger


class ADC:
    ATTN_11DB = 3
    uv: dict = {}

    def __init__(self, pin, atten=0):
        if not 32 <= pin.number <= 39:
            raise ValueError("invalid pin")
        self._number = pin.number

    def read_uv(self):
        return self.uv.get(self._number, 0)


class UART:
    made: dict = {}

    def __init__(self, number, baudrate=115200, tx=-1, rx=-1, timeout=0):
        if number > 2:
            raise ValueError("UART does not exist")
        self.baudrate = baudrate
        self.incoming = b""
        self.sent = 0
        self.answer = None  # bytes that come in after a request
        self.made[number] = self

    def readinto(self, buffer):
        n = min(len(self.incoming), len(buffer))
        if n == 0:
            return None
        for i in range(n):
            buffer[i] = self.incoming[i]
        self.incoming = self.incoming[n:] if n < len(self.incoming) else b""
        return n

    def write(self, data):
        self.sent += 1
        if self.answer is not None:
            self.incoming = self.answer
        return len(data)

    def flush(self):
        pass


class I2C:
    """A bus; `chips` maps an address to something with `write(register, buffer)` and `read(register, buffer)`."""

    chips: dict = {}

    def __init__(self, bus, scl=None, sda=None, freq=0, timeout=0):
        pass

    def _chip(self, address):
        if address not in self.chips:
            raise OSError(19)
        return self.chips[address]

    def writeto(self, address, buffer):
        self._chip(address).write(0, buffer)

    def readfrom_into(self, address, buffer):
        self._chip(address).read(0, buffer)

    def writeto_mem(self, address, register, buffer):
        self._chip(address).write(register, buffer)

    def readfrom_mem_into(self, address, register, buffer):
        self._chip(address).read(register, buffer)


class Registers:
    """A chip of byte registers that counts on, as the DS3231, PCF8574 and TCA9554 do."""

    def __init__(self, contents):
        self.bytes = bytearray(contents)

    def write(self, register, buffer):
        for i in range(len(buffer)):
            self.bytes[register + i] = buffer[i]

    def read(self, register, buffer):
        for i in range(len(buffer)):
            buffer[i] = self.bytes[register + i]


class Ads1115Model:
    """Converts on request only: the channel, range and start bit are taken out of the configuration register."""

    def __init__(self, volts):
        self.volts = volts
        self.count = 0

    def write(self, register, buffer):
        config = buffer[0] << 8 | buffer[1]
        if register != 1 or not config & 0x8000 or not config & 0x0100:
            raise OSError(5)
        channel = (config >> 12 & 7) - 4
        full_scale_uv = (6_144_000, 4_096_000, 2_048_000, 1_024_000)[config >> 9 & 7]
        self.count = self.volts[channel] * 32768 // full_scale_uv

    def read(self, register, buffer):
        count = self.count & 0xFFFF
        buffer[0] = count >> 8
        buffer[1] = count & 0xFF


class Machine:
    """Stands for the module `machine`."""

    Pin = Pin
    ADC = ADC
    UART = UART
    I2C = I2C


def fresh():
    """A board just powered up: nothing connected."""
    Pin.made.clear()
    ADC.uv.clear()
    UART.made.clear()
    I2C.chips.clear()
    return Machine
