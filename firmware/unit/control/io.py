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
