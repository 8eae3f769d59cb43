"""`qingxi update --port`: a new firmware into the other slot, files that differ, nothing of the unit's life lost."""

import json
from importlib.metadata import version

import pytest
from unit import config

from host_tools import main
from host_tools.device import in_service
from host_tools.device.raw_repl import RawRepl
from host_tools.unitkit import fsimage, pack, partitions, publisher
from host_tools.verbs import journal, register
from sim.board.vm import DEFAULT_HEAP_BYTES
from tests import publishers

from . import rig
from .damage import records_events
from .test_slots import _TRUSTED, A, B, firmware, install, state

JOURNAL = partitions.named(partitions.of_board(rig.unit().board), "journal")
_BEFORE_S, _TRIAL_S = 1800, 4000


@pytest.fixture
def served(tmp_path):
    """The folder of a unit that has served for half an hour with another firmware than this one."""
    found = rig.board(tmp_path, plant=True)
    install(found, {"a.pack": firmware("before")}, A, _TRUSTED)
    found.run(_BEFORE_S)
    found.close()
    return tmp_path


def update(folder, *words, heap_bytes=DEFAULT_HEAP_BYTES, unit=rig.UNIT_FILE):
    """Run `qingxi update --port` on the unit, which is at work; its exit code."""
    found = rig.board(folder, plant=True, speed=1.0, heap_bytes=heap_bytes)
    before = found.flash.programmed_bytes
    with rig.running(found):
        rig.until(lambda: found.flash.programmed_bytes > before)  # its start is in the journal, and so it runs
        return main.main(
            ["update", "--port", str(folder / "tty"), "--unit", str(unit), "--record", str(folder / "records"), *words]
        )


def live_on(folder, seconds):
    """The unit goes on from the same flash, in virtual time."""
    found = rig.board(folder, plant=True)
    found.run(seconds)
    return found


def numbers(found):
    """The sequence numbers of all readings and events that the journal holds."""
    held = journal.Journal(
        journal.Nor(found.flash.read(JOURNAL.at, JOURNAL.size), partitions.BLOCK), len(journal._points()), 60
    )
    return [record.seq for record in journal.records(journal.Cursor(held))]


def spoil(monkeypatch, **modules):
    """Have the firmware of this program hold these modules."""
    outside, inside = fsimage._built(rig.unit().board)
    inside |= {f"unit/{name.replace('__', '/')}.mpy": content for name, content in modules.items()}
    monkeypatch.setattr(fsimage, "_built", lambda *_: (dict(outside), dict(inside)))


def test_a_good_firmware_stays_after_its_healthy_hour(served, capsys):
    assert update(served, "--json") == 0
    told = capsys.readouterr()
    result = json.loads(told.out)
    assert result["brought"]["files"] == [] and result["brought"]["firmware_bytes"] == result["size"]
    assert "on trial for an hour" in told.err and "all machines stand" in told.err
    line = register.read(served / "records/register.jsonl")[-1]
    assert (line["what"], line["self_test"], line["firmware_sha256"]) == ("update", "passed", result["sha256"])
    found = live_on(served, _TRIAL_S)
    assert state(found) == (B, _TRUSTED)
    assert records_events(found).count("firmware_kept") == 1
    seqs = numbers(found)
    assert seqs == list(range(1, len(seqs) + 1)) and len(seqs) > (_BEFORE_S + _TRIAL_S) // 60
    assert pack.head(rig.stored(found, "a.pack"), "a.pack").version == "before"  # the way back, also later


def test_a_bad_firmware_goes_back_by_itself_and_no_reading_is_lost(served, capsys, monkeypatch):
    spoil(monkeypatch, app=b"nonsense")
    assert update(served, heap_bytes=rig.ROOMY_HEAP) == 1
    told = capsys.readouterr().err
    assert "stopped with an error" in told and "takes the one before again, by itself" in told
    found = live_on(served, _TRIAL_S)
    assert state(found) == (A, _TRUSTED) and "firmware_back" in records_events(found)
    seqs = numbers(found)
    assert seqs == list(range(1, len(seqs) + 1)) and len(seqs) > (_BEFORE_S + _TRIAL_S) // 60


