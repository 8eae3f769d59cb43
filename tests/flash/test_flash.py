"""From a blank board to a unit that runs, with the unmodified esptool as the client."""

import json
from pathlib import Path

from host_tools.image import image_build, micropython_image
from host_tools.unitkit import partitions, unitfile
from host_tools.verbs import flash as flash_verb
from host_tools.verbs import register
from sim.board import standin
from tests.host_tools.test_replacement import records

from .desk import MB, SENT, UNIT_FILE, WAITING, Desk, holds, in_service, journal_of
from .images import S3_BOARD, unit_file


def test_from_blank_to_the_first_reading_at_the_broker(flash, tmp_path, image, village):
    """Flash, first start, self-test, record, and then the village's own data, over Wi-Fi with a password."""
    unit = unitfile.load(village.unit)
    with Desk(tmp_path, unit=village.unit) as desk:
        code, out, err = flash(desk, "--unit", village.unit, "--note", "bench 3", "--json")
        assert code == 0, err
        assert desk.starts == 1 and holds(desk.as_flashed, image_build.build(unit, image))
        assert village.books.wait(lambda: "qingxi/v1/qiaotou/data" in village.books.last, 40), village.books.last
    result = json.loads(out)
    assert result["found"] == {
        "chip": "esp32",
        "title": "ESP32-D0WD-V3 (revision v3.1)",
        "mac": "24:0a:c4:12:34:56",
        "flash_bytes": 4 * MB,
    }
    checks = result["self_test"]
    assert checks["config"] == {"state": "ok", "detail": unit.sha256}
    assert checks["broker"]["state"] == checks["network"]["state"] == checks["level"]["state"] == "ok"
    assert checks["journal"]["detail"].split()[0] == str(unit.board.partitions["journal_kib"] * 1024)
    assert "4 MB of flash, MAC 24:0a:c4:12:34:56" in err and "qiaotou has started" in err
    # The record: both languages, every digest, a label that says the same; no secret.
    page = Path(result["record"]).read_text(encoding="utf-8")
    for text in (
        "桥头村",
        "Qiaotou village",
        unit.sha256,
        image.sha256,
        result["firmware_sha256"],
        result["found"]["mac"],
    ):
        assert text in page
    assert "<svg" in page and result["label"].startswith("QINGXI qiaotou\nMAC 24:0a:c4:12:34:56\nFW ")
    assert "self-test passed" in page and "高位浮球 high float" in page
    # The register, next to it, by itself.
    line = json.loads((tmp_path / "records/register.jsonl").read_text(encoding="utf-8"))
    assert (line["unit"], line["what"], line["self_test"], line["note"]) == ("qiaotou", "new", "passed", "bench 3")
    assert line["mac"] == result["found"]["mac"] and line["record"] == Path(result["record"]).name
    assert line["config_sha256"] == unit.sha256 and line["firmware_sha256"] == result["firmware_sha256"]
    assert "pa55" not in page + out + err + str(line)


def test_a_unit_in_service_keeps_its_journal_and_gets_only_what_changed(flash, tmp_path, image):
    unit = unitfile.load(UNIT_FILE)
    built = image_build.build(unit, image)
    changed = tmp_path / "changed.toml"
    changed.write_text(UNIT_FILE.read_text(encoding="utf-8").replace("start_level_mm = 600", "start_level_mm = 610"))
    before = in_service(built)
    with Desk(tmp_path) as desk:
        desk.flash.flash_tool_write(0, before)
        code, out, err = flash(desk, "--unit", changed, "--json")
        assert code == 0, err
        assert desk.as_flashed == before  # the loader wrote nothing
    result = json.loads(out)
    assert result["journal_kept"] and result["brought"]["files"] == ["config.json"]
    assert result["brought"]["file_bytes"] < 1024 and result["brought"]["firmware_bytes"] == 0
    assert result["self_test"]["config"] == {"state": "ok", "detail": unitfile.load(changed).sha256}
    seqs = [seq for seq, _ in records(journal_of(desk.content(), built))]
    assert seqs[: SENT + WAITING] == list(range(1, SENT + WAITING + 1))
    assert register.read(tmp_path / "records/register.jsonl")[-1]["what"] == "update"


