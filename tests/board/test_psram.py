"""A board with PSRAM gets the sources as they are; one without gets them shrunk, and decides the same."""

from dataclasses import replace
from pathlib import Path

from host_tools.records import unitdocs
from host_tools.unitkit import boards, fsimage, partitions, unitfile
from sim.board.crew import Crew
from sim.board.plant import ScenarioPlant
from sim.board.virtual_board import VirtualBoard
from sim.scenario import scenario

from . import rig

# A unit's time with something to decide: rain, a pump that clogs, a sensor that lies, mains that go.
_STORY = """
name = "busy"
seed = 3
start = 2026-06-15T06:00:00+08:00
days = 1
[inflow]
population = 420
[[rain]]
at = "0d00:30"
for = "2h"
mm_h = 25.0
[[fault]]
at = "0d01:00"
for = "1h"
kind = "clogged"
target = "p1"
amount = 0.7
[[fault]]
at = "0d02:30"
for = "30min"
kind = "stuck"
target = "level"
[[fault]]
at = "0d03:15"
for = "120s"
kind = "off"
target = "mains"
"""
_LIFE_S = 4 * 3600


def unit_of_psram():
    """The example unit, as if the module of its board had PSRAM."""
    unit = rig.unit()
    return replace(unit, board=replace(unit.board, psram_mb=8))


def board(folder: Path, unit: unitfile.Unit, **options) -> VirtualBoard:
    folder.mkdir(exist_ok=True)
    (folder / "story.toml").write_text(_STORY, encoding="utf-8")
    plant = ScenarioPlant(unit.control_settings(), scenario.load(folder / "story.toml"))
    options.setdefault("heap_bytes", rig.ROOMY_HEAP)
    return VirtualBoard(unit, folder / "board.flash", str(folder / "tty"), plant, None, **options)


def test_plain_and_shrunk_write_the_same_journal(tmp_path):
    journals = []
    for name, unit in (("shrunk", rig.unit()), ("plain", unit_of_psram())):
        found = board(tmp_path / name, unit)
        found.run(_LIFE_S)
        part = partitions.named(partitions.of_board(unit.board), "journal")
        journals.append(found.flash.read(part.at, part.size))
        found.close()
    assert journals[0] == journals[1]
    assert len(journals[0].rstrip(b"\xff")) > 4096


def test_a_module_a_source_and_nothing_else():
    found = {path for path in fsimage.slot_files(unit_of_psram().board) if path.endswith(".mpy")}
    sources = fsimage.sources()
    wanted = {path.removesuffix("py") + "mpy" for path in sources if path.startswith("unit/")}
    packages = {path for path in wanted - found if path.endswith("/__init__.mpy")}
    assert found | packages == wanted
    small = set(fsimage.slot_files(rig.unit().board))
    assert len(small) < len(found) and small != found


def test_the_chips_memory_holds_it_with_a_visit(tmp_path):
    found = board(tmp_path, replace(rig.unit(), board=replace(rig.unit().board, psram_mb=4)), chip="esp32-psram")
    crew = Crew(found, [600, "", "status", "why p1", "alarms", "log 20", "trend level_mm 1h", "help set"], ("> ", "# "))
    found.run(1200)
    crew.close()
    shown = crew.shown.decode()
    assert found.starts == 1
    assert "set KEY VALUE" in shown and "emory" not in shown and "Traceback" not in shown, shown


def test_a_traceback_names_file_line_and_function(tmp_path):
    unit = unitfile.parse(unitdocs.new_file(boards.load(rig.PSRAM_BOARD), "u1"), tmp_path / "unit.toml")
    assert unit.board.psram_mb
    found = board(tmp_path, unit)
    files = fsimage.firmware_files(unit, rig.BREAKS) | {"main.py": rig.BREAKS.encode()}
    vfs = partitions.named(partitions.of_board(unit.board), "vfs")
    found.flash.flash_tool_write(vfs.at, fsimage.littlefs_image(files, vfs.size))
    frames = rig.frames(rig.output(found, "over"))
    assert [(path, name) for path, _, name in frames[-3:]] == [
        ("unit/app.py", "live"), ("unit/app.py", "tick"), ("unit/control/controller.py", "step"),
    ]  # fmt: skip
    path, line, _ = frames[-1]
    assert "self.well.step(" in fsimage.sources()[path].split("\n")[int(line) - 1]
