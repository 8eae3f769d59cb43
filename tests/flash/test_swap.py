"""A spare takes the place of a failed board: settings, hours, numbers and unsent readings move along."""

import dataclasses
import json
import os
import time
import zlib

import pytest
from unit.control.controller import SNAPSHOT_BYTES, Controller
from unit.journal.layout import EPOCH_UNIX_S

from host_tools.image import image_build, micropython_image
from host_tools.records import old_board
from host_tools.unitkit import fsimage, partitions, unitfile
from host_tools.verbs import register
from sim.board import standin
from tests.host_tools.test_replacement import Life, records

from .desk import MB, UNIT_FILE, Desk, stored
from .images import S3_BOARD, unit_file

VISITS = "2026-06-01 王 清淤\n2026-06-15 Li\n".encode()
LOWEST = b"9.9" + zlib.crc32(b"9.9").to_bytes(4, "little")
RUN_S = 5_000_000  # of pump 1, in its life
SENT, WAITING = 30, 12


def left_behind(image, path, on_the_spot=None, damaged=False):
    """The flash of a board that failed an hour ago, with hours, unsent readings and a setting changed on the spot."""
    unit = unitfile.load(path)
    built = image_build.build(unit, image)
    flash = bytearray(built.whole())
    vfs, ring = (partitions.named(list(built.table), name) for name in ("vfs", "journal"))
    files = fsimage.firmware_files(unit) | fsimage.named_files(unit)
    files |= {old_board.VISITS: VISITS, old_board.LOWEST: LOWEST}
    stored = unit.board_settings() | (on_the_spot or {})
    files["config.json"] = files["config.last"] = fsimage.sealed(json.dumps(stored).encode())
    flash[vfs.at : vfs.at + vfs.size] = fsimage.littlefs_image(files, vfs.size)
    if damaged:
        flash[vfs.at : vfs.at + vfs.size] = os.urandom(vfs.size)
    life = Life(b"\xff" * ring.size, int(time.time()) - 3600)
    sent = life.readings(SENT, 1)
    life.journal.save_snapshot(life.uptime_s, *snapshot(unit))
    life.journal.ack(sent[-1])
    life.readings(WAITING, 1)
    flash[ring.at : ring.at + ring.size] = life.data
    return bytes(flash)


def snapshot(unit):
    """(bytes, how many) of the state of a unit whose pump 1 has run for long."""
    from unit import assembly

    control = Controller(*assembly.parts(dict(unit.settings)))
    control.outputs[0].run_s = RUN_S
    data = bytearray(SNAPSHOT_BYTES + 4)
    n = control.save(data)
    data[n : n + 4] = (int(time.time()) - 3600 - EPOCH_UNIX_S).to_bytes(4, "little")
    return data, n + 4


def journal_of(flash, image, path):
    ring = partitions.named(list(image_build.build(unitfile.load(path), image).table), "journal")
    return flash[ring.at : ring.at + ring.size]


@pytest.fixture
def swap(qingxi, image):
    """Runs `qingxi swap` on a desk's port."""
    return lambda desk, *words: qingxi("swap", "--port", desk.port, "--record", desk.folder / "records", *words)


def folder(tmp_path, name):
    (tmp_path / name).mkdir()
    return tmp_path / name


def test_from_a_dead_board_to_its_unsent_readings_at_the_broker(qingxi, swap, tmp_path, image, village):
    """Backup by cable, then the spare by cable; the broker gets what waited, once, and then what is new."""
    old = left_behind(image, village.unit, {"lift.start_level_mm": 610})
    backup = tmp_path / "backup.bin"
    with Desk(folder(tmp_path, "old")) as desk:
        desk.flash.flash_tool_write(0, old)
        code, out, err = qingxi("backup", "--port", desk.port, "--out", backup, "--json")
        assert code == 0, err
        assert desk.content() == old
        assert qingxi("backup", "--port", desk.port, "--out", backup)[0] == 2  # never over another one
    assert json.loads(out)["unit"] == "qiaotou" and json.loads(out)["unsent"] == WAITING
    assert backup.stat().st_mode & 0o777 == 0o600 and journal_of(backup.read_bytes(), image, village.unit) in old
    entry = register.entry(what="new", unit="qiaotou", mac="24:0a:c4:00:00:09")
    register.append(tmp_path / "new/records/register.jsonl", entry)
    with Desk(tmp_path / "new", unit=village.unit) as desk:
        code, out, err = swap(desk, "--unit", village.unit, "--from", backup, "--json")
        assert code == 0, err
        result = json.loads(out)
        first = result["first_seq"]
        seqs = village.books.seqs
        assert village.books.wait(lambda: seqs("qiaotou") and seqs("qiaotou")[-1] > first, 40), seqs("qiaotou")
    built = image_build.build(unitfile.load(village.unit), image)
    assert result["unsent"] == WAITING and result["hours"] and first >= SENT + WAITING + 10_000 + 2 * 3500
    assert result["settings_moved"] == ["lift.start_level_mm"] and "lift.start_level_mm" in err
    assert result["self_test"]["config"]["state"] == "ok" and "never put the old board back" in err
    got = village.books.entries
    waited = [seq for seq in seqs("qiaotou") if seq < first]
    assert waited == list(range(SENT + 1, SENT + WAITING + 1)) and set(got.values()) == {1}
    assert result["visits"] == 2 and stored(desk.as_flashed, built, old_board.VISITS) == VISITS
    assert stored(desk.as_flashed, built, old_board.LOWEST) == LOWEST  # what the unit has trusted is not forgotten
    # Its hours: the newest snapshot on the new board is the old one's.
    assert RUN_S.to_bytes(4, "little") in journal_of(desk.as_flashed, image, village.unit)
    page = next((tmp_path / "new/records").glob("*.html")).read_text(encoding="utf-8")
    assert f"移过去 {WAITING} 条未送的读数" in page and str(first) in page and "pa55" not in page + out + err
    line = register.read(tmp_path / "new/records/register.jsonl")[-1]
    assert (line["what"], line["swapped_for"]) == ("swap", "24:0a:c4:00:00:09")