def test_a_unit_that_does_not_answer_is_written_whole_and_keeps_its_journal(flash, tmp_path, image, monkeypatch):
    monkeypatch.setattr(flash_verb, "_STARTS_S", 3.0)
    built = image_build.build(unitfile.load(UNIT_FILE), image)
    before = bytearray(in_service(built))
    vfs = built.part("vfs")
    before[vfs.at : vfs.at + len(vfs.data)] = b"\x55" * len(vfs.data)
    with Desk(tmp_path, dead=True) as desk:
        desk.flash.flash_tool_write(0, bytes(before))
        code, _, err = flash(desk, "--unit", UNIT_FILE)
        assert code == 0 and "cannot be updated while it runs: all is written anew" in err, err
        assert holds(desk.as_flashed, built)
        assert journal_of(desk.as_flashed, built) == journal_of(bytes(before), built)


def test_a_board_of_another_unit_is_not_overwritten_unasked(flash, tmp_path, image):
    other = tmp_path / "other.toml"
    other.write_text(UNIT_FILE.read_text(encoding="utf-8").replace('id = "qiaotou"', 'id = "upstream"'))
    built = image_build.build(unitfile.load(other), image)
    journal = partitions.named(list(built.table), "journal").at
    with Desk(tmp_path) as desk:
        desk.flash.flash_tool_write(0, built.whole())
        desk.flash.program(journal, b"readings")
        before = desk.content()
        code, _, err = flash(desk, "--unit", UNIT_FILE)
        assert code == 1 and "is unit upstream" in err and "--fresh" in err
        assert desk.content() == before
        code, _, err = flash(desk, "--unit", UNIT_FILE, "--fresh")
        assert code == 0, err
        assert desk.as_flashed[journal : journal + 8] == b"\xff" * 8


def test_a_unit_whose_partitions_would_move_is_not_overwritten(flash, tmp_path, image):
    built = image_build.build(unitfile.load(UNIT_FILE), image)
    sector = bytearray(built.part("table").data)
    sector[32 * 3 + 8] ^= 1  # the size of vfs
    with Desk(tmp_path) as desk:
        desk.flash.flash_tool_write(partitions.TABLE_AT, bytes(sector))
        code, _, err = flash(desk, "--unit", UNIT_FILE)
    assert code == 1 and "qingxi backup" in err and "qingxi swap --fresh" in err


def test_dry_run_writes_nothing(flash, tmp_path):
    with Desk(tmp_path) as desk:
        code, out, err = flash(desk, "--unit", UNIT_FILE, "--dry-run", "--json")
        assert desk.content() == b"\xff" * 4 * MB
    assert code == 0 and "nothing was written" in err and json.loads(out)["journal_kept"] is False
    assert not (tmp_path / "records").exists()


def test_a_poor_cable_gets_a_slower_baud_rate(flash, tmp_path):
    with Desk(tmp_path, most_baud=115200) as desk:
        code, out, err = flash(desk, "--unit", UNIT_FILE, "--json")
    assert code == 0, err
    assert json.loads(out)["written"]["baud"] == 115200


def test_another_chip_is_flashed_as_its_rom_wants_it(flash, tmp_path):
    """An ESP32-S3 up to its digests; its virtual board needs no first start to show that."""
    image = micropython_image.parse(standin.micropython("esp32s3"))
    micropython_image.pin(image)
    unit = unit_file(tmp_path, S3_BOARD)
    with Desk(tmp_path, chip="esp32s3", flash_mb=8, unit=unit) as desk:
        code, _, err = flash(desk, "--unit", unit)
        assert code == 0, err
        assert holds(desk.as_flashed, image_build.build(unitfile.load(unit), image))
