"""The firmware in the heap of a board: it starts in its budget, and the weighing adds up."""

from sim.bench import chip_states, heap
from sim.board import chips
from sim.board.crew import Crew
from sim.board.vm import DEFAULT_HEAP_BYTES, HEAP_WITH_BROKER_BYTES, SHIM_HEAP_BYTES

from . import rig


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


def test_the_chips_figures_stand_beside_those_of_the_board(capsys):
    found = heap.on_chip(False)
    chip_states.report(found, found)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == list(chips.MEASURED)
    for name in ("total", "console"):
        assert abs(found[name].largest_bytes - chips.MEASURED["unit"].largest_bytes) < 1024
    assert found["bare"].used_bytes < found["total"].used_bytes < found["console"].used_bytes
    assert lines[3].split()[:3] == ["unit", "56800", str(found["total"].used_bytes)]