def test_a_setting_that_came_with_a_firmware_is_not_the_last_good_one_before_its_hour(served, capsys):
    """The firmware before may not know it, and would be without any configuration."""
    changed = served / "changed.toml"
    text = rig.UNIT_FILE.read_text(encoding="utf-8")
    changed.write_text(text.replace("start_level_mm = 600", "start_level_mm = 610"), encoding="utf-8")
    assert update(served, "--json", unit=changed) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["brought"]["files"] == ["config.json"]
    assert "lift.start_level_mm: 600 mm -> 610 mm" in told.err
    new = b'"lift.start_level_mm":610'
    found = live_on(served, 3000)
    assert new in rig.stored(found, "config.json") and new not in rig.stored(found, "config.last")
    assert new in rig.stored(live_on(served, _TRIAL_S), "config.last")


def test_a_damaged_configuration_is_mended(tmp_path, capsys):
    found = rig.board(tmp_path)
    install(found, {"config.json": b"\xff" * 300}, A, _TRUSTED)  # the unit works with the other copy
    found.close()
    assert update(tmp_path, "--json", heap_bytes=rig.ROOMY_HEAP) == 0
    brought = json.loads(capsys.readouterr().out)["brought"]
    assert brought["files"] in (["config.json"], []) and brought["settings"] == []  # the unit itself may be faster
    assert config.unsealed(rig.stored(rig.board(tmp_path), "config.json")) == rig.unit().board_json().encode()


def test_a_firmware_on_trial_is_not_written_over(served, capsys):
    found = rig.board(served, plant=True)
    install(found, {"b.pack": firmware("trial")}, B, 3)
    found.close()
    assert update(served, heap_bytes=rig.ROOMY_HEAP) == 1
    assert "has a firmware on trial" in capsys.readouterr().err
    found = rig.board(served)
    assert pack.head(rig.stored(found, "a.pack"), "a.pack").version == "before" and state(found)[0] == B
    assert state(found)[1] <= 2  # nor does the refusal bring its end nearer


def test_a_visit_costs_a_firmware_on_trial_none_of_its_starts(served):
    found = rig.board(served, plant=True)
    install(found, {"b.pack": pack.pack(fsimage.slot_files(found.unit.board), version("qingxi"))}, B, 3)
    found.close()
    assert update(served, heap_bytes=rig.ROOMY_HEAP) == 0
    assert state(rig.board(served)) == (B, 2)


def test_whoever_stands_there_with_the_cable_brings_other_publishers_and_an_older_version(served):
    """Of both keys lost, this is the way on; what came over MQTT and runs nowhere makes room."""
    found = rig.board(served, plant=True)
    before = fsimage.slot_files(found.unit.board) | {publisher.FILE: publishers.listed("A", "B")}
    install(found, {"a.pack": pack.pack(before, "99.1"), "new.pack": firmware("99.2")}, A, _TRUSTED)
    found.close()
    path = served / "unit.toml"
    path.write_text(publishers.name_in(served, rig.UNIT_FILE.read_text(encoding="utf-8"), "C"), encoding="utf-8")
    assert update(served, unit=path) == 0
    found = rig.board(served)
    new = rig.stored(found, "b.pack")
    assert state(found)[0] == B and publishers.listed("C") in new and pack.head(new, "new").version == version("qingxi")
    assert "new.pack" not in rig.file_names(served / "board.flash")


def test_what_broke_off_goes_on(served, capsys, monkeypatch):
    from host_tools.device import raw_repl

    real, left = raw_repl.RawRepl.run, [150]

    def run(self, code, limit_s):
        left[0] -= 1
        if not left[0]:
            self._port.close()  # the cable is out
        return real(self, code, limit_s)

    monkeypatch.setattr(raw_repl.RawRepl, "run", run)
    assert update(served, heap_bytes=rig.ROOMY_HEAP) == 3
    assert "went away. Plug the USB cable in" in capsys.readouterr().err
    assert update(served, "--json", heap_bytes=rig.ROOMY_HEAP) == 0
    brought = json.loads(capsys.readouterr().out)["brought"]
    assert brought["firmware_was_there"] >= 128 * 510 - 4096
    assert state(rig.board(served))[0] == B


