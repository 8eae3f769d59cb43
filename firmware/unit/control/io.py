"""What enters the control core each second and what leaves it."""

from .basics import NONE, const

# Outputs, in the order of Controller.outputs.
P1 = const(0)
P2 = const(1)
BLOWER = const(2)
RETURN = const(3)
N_OUTPUTS = const(4)
OUTPUT_NAMES = ("p1", "p2", "blower", "return")


class Inputs:
    """The signals of one second, raw, as the drivers deliver them; `step()` reads, never writes.

    Analog signals: microampere of a 4-20 mA loop where the setting `<sensor>.signal` is "current", else the value in
    the point's own integer scale (mm, 0.1 NTU); NONE when the driver has nothing new this second.
    Switches: 1 active, 0 not, NONE not fitted or unreadable. A float is active (1) when the liquid lifts it, so
    `float_low` 0 means the well is below it.
    `*_running`: feedback that the machine really draws current.
    `energy_wh`: what the energy meter has counted since whenever; NONE when it says nothing this second. No decision
    depends on it.
    """

    def __init__(self) -> None:
        self.level: int = NONE
        self.turbidity: int = NONE
        self.float_high: int = NONE
        self.float_low: int = NONE
        self.mains: int = NONE
        self.p1_running: int = NONE
        self.p2_running: int = NONE
        self.blower_running: int = NONE
        self.return_running: int = NONE
        self.energy_wh: int = NONE


class NoMeter:
    """The energy meter of a unit that has none; that of the others is `power.Meter`."""

    def __init__(self) -> None:
        self.wired: int = 0
        self.counts: int = 0  # 1 while the meter counts, 0 while nominal power does
        self.failures: int = 0  # how often since the start nominal power had to take over

    def step(self, total_wh: int, nominal_ws: int) -> int:
        """Once a second: the Wh to count for what went before, 0 to wait, NONE where nominal power has to count.

        `total_wh`: as in `Inputs`. `nominal_ws`: what the machines have used by their nominal power since the last Wh
        that was counted.
        """
        return NONE
