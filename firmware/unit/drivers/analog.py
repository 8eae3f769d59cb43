"""Analog inputs: voltages at a pin, and 4-20 mA loops over a shunt."""

from ..control.basics import NONE, const
from . import Driver

_AT_LEAST = const(16)  # samples in a reading; the ESP32's converter has some 10 mV of noise
_AT_MOST = const(64)  # 64 samples of 3.3 V in uV are still a small int on a 32-bit board
_PER_POLL = const(4)


class PinVolts(Driver):
    """Voltage at a pin of the ESP32's own converter, mean of the samples since the last reading.

    `read_uv` uses the calibration burnt into the chip, which holds up to 2450 mV at 11 dB of attenuation (ESP32
    datasheet); choose shunt and divider to stay below.
    """

    def __init__(self, adc) -> None:
        super().__init__()
        self._read_uv = adc.read_uv
        self._sum_uv: int = 0
        self._n: int = 0

    def poll(self, now_ms: int) -> None:
        if self._n <= _AT_MOST - _PER_POLL:
            sum_uv, n = self._sum_uv, self._n
            self._sum_uv = self._n = 0  # one that raises leaves no old samples for when it is well again
            for _ in range(_PER_POLL):
                sum_uv += self._read_uv()
            self._sum_uv = sum_uv
            self._n = n + _PER_POLL

    def read_uv(self, now_ms: int) -> int:
        """Microvolt at the pin, mean of at least 16 samples."""
        while self._n < _AT_LEAST:
            self.poll(now_ms)
        uv = self._sum_uv // self._n
        self._sum_uv = self._n = 0
        return uv


class Current(Driver):
    """Loop current in microampere, from the voltage over a shunt of `shunt_ohm`.

    An open loop reads 0 and a short one its full current: what that means is for the control core to say (NAMUR NE 43).
    """

    def __init__(self, volts, shunt_ohm: int) -> None:
        super().__init__()
        self._volts = volts
        self._shunt_ohm = shunt_ohm

    def poll(self, now_ms: int) -> None:
        self._volts.poll(now_ms)

    def read(self, now_ms: int) -> int:
        uv = self._volts.read_uv(now_ms)
        return NONE if uv == NONE else uv // self._shunt_ohm