def test_a_unit_with_a_pin_is_unlocked_and_a_password_alone_is_changed(tmp_path, capsys):
    (tmp_path / "pin.txt").write_text("258025\n")
    (tmp_path / "wifi.txt").write_text("village = pa55\n")
    path = tmp_path / "unit.toml"
    text = rig.UNIT_FILE.read_text(encoding="utf-8")
    path.write_text(text + '\n[network]\nwifi_file = "wifi.txt"\n[console]\npin_file = "pin.txt"\n')
    found = rig.board(tmp_path)
    pinned = {"console-pin": fsimage.pin_hash("qiaotou", "258025")}
    install(found, pinned, A, _TRUSTED)
    found.close()
    assert update(tmp_path, "--json", unit=path, heap_bytes=rig.ROOMY_HEAP) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["brought"]["files"] == ["wifi.txt"] and "pa55" not in told.out + told.err
    assert rig.stored(rig.board(tmp_path), "wifi.txt") == b"village = pa55\n"
    (tmp_path / "pin.txt").write_text("111111\n")
    assert update(tmp_path, unit=path, heap_bytes=rig.ROOMY_HEAP) == 3
    assert "is locked" in capsys.readouterr().err


def test_another_unit_is_left_alone(tmp_path, capsys):
    other = tmp_path / "other.toml"
    other.write_text(rig.UNIT_FILE.read_text(encoding="utf-8").replace('id = "qiaotou"', 'id = "upstream"'))
    assert update(tmp_path, unit=other, heap_bytes=rig.ROOMY_HEAP) == 1
    assert "is unit qiaotou, not upstream" in capsys.readouterr().err


def test_a_firmware_of_another_digest_is_not_switched_to(served, capsys, monkeypatch):
    real = in_service._send

    def altered(board, data, *words):
        real(board, data[:5000] + b"?" + data[5001:] if len(data) > 5000 else data, *words)

    monkeypatch.setattr(in_service, "_send", altered)
    assert update(served, heap_bytes=rig.ROOMY_HEAP) == 1
    assert "has another digest; nothing was switched" in capsys.readouterr().err
    assert state(rig.board(served)) == (A, _TRUSTED)


def test_what_the_unit_file_does_not_name_any_more_goes_and_so_does_a_setting_on_trial(tmp_path):
    found = rig.board(tmp_path, "print('at the prompt')", speed=1.0)
    tried = fsimage.sealed(rig.unit().board_json().replace("{", '{"lift.start_level_mm":650,').encode())
    install(found, {"a.pack": firmware("before")}, A, _TRUSTED)
    install(found, {"config.trial": tried, "wifi.txt": b"old = secret\n", "config.json": tried}, A, _TRUSTED)
    with rig.running(found), RawRepl(str(tmp_path / "tty"), "en") as board:
        brought = in_service.bring(board, rig.unit(), "", served=False)
    assert brought.files == ("boot.py", "config.json", "main.py", "main.py.copy", "wifi.txt")
    assert brought.settings == ("lift.start_level_mm: 650 mm -> 600 mm",)
    for name in ("config.trial", "wifi.txt"):
        with pytest.raises(FileNotFoundError):
            rig.stored(found, name)


def test_an_end_between_two_files_leaves_a_board_that_starts(tmp_path):
    """What boot.py knows by its sum first, then the boot.py that knows it, then the copies to mend it from."""
    files = fsimage.firmware_files(rig.unit())
    order = sorted(files, key=in_service._turn)
    copies = [name for name in files if name.endswith(fsimage.COPY)]
    assert order[-1] == "config.json" and len(copies) == 3
    for name in ("main.py", "pack.mpy", "slots.mpy"):
        assert order.index(name) < order.index("boot.py") < order.index(name + fsimage.COPY)
    # The worst moment: one of the two is new, and boot.py still knows the other.
    found = rig.board(tmp_path, plant=True)
    install(found, {"slots.mpy": fsimage.compiled("raise ValueError('of another version')\n", "slots")}, A, _TRUSTED)
    found.run(60)
    assert found.starts == 1
