"""What the chip raises on the virtual board: the whole firmware goes on, and its console shows the count."""

from unit.control.basics import FAILURE, GOOD

from host_tools.unitkit import unitfile
from sim.board.plant import ScenarioPlant
from sim.board.virtual_board import VirtualBoard
from sim.scenario import scenario

from . import rig

FIRMWARE = """
import machine
from unit import app as firmware, config, restart
real = machine.RTC
class Forgetful(real):
    def memory(self, *data):
        raise OSError(-258)
class Told(firmware.App):
    def tick(self):
        super().tick()
        if self.now_s % 300 == 299:
            control = self.control
            io = self.io
            ill = [driver.errors for driver in io.inputs[:2] + io.in_chips + io.out_chips + [io.relay, io.clock]]
            print("told", self.now_s, control.well.level.quality, *ill)
        DO
Told(*config.load()).run()
"""


def life(tmp_path, board="esp32-devkitc", do="pass", seconds=1000, events=(), **options):
    """(board, plant, what it told each 5 minutes); `events`: (second, function of the board)."""
    text = rig.UNIT_FILE.read_text(encoding="utf-8").replace('"esp32-devkitc"', f'"{board}"')
    unit = unitfile.parse(text, tmp_path / "unit.toml")
    (tmp_path / "quiet.toml").write_text(rig.QUIET.replace("420", "4000"), encoding="utf-8")
    plant = ScenarioPlant(unit.control_settings(), scenario.load(tmp_path / "quiet.toml"))
    found = VirtualBoard(unit, tmp_path / "flash", None, plant, None, rig.ROOMY_HEAP, **options)
    rig.replace_scripts(found, main=FIRMWARE.replace("DO", do))
    for second, happen in events:
        found.agenda.add(second * 1_000_000, lambda happen=happen: happen(found))
    shown: list[bytes] = []
    found.serial.listener = shown.append
    found.run(seconds)
    told = [line[5:] for line in b"".join(shown).decode().splitlines() if line.startswith("told ")]
    assert found.starts == 1 and len(told) >= 3, b"".join(shown).decode()
    return found, plant, told


def test_without_a_reference_voltage_a_unit_works_on_its_floats(tmp_path):
    _, plant, told = life(tmp_path, seconds=7200, vref=False)
    well = plant.world.plant
    assert told[0].split()[:4] == ["299", str(FAILURE), "300", "300"], told
    assert well.blower.run_s > 300
    assert well.p1.run_s + well.p2.run_s > 60, (well.p1.run_s, well.p2.run_s)


def test_a_bus_held_low_stops_nothing_and_comes_back(tmp_path):
    """On this board all relays and all signals are behind the bus."""
    kept = {}

    def hold(found):
        kept.update(found.i2c)
        found.i2c.clear()

    _, plant, told = life(
        tmp_path, "kc868-a8", seconds=3600, events=[(310, hold), (890, lambda found: found.i2c.update(kept))]
    )
    quality = [int(line.split()[1]) for line in told]
    counts = [[int(n) for n in line.split()[2:]] for line in told[:4]]
    assert (quality[0], quality[1], quality[3]) == (GOOD, FAILURE, GOOD), told
    level, turbidity, inputs, *outputs, relay, _ = zip(*counts, strict=True)
    for driver in (level, turbidity, inputs, *outputs):
        assert driver[0] == 0 < driver[1] < driver[2] == driver[3], told
    assert outputs and not any(relay)
    well = plant.world.plant
    assert well.blower.run_s > 300 and well.p1.run_s + well.p2.run_s > 60


def test_a_memory_that_raises_is_asked_again(tmp_path):
    """At 300 s a start has lived long, which is written there."""
    do = """
        if self.now_s == 100:
            machine.RTC = Forgetful
        if self.now_s == 400:
            machine.RTC = real
            print("lives", restart.short_lives())
        if self.now_s == 700:
            print("told", "lives", restart.short_lives())
    """.strip()
    _, _, told = life(tmp_path, do=do)
    assert told[2] == "lives 0", told
