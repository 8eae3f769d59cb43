"""A unit's inputs and outputs once they are built: what the road uses every second."""

from . import NO_DEVICE, Driver

# The inputs, in the order of `control.io.Inputs` and of `Io.inputs`.
NAMES = (
    "level", "turbidity", "float_high", "float_low", "mains", "p1_running", "p2_running", "blower_running",
    "return_running", "energy",
)  # fmt: skip


class Io:
    """A unit's inputs and outputs. Nothing here raises, whatever a driver or `machine` does.

    What is missing or raises reads NONE. What could not be made stands in `problems`, the rest in `errors` of drivers.
    """

    names = NAMES

    def __init__(self) -> None:
        self.problems: list = []  # (setting's name below `wiring.`, or clock; problem's code)
        self.inputs: list = [Driver() for _ in NAMES]
        self.relays: list = []  # [pin, active level], in the order of the outputs; pin None for not wired
        self.relay = Driver()  # counts for the pins of all relays
        self.in_chips: list = []  # expanders with inputs, and those with relays
        self.out_chips: list = []
        self.clock: Driver | None = None  # a Ds3231, where the board has I2C

    def fetch(self) -> None:
        """Have the expanders with inputs read their lines."""
        for chip in self.in_chips:
            try:
                chip.fetch()
            except Exception:  # noqa: BLE001  counted: no chip may cost the unit its other inputs, nor its pumps
                chip.levels = chip.fail(NO_DEVICE)

    def read(self, i: int, now_ms: int) -> int:
        """The newest signal of the input NAMES[i]."""
        driver = self.inputs[i]
        try:
            return driver.read(now_ms)
        except Exception:  # noqa: BLE001  counted, likewise
            return driver.fail(NO_DEVICE)

    def put(self, i: int, on: int) -> None:
        """Have relay `i` on or off; one behind an expander follows with `flush`."""
        pin, active = self.relays[i]
        try:
            if pin:
                pin.value(active if on else 1 - active)
        except Exception:  # noqa: BLE001  counted: the other relays must still have their turn
            self.relay.fail(NO_DEVICE)

    def flush(self) -> None:
        """Have the expanders with relays put out their lines."""
        for chip in self.out_chips:
            try:
                chip.flush()
            except Exception:  # noqa: BLE001  counted, likewise
                chip.fail(NO_DEVICE)

    def scan(self, inputs, now_ms: int) -> None:
        """Fill a `control.io.Inputs` with the newest signals."""
        self.fetch()
        inputs.level = self.read(0, now_ms)
        inputs.turbidity = self.read(1, now_ms)
        inputs.float_high = self.read(2, now_ms)
        inputs.float_low = self.read(3, now_ms)
        inputs.mains = self.read(4, now_ms)
        inputs.p1_running = self.read(5, now_ms)
        inputs.p2_running = self.read(6, now_ms)
        inputs.blower_running = self.read(7, now_ms)
        inputs.return_running = self.read(8, now_ms)
        inputs.energy_wh = self.read(9, now_ms)

    def drive(self, outputs) -> None:
        """Put every relay where the controller's `outputs` (each with `.on`) say, even if it should be there."""
        for i in range(len(self.relays)):
            self.put(i, outputs[i].on)
        self.flush()

    def all_off(self) -> None:
        """Every relay off, for whatever way the program leaves."""
        for i in range(len(self.relays)):
            self.put(i, 0)
        self.flush()
