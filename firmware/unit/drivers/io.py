"""A unit's inputs and outputs once they are built: what the road uses every second."""

from . import Driver

# The inputs, in the order of `control.io.Inputs` and of `Io.inputs`.
NAMES = (
    "level", "turbidity", "float_high", "float_low", "mains", "p1_running", "p2_running", "blower_running",
    "return_running", "energy",
)  # fmt: skip


class Io:
    """A unit's inputs and outputs. Nothing here raises: what is missing reads NONE and stands in `problems`."""

    def __init__(self) -> None:
        self.problems: list = []  # (setting's name below `wiring.`, problem's code)
        self.inputs: list = [Driver() for _ in NAMES]
        self.relays: list = []  # [pin, active level], in the order of the outputs; pin None for not wired
        self.in_chips: list = []  # expanders with inputs, and those with relays
        self.out_chips: list = []
        self.clock: Driver | None = None  # a Ds3231, where the board has I2C

    def poll(self, now_ms: int) -> None:
        """Collect bytes and samples. Not needed, but the more often between scans, the better the inputs."""
        for chip in self.in_chips:
            chip.fetch()
        for driver in self.inputs:
            driver.poll(now_ms)

    def scan(self, inputs, now_ms: int) -> None:
        """Fill a `control.io.Inputs` with the newest signals."""
        for chip in self.in_chips:
            chip.fetch()
        drivers = self.inputs
        inputs.level = drivers[0].read(now_ms)
        inputs.turbidity = drivers[1].read(now_ms)
        inputs.float_high = drivers[2].read(now_ms)
        inputs.float_low = drivers[3].read(now_ms)
        inputs.mains = drivers[4].read(now_ms)
        inputs.p1_running = drivers[5].read(now_ms)
        inputs.p2_running = drivers[6].read(now_ms)
        inputs.blower_running = drivers[7].read(now_ms)
        inputs.return_running = drivers[8].read(now_ms)
        inputs.energy_wh = drivers[9].read(now_ms)

    def drive(self, outputs) -> None:
        """Put every relay where the controller's `outputs` (each with `.on`) say, even if it should be there."""
        for i in range(len(self.relays)):
            pin, active = self.relays[i]
            if pin:
                pin.value(active if outputs[i].on else 1 - active)
        for chip in self.out_chips:
            chip.flush()

    def all_off(self) -> None:
        """Every relay off, for whatever way the program leaves."""
        for pin, active in self.relays:
            if pin:
                pin.value(1 - active)
        for chip in self.out_chips:
            chip.flush()

    def errors(self, input_name: str) -> tuple:
        """(errors so far, code of the last one) of an input of NAMES, for the console and the self-test."""
        driver = self.inputs[NAMES.index(input_name)]
        return driver.errors, driver.last_error
