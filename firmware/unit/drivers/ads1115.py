"""ADS1115: four 16-bit voltage inputs on I2C, quieter than the ESP32's own converter (TI SBAS444)."""

from ..control.basics import NONE, const
from . import Driver, elapsed_ms

_CONVERSION = const(0)
_CONFIG = const(1)
# Start one conversion of AINx against ground at +-4.096 V (125 uV a count, so that 21 mA over 150 ohm still fits).
_START_HIGH = const(0xC3)  # OS=1, MUX=1xx, PGA=001, MODE=1; the channel goes into bits 4 and 5
_START_LOW = const(0x83)  # DR=100: 128 conversions a second; comparator off
_UV_A_COUNT = const(125)
_CONVERSION_MS = const(10)  # 7.8 ms, and the chip's clock may be 10 % slow; one more as the counter is in whole ms


class Ads1115:
    """The chip: it has one converter, so its channels take turns; whichever is asked moves the work on."""

    def __init__(self, i2c, address: int) -> None:
        self._i2c = i2c
        self._address = address
        self._pair = bytearray(2)
        self._channels: list = []
        self._turn = 0
        self._running = False
        self._started_ms = 0

    def channel(self, number: int) -> "Channel":
        """The input AIN0 to AIN3 as a source of volts. ValueError for another number."""
        if not 0 <= number <= 3:
            raise ValueError("channel")
        channel = Channel(self, number)
        self._channels.append(channel)
        return channel

    def poll(self, now_ms: int) -> None:
        """Fetch the conversion under way if it has ended, and start the next channel's."""
        if self._running and elapsed_ms(now_ms, self._started_ms) < _CONVERSION_MS:
            return
        pair = self._pair
        channel = self._channels[self._turn]
        if self._running:
            self._running = False
            self._i2c.readfrom_mem_into(self._address, _CONVERSION, pair)
            count = pair[0] << 8 | pair[1]
            channel.uv = (count - 65536 if count & 0x8000 else count) * _UV_A_COUNT
            self._turn = (self._turn + 1) % len(self._channels)
            channel = self._channels[self._turn]
        pair[0] = _START_HIGH | channel.number << 4
        pair[1] = _START_LOW
        self._i2c.writeto_mem(self._address, _CONFIG, pair)
        self._running = True
        self._started_ms = now_ms


class Channel(Driver):
    """One input of the chip."""

    def __init__(self, chip: Ads1115, number: int) -> None:
        super().__init__()
        self._chip = chip
        self.number = number
        self.uv: int = NONE  # filled by the chip

    def poll(self, now_ms: int) -> None:
        self._chip.poll(now_ms)

    def read_uv(self, now_ms: int) -> int:
        """Microvolt at the input, or NONE when no conversion has ended since the last call."""
        self._chip.poll(now_ms)
        uv = self.uv
        self.uv = NONE
        return uv