def test_a_board_from_before_the_packs_moves_to_the_new_partitions(qingxi, swap, tmp_path, image):
    """Its file system was larger, its journal smaller and elsewhere: `flash` refuses, backup and swap lose nothing."""
    unit = unitfile.load(UNIT_FILE)
    built = image_build.build(unit, image)
    KIB = 1024
    moved = {"vfs": (2048 * KIB, 768 * KIB), "journal": (2816 * KIB, 1280 * KIB)}
    table = [
        dataclasses.replace(p, at=moved[p.name][0], size=moved[p.name][1]) if p.name in moved else p
        for p in built.table
    ]
    flash = bytearray(built.whole())
    flash[moved["vfs"][0] :] = b"\xff" * (4 * MB - moved["vfs"][0])
    files = {f"unit/{n}.mpy": b"M" * 3000 for n in range(60)} | {old_board.VISITS: VISITS}
    files["config.json"] = fsimage.sealed(json.dumps(unit.board_settings() | {"lift.start_level_mm": 610}).encode())
    files["board.json"] = fsimage.sealed(unit.pins_json().encode())
    flash[moved["vfs"][0] : sum(moved["vfs"])] = fsimage.littlefs_image(files, moved["vfs"][1])
    life = Life(b"\xff" * moved["journal"][1], int(time.time()) - 3600)
    life.journal.ack(life.readings(SENT, 1)[-1])
    life.readings(WAITING, 1)
    flash[moved["journal"][0] : sum(moved["journal"])] = life.data
    sector = bytearray(built.part("table").data)
    sector[: partitions.TABLE_SIZE] = partitions.encode(table)
    flash[partitions.TABLE_AT : partitions.TABLE_AT + partitions.BLOCK] = sector
    backup = tmp_path / "old.bin"
    with Desk(tmp_path) as desk:
        desk.flash.flash_tool_write(0, bytes(flash))
        code, _, err = qingxi("flash", "--port", desk.port, "--unit", UNIT_FILE)
        assert code == 1 and "qingxi swap --fresh --from old.bin" in err and desk.content() == bytes(flash)
        assert qingxi("backup", "--port", desk.port, "--out", backup)[0] == 0
        code, out, err = swap(desk, "--unit", UNIT_FILE, "--from", backup, "--fresh", "--json")
        assert code == 0, err
    result = json.loads(out)
    assert (result["unsent"], result["visits"]) == (WAITING, 2)
    assert result["settings_moved"] == ["lift.start_level_mm"]
    seqs = [seq for seq, _ in records(journal_of(desk.as_flashed, image, UNIT_FILE), SENT)]
    assert seqs[:WAITING] == list(range(SENT + 1, SENT + WAITING + 1))


def test_with_two_cables_it_is_one_command_and_a_damaged_file_system_costs_the_settings_alone(swap, tmp_path, image):
    with Desk(folder(tmp_path, "old")) as dead, Desk(folder(tmp_path, "new")) as desk:
        dead.flash.flash_tool_write(0, left_behind(image, UNIT_FILE, damaged=True))
        code, _, err = swap(desk, "--unit", UNIT_FILE, "--from-port", dead.port)
        assert code == 0, err
    assert f"{WAITING} readings not yet delivered move along" in err and "cannot be read or do not fit" in err
    assert [seq for seq, _ in records(journal_of(desk.as_flashed, image, UNIT_FILE), SENT)][:WAITING] == list(
        range(SENT + 1, SENT + WAITING + 1)
    )


