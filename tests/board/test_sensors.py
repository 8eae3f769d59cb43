"""The drivers against what stands at the terminals: expanders, converters, probes, a distance sensor, end to end."""

import pytest
from unit.control.basics import NONE

from host_tools.unitkit import unitfile
from sim.board.plant import ScenarioPlant
from sim.board.virtual_board import VirtualBoard
from sim.scenario import scenario

from . import rig

_MAIN = """
import time
from unit import config
settings, board, _ = config.load()
import machine
from unit.drivers.build import build
try:
    from unit.control.io import Inputs
except ImportError:  # one module with the app, on a board without PSRAM
    from unit.app import Inputs
io = build(board, settings, machine, time.ticks_ms)
i = Inputs()
for n in range(12):
    time.sleep(1)
    io.scan(i, time.ticks_ms())
    if n > 5:
        print(i.level, i.turbidity, i.float_high, i.float_low, i.mains, i.p1_running)
print(io.problems)
"""


def _seen(tmp_path, changes: dict[str, str], faults: str = "") -> tuple[list[list[int]], ScenarioPlant]:
    text = rig.UNIT_FILE.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    unit = unitfile.parse(text, tmp_path / "unit.toml")
    (tmp_path / "quiet.toml").write_text(rig.QUIET + faults, encoding="utf-8")
    plant = ScenarioPlant(unit.control_settings(), scenario.load(tmp_path / "quiet.toml"))
    found = VirtualBoard(unit, tmp_path / "flash", None, plant, None, rig.ROOMY_HEAP)
    rig.replace_scripts(found, main=_MAIN)
    lines = rig.output(found).splitlines()
    assert lines[-1] == "[]", lines
    return [[int(word) for word in line.split()] for line in lines[:-1]], plant


def _level_seen_near(rows: list[list[int]], plant: ScenarioPlant, unit_of_level) -> None:
    levels = [row[0] for row in rows if row[0] > -(1 << 28)]
    assert len(levels) >= 3
    for level in levels:
        assert abs(unit_of_level(level) - plant.world.plant.level_mm()) < 15


def test_current_loops_on_the_chip_itself(tmp_path):
    rows, plant = _seen(tmp_path, {})
    _level_seen_near(rows, plant, lambda ua: (ua - 4000) * 2000 / 16000)
    assert rows[-1][2:6] == [0, 1 if plant.world.plant.level_mm() > 150 else 0, 1, 0]


_LEVEL = '[level]                        # 投入式液位计，4-20 mA · hydrostatic probe\nsignal = "current"'
_MODBUS = {
    _LEVEL: '[level]\nsignal = "direct"\nprobe = "hydrostatic-mm"\nmodbus_address = 5',
    '[turbidity]                    # 出水浊度计 · at the outlet\nsignal = "current"': "[turbidity]\n"
    'signal = "direct"\nprobe = "y511"\nmodbus_address = 9',
    'level = "ai1"': 'level = "rs485"',
    'turbidity = "ai2"': 'turbidity = "rs485"',
}


def test_modbus_probes(tmp_path):
    rows, plant = _seen(tmp_path, _MODBUS)
    _level_seen_near(rows, plant, lambda mm: mm)
    turbidities = [row[1] for row in rows if row[1] > -(1 << 28)]
    assert turbidities and all(abs(t / 10 - plant.world.treatment.turbidity_ntu()) < 3 for t in turbidities)


@pytest.mark.parametrize(("number", "level"), [(32767, 32767), (-9999, -9999), (65535, -1)])
def test_error_numbers_come_through_as_far_as_a_register_holds_them(tmp_path, number, level):
    fault = '[[fault]]\nat = "0s"\nkind = "error_value"\ntarget = "{}"\namount = {}\n'
    rows, _ = _seen(tmp_path, _MODBUS, fault.format("level", number) + fault.format("turbidity", number))
    seen = [{row[k] for row in rows} - {NONE} for k in (0, 1)]
    assert seen == [{level}, {10 * number}]  # the one signed in 16 bits, the other a float


def test_a_distance_sensor_in_its_blind_zone_says_nothing(tmp_path):
    looks_down = {
        'board = "esp32-devkitc"': 'board = "esp32-relay-x8"',
        "tls = true                     #": "tls = false #",
        _LEVEL: '[level]\nsignal = "direct"\nmount_height_mm = 1600',
        'level = "ai1"': 'level = "uart"',
        'p1_running = "in4"\np2_running = "in5"\nblower_running = "in6"\n': "",
    }
    rows, plant = _seen(tmp_path, looks_down)
    _level_seen_near(rows, plant, lambda mm: mm)
    (tmp_path / "flash").unlink()
    blind, _ = _seen(tmp_path, looks_down | {"[plant]": "[plant]\nlevel_blind_mm = 1500"})
    assert all(row[0] == NONE for row in blind)


