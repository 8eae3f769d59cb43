"""The firmware in the heap of a board: it starts in its budget, and the weighing adds up."""

import pytest

from host_tools.unitkit.shrink.shrunk import SETTLE
from sim.bench import chip_states, heap
from sim.board import chips
from sim.board.crew import Crew
from sim.board.vm import DEFAULT_HEAP_BYTES, HEAP_WITH_BROKER_BYTES, SHIM_HEAP_BYTES

from . import rig

# Bytes of the chip in use after a collection, of the 110 KB that its heap has before the network takes the rest.
CHIP_BUDGETS = {"unit": 65_000, "console": 90_000, "broker": 90_000}


def test_the_firmware_lives_in_the_default_heap(tmp_path):
    found = rig.board(tmp_path, plant=True, heap_bytes=DEFAULT_HEAP_BYTES)
    found.run(1200)
    assert found.starts == 1
    assert SHIM_HEAP_BYTES - 2048 < found.shim_heap_bytes <= SHIM_HEAP_BYTES


def test_a_visit_fits_beside_the_firmware_in_the_default_heap(tmp_path):
    found = rig.board(tmp_path, plant=True, heap_bytes=DEFAULT_HEAP_BYTES)
    asked = ("", "status", "alarms", "hours", "log 20", "trend level_mm 1h", "show", "why p1", "help set")
    crew = Crew(found, [3600, *asked], ("> ", "# "))
    found.run(4000)
    crew.close()
    shown = crew.shown.decode()
    assert found.starts == 1
    assert "set KEY VALUE" in shown  # the answer to the last question
    assert "emory" not in shown and "Traceback" not in shown, shown


def test_every_module_is_weighed_and_all_fit_the_budget(capsys):
    sizes, total, with_console = heap.weigh()
    with capsys.disabled():
        print()
        heap.report(sizes, total, with_console)
    assert sum(sizes.values()) == total
    assert sizes["unit.control.controller"] > 1000
    assert with_console <= heap.AIM_BYTES


def test_nothing_grows_from_hour_to_hour():
    seen = heap.watch(5 * 3600)
    assert [t for t, _ in seen][1:] == [3600, 7200, 10800, 14400] or len(seen) >= 5
    assert abs(seen[-1][1] - seen[2][1]) <= 512


def test_with_a_broker_a_console_and_an_answer_have_room():
    sizes, total, with_console = heap.weigh(with_broker=True)
    assert sizes["unit.uplink.session"] > 1000
    assert total < with_console <= heap.BUDGET_BYTES
    # What is left is for `set`, which takes up to 80 KiB for its answer, less what a console leaves.
    assert with_console + 60 * 1024 <= HEAP_WITH_BROKER_BYTES - SHIM_HEAP_BYTES


@pytest.fixture(scope="module")
def on_chip():
    return heap.on_chip()


def test_in_the_memory_of_a_chip_without_psram_each_state_fits_its_budget(on_chip):
    for name, budget in CHIP_BUDGETS.items():
        assert on_chip[name].used_bytes <= budget, name


def test_the_chips_figures_stand_beside_those_of_the_board(on_chip, capsys):
    chip_states.report(on_chip)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == list(chips.MEASURED)
    for name in ("unit", "console"):
        assert abs(on_chip[name].largest_bytes - chips.MEASURED["unit"].largest_bytes) < 1024
    for with_broker, alone in (("broker", "unit"), ("both", "console")):
        assert on_chip["bare"].used_bytes < on_chip[alone].used_bytes < on_chip[with_broker].used_bytes
    assert lines[3].split()[:3] == ["unit", "56800", str(on_chip["unit"].used_bytes)]


def test_what_a_transform_saves_is_the_difference_that_it_makes(on_chip, capsys):
    without = heap.on_chip((SETTLE,))
    chip_states.report_savings(on_chip, {SETTLE: without, "none": on_chip, "much": {"unit": without["unit"]}})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert lines[0] == ["unit", "console", "broker", "both"]
    saved = [int(word) for word in lines[1][1:]]
    assert lines[1][0] == SETTLE and all(figure > 2000 for figure in saved)
    assert lines[2] == ["none", "0", "0", "0", "0"]
    assert lines[3] == ["much", str(saved[0]), "-", "-", "-"]