def test_of_a_board_that_is_quite_dead_the_brokers_messages_are_enough(swap, tmp_path, image):
    seen = tmp_path / "seen.txt"
    seen.write_text('qingxi/v1/qiaotou/meta {"v":1,"boot":12}\n{"v":1,"boot":12,"seq":900,"rows":[[0],[0]]}\n')
    with Desk(tmp_path) as desk:
        code, out, err = swap(desk, "--unit", UNIT_FILE, "--seen", seen, "--json")
        assert code == 0, err
    result = json.loads(out)
    assert result["first_seq"] > 901 and not result["hours"] and "they begin at zero" in err


def test_what_would_go_wrong_is_refused_before_anything_is_written(swap, tmp_path, image):
    backup = tmp_path / "backup.bin"
    backup.write_bytes(left_behind(image, UNIT_FILE))
    other = tmp_path / "other.toml"
    other.write_text(UNIT_FILE.read_text(encoding="utf-8").replace('id = "qiaotou"', 'id = "upstream"'))
    nothing = tmp_path / "nothing.bin"
    nothing.write_bytes(b"\xff" * 4 * MB)
    with Desk(tmp_path) as desk:

        def refused(code, word, *words):
            before = desk.content()
            got, _, err = swap(desk, *words)
            assert got == code and word in err, err
            assert desk.content() == before

        ours = ("--unit", UNIT_FILE)
        refused(2, "say what is left of the old board", *ours)
        refused(2, "are the same", *ours, "--from-port", desk.port)
        refused(2, "no backup of a unit", *ours, "--from", nothing)
        refused(2, "cannot be read", *ours, "--from", tmp_path / "gone.bin")
        refused(1, "is of unit qiaotou, the unit file of upstream", "--unit", other, "--from", backup)
        desk.flash.flash_tool_write(0, left_behind(image, UNIT_FILE))
        refused(1, "is unit qiaotou already", *ours, "--from", backup)
        desk.flash.flash_tool_write(0, left_behind(image, other))
        refused(1, "is unit upstream", *ours, "--from", backup)


def test_a_spare_of_another_kind_with_more_room_takes_all_but_the_wiring(swap, tmp_path, image):
    """The spare is an ESP32-S3 with another journal and other terminals."""
    micropython_image.pin(micropython_image.parse(standin.micropython("esp32s3")))
    spare = unit_file(tmp_path, S3_BOARD)
    spare.write_text(spare.read_text(encoding="utf-8").replace('id = "other"', 'id = "qiaotou"'), encoding="utf-8")
    backup = tmp_path / "backup.bin"
    backup.write_bytes(left_behind(image, UNIT_FILE, {"lift.start_level_mm": 610}))
    with Desk(folder(tmp_path, "new"), chip="esp32s3", flash_mb=8, unit=spare) as desk:
        code, out, err = swap(desk, "--unit", spare, "--from", backup, "--json")
        assert code == 0, err
    result = json.loads(out)
    assert result["hours"] and result["unsent"] == WAITING and result["first_seq"] > SENT + WAITING
    assert "lift.start_level_mm" in result["settings_moved"]
    assert not [key for key in result["settings_moved"] if key.startswith("wiring.")]


def test_a_spare_without_psram_does_not_take_over_tls(swap, tmp_path, image):
    """The old board's settings, changed on the spot, want more memory than the spare has: the unit file's are taken."""
    backup = tmp_path / "backup.bin"
    backup.write_bytes(left_behind(image, UNIT_FILE, {"mqtt.broker": "10.0.0.1", "mqtt.tls": 1}))
    with Desk(folder(tmp_path, "new")) as desk:
        code, out, err = swap(desk, "--unit", UNIT_FILE, "--from", backup, "--dry-run", "--json")
    assert code == 0 and "those of the unit file are used" in err, err
    assert json.loads(out)["settings_moved"] == []


def test_a_spare_with_less_room_takes_settings_hours_and_numbers_if_told_so(swap, tmp_path, image):
    s3 = micropython_image.parse(standin.micropython("esp32s3"))
    micropython_image.pin(s3)
    old = unit_file(tmp_path, S3_BOARD)
    old.write_text(old.read_text(encoding="utf-8").replace('id = "other"', 'id = "qiaotou"'), encoding="utf-8")
    backup = tmp_path / "backup.bin"
    backup.write_bytes(left_behind(s3, old))
    with Desk(folder(tmp_path, "new")) as desk:
        code, _, err = swap(desk, "--unit", UNIT_FILE, "--from", backup)
        assert code == 1 and "--leave-readings" in err
        code, out, err = swap(desk, "--unit", UNIT_FILE, "--from", backup, "--leave-readings", "--dry-run", "--json")
        assert code == 0, err
    result = json.loads(out)
    assert result["hours"] and result["unsent"] == 0 and result["first_seq"] > SENT + WAITING