def test_a_board_of_expanders(tmp_path):
    rows, plant = _seen(tmp_path, {'board = "esp32-devkitc"': 'board = "kc868-a8"'})
    _level_seen_near(rows, plant, lambda ua: (ua - 4000) * 2000 / 16000)
    assert rows[-1][4] == 1


def test_relays_behind_expanders_follow_the_firmware(tmp_path):
    text = rig.UNIT_FILE.read_text(encoding="utf-8").replace('"esp32-devkitc"', '"kc868-a8"')
    unit = unitfile.parse(text, tmp_path / "unit.toml")
    (tmp_path / "quiet.toml").write_text(rig.QUIET, encoding="utf-8")
    plant = ScenarioPlant(unit.control_settings(), scenario.load(tmp_path / "quiet.toml"))
    found = VirtualBoard(unit, tmp_path / "flash", None, plant, None, rig.ROOMY_HEAP)
    found.run(2 * 3600)
    assert found.starts == 1 and plant.world.plant.blower.run_s > 600


@pytest.mark.parametrize("level_mm", [300, 4000])
def test_the_distance_sensors_frame(level_mm):
    from sim.board.devices import a02yyuw_frame

    frame = a02yyuw_frame(level_mm)
    assert frame[0] == 0xFF and frame[1] << 8 | frame[2] == level_mm and frame[3] == sum(frame[:3]) & 0xFF


_COUNTED = """
from unit import app as firmware, config
class Counted(firmware.App):
    def tick(self):
        super().tick()
        if self.now_s % 600 == 0:
            control = self.control
            meter = control.meter
            print("energy", self.now_s, control.energy_wh, meter.counts, meter.failures, self.io.problems)
Counted(*config.load()).run()
"""
METERS = {
    "pulses": {'blower_running = "in6"': 'energy = "in6"'},
    "pulses-6400": {'blower_running = "in6"': 'energy = "in6"\n[energy]\npulses_per_kwh = 6400'},
    "pulses-beside-expanders": {
        'board = "esp32-devkitc"': 'board = "kc868-a8"', 'blower_running = "in6"': 'energy = "s3"',
    },
    "modbus": {"\n[plant]": '\nenergy = "rs485"\n[plant]'},
    "modbus-dds238": {"\n[plant]": '\nenergy = "rs485"\n[energy]\nprobe = "dds238"\nmodbus_address = 17\n[plant]'},
    "modbus-2400": {"\n[plant]": '\nenergy = "rs485"\n[energy]\nprobe = "eastron-2400"\n[plant]'},
}  # fmt: skip


@pytest.mark.parametrize("changes", METERS.values(), ids=METERS)
def test_an_energy_meter_is_counted_by_the_whole_firmware(tmp_path, changes):
    """Silent for an hour, and back: the firmware's total follows what the machines of the world really use."""
    text = rig.UNIT_FILE.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    unit = unitfile.parse(text, tmp_path / "unit.toml")
    silent = '[[fault]]\nat = "0d02:00"\nfor = "1h"\nkind = "missing"\ntarget = "energy"\n'
    (tmp_path / "quiet.toml").write_text(rig.QUIET + silent, encoding="utf-8")
    plant = ScenarioPlant(unit.control_settings(), scenario.load(tmp_path / "quiet.toml"))
    found = VirtualBoard(unit, tmp_path / "flash", None, plant, None, rig.ROOMY_HEAP)
    rig.replace_scripts(found, main=_COUNTED)
    used = {}
    second = plant.second
    plant.second = lambda t_s: (second(t_s), used.setdefault(t_s, plant.world.plant.energy_j / 3600))
    shown: list[bytes] = []
    found.serial.listener = shown.append
    found.run(4.5 * 3600)
    lines = b"".join(shown).decode().splitlines()
    rows = [line.split() for line in lines if line.startswith("energy ")]
    assert len(rows) >= 26 and all(row[-1] == "[]" for row in rows), lines
    for _, now_s, wh, *_ in rows[2:]:
        real_wh = used[int(now_s)]
        assert abs(int(wh) - real_wh) < 250 + 0.03 * real_wh, (now_s, wh, real_wh)  # an hour is by nominal power
    assert rows[10][3:5] == ["1", "0"] and rows[-1][3:5] == ["1", "1"], rows
    by_meter = [int(row[2]) for row in rows[-5:]]
    real_wh = used[int(rows[-1][1])] - used[int(rows[-5][1])]
    assert abs(by_meter[-1] - by_meter[0] - real_wh) <= 30, (by_meter, real_wh)
