"""What the fuzz has found, each as small as it goes: all of it ended in a traceback, in a circle, or was believed."""

import base64
import json
import os

import pytest
from unit.catalogue import lookup, tables
from unit.journal.cursor import Cursor
from unit.journal.layout import BASE, END, FORMAT, READING, put_frame, put_int, put_uint
from unit.journal.ring import Journal

from host_tools import main
from host_tools.device import in_service, journal_port, raw_repl, self_test
from host_tools.image import esp_image, micropython_image
from host_tools.records import fleet_file, old_board, replacement
from host_tools.unitkit import boards, fsimage, pack, partitions, tomltext, unitfile
from host_tools.unitkit.errors import AnswerIsNo, BadInput, SurroundingsFailed
from host_tools.unitkit.nor import Nor
from host_tools.unitkit.partitions import Partition
from sim.board import flash_file, standin
from sim.scenario import inflow_file, scenario
from tests.board.rig import UNIT_FILE
from tests.fuzz import flashes, ports

POINTS = tables.count("points")


def said(path, lang, capsys):
    """What the command line says of a file, in this language."""
    code = main.main(["--lang", lang, *path])
    return code, capsys.readouterr().err


# --- journals: numbers that nobody wrote, under checksums that fit


def forged(count=POINTS + 1, boot=1, offset=0, reading=b""):
    """A journal of two blocks: one base record with these numbers and, behind it, a reading with this body."""
    record = bytearray(512)
    end = 1
    for number in (0, 1, boot, 0, offset, 60, 0, 0, 0, 0, count):
        end = put_uint(record, end, number)
    for _ in range(POINTS + 1):
        end = put_int(record, end, 0)
    size = put_frame(record, BASE, end, FORMAT)
    flash = record[:size]
    crc = record[size - 2] << 8 | record[size - 1]
    record = bytearray(512)
    record[1 : 1 + len(reading)] = reading
    size = put_frame(record, READING, 1 + max(1, len(reading)), crc)
    return bytes(flash + record[:size]).ljust(2 * 4096, b"\xff")


def test_a_base_record_that_says_it_has_a_googol_of_values_is_not_counted_through():
    cursor = Cursor(Journal(Nor(bytearray(forged(count=10**30))), POINTS, 60))
    cursor.seek(0)
    assert cursor.next() in (READING, END)


@pytest.mark.parametrize("a", [0, 1000])
def test_a_reading_too_short_to_be_one_at_the_end_of_what_is_read_at_a_time(a):
    for size in range(1, 220):
        journal = Journal(Nor(bytearray(b"\xff" * 2 * 4096)), 24, 60)
        journal.event(0, 1, a, 0)
        journal.save_snapshot(0, bytes(240), size)
        record = bytearray(64)
        record[1] = 1  # the second record since the base, of which a reading has nothing else
        at, crc = journal.tail.pos, journal.tail.base_crc
        n = put_frame(record, READING, 2, crc)
        journal.device.data[at : at + n] = record[:n]
        cursor = Cursor(Journal(journal.device, 24, 60))
        cursor.seek(0)
        while cursor.next() != END:
            pass


@pytest.mark.parametrize("offset", [1 << 33, 1 << 40, 1 << 300])
def test_a_clock_beyond_all_years_is_no_time(tmp_path, capsys, offset):
    path = tmp_path / "journal.bin"
    path.write_bytes(forged(offset=offset, reading=bytes(9)))
    assert main.main(["journal", str(path), "--json", "--out", str(tmp_path / "out.csv")]) == 0
    assert json.loads(capsys.readouterr().out)["starts"][0]["from"] == 0  # seconds since the start


def test_a_start_with_a_number_that_no_board_can_have_is_not_gone_on_from():
    with pytest.raises(AnswerIsNo, match="number of a start"):
        replacement.prepare(forged(boot=1 << 34), 2 * 4096, 60, 1_900_000_000, replacement.Seen())


def test_a_journal_of_which_nothing_can_be_read_is_not_told_as_an_empty_one(tmp_path, capsys):
    path = tmp_path / "journal.bin"
    path.write_bytes(b"\xff" * 4096 + b"\x12" * 4096)
    assert main.main(["journal", str(path)]) == 0
    assert "whole blocks: 1" in capsys.readouterr().out


# --- flashes


def flash(tmp_path, spoil=lambda data: data):
    unit = unitfile.load(UNIT_FILE)
    files = flashes.sealed(unit.board_settings(), unit.board.compact())
    path = tmp_path / "old.bin"
    path.write_bytes(spoil(flashes.flash(files, forged())))
    return path


@pytest.mark.parametrize("bit", [partitions.TABLE_AT + 32 + 4 + 1, partitions.TABLE_AT + 32 + 8 + 1])
def test_a_bit_of_the_partition_table_does_not_lead_to_another_place(tmp_path, capsys, bit):
    """The journal was looked for elsewhere, found blank, and its readings and numbers given up."""

    def spoil(data):
        return data[:bit] + bytes((data[bit] ^ 0x10,)) + data[bit + 1 :]

    assert old_board.read_file(flash(tmp_path)).unit_id == "qiaotou"
    path = flash(tmp_path, spoil)
    for lang, words in (("en", "partition table is damaged"), ("zh", "分区表损坏")):
        code, err = said(["journal", str(path)], lang, capsys)
        assert code == 2 and words in err and str(path) in err
    with pytest.raises(BadInput, match="partition table is damaged"):
        old_board.read_file(path)


@pytest.mark.parametrize("sizes", [(0, 8192), (8192, 0), (5000, 8192), (8192, 4096)])
def test_a_table_with_areas_of_no_size_is_no_backup(tmp_path, sizes):
    table = [Partition("vfs", 1, 0x81, 0x9000, sizes[0]), Partition("journal", 1, 6, 0xC000, sizes[1])]
    data = bytearray(b"\xff" * 0x10000)
    data[0x8000 : 0x8000 + 0xC00] = partitions.encode(table)
    with pytest.raises(BadInput, match="no backup"):
        old_board.of_image(bytes(data), "it")


def test_settings_as_deep_as_a_well_are_none():
    deep = fsimage.sealed(b"[" * 4000)
    files = {"config.json": deep, "board.json": deep, "board.last": deep}
    assert old_board.of_image(flashes.flash(files, forged()), "it").settings is None


@pytest.mark.parametrize("size", [1 << 20, (1 << 31) - 1, 1 << 31, (1 << 32) - 1])
def test_a_file_that_says_it_has_gigabytes_is_not_read(size):
    files = flashes.sealed({"unit.id": "qiaotou"}) | {old_board.VISITS: b"2026-05-03 p1 blocked\n" * 500}
    made = flashes.flash(files, forged())
    assert len(old_board.of_image(made, "it").visits) == 500 * 22
    assert old_board.of_image(flashes.with_file_size(made, size), "it").visits == b""


def test_a_file_larger_than_any_flash_is_not_taken_into_memory(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(partitions, "MOST_FLASH", 1 << 16)
    path = tmp_path / "big.bin"
    path.write_bytes(b"\xff" * (1 << 17))
    code, err = said(["journal", str(path)], "zh", capsys)
    assert code == 2 and f"{path}：超过 65536 字节" in err


def test_a_flash_file_that_is_none_is_a_sentence(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # it was written into for ever; /dev/null would have been its owner's alone
    for name in ("pipe", "x" * 300):
        with pytest.raises((BadInput, SurroundingsFailed), match=name[:4]):
            flash_file.FlashFile(tmp_path / name, 8192)


def test_a_pack_whose_version_is_no_text_is_no_pack():
    made = bytearray(pack.pack({"unit/a.mpy": b"abc"}, "1.2.3"))
    made[40] = 0xFF
    with pytest.raises(BadInput, match="it: the version"):
        pack.head(flashes.sealed_pack(bytes(made)), "it")


@pytest.mark.parametrize("at", [0, 0x1000, 0x8000])
def test_an_application_upon_the_boot_loader_or_the_table_is_none(at):
    image = standin.micropython(table=[Partition("factory", 0, 0, at, 0x100000)], size=14_000)
    with pytest.raises(esp_image.Damaged):
        micropython_image.parse(image)


# --- texts


@pytest.mark.parametrize("text", ["a." * 2000 + "a = 1", "[unit]\nx = " + "[" * 100 + "]" * 100, "x = " + "9" * 5000])
def test_toml_that_is_too_deep_or_too_long_is_refused_by_its_file(text):
    for load in (lambda: unitfile.parse(text, "it.toml"), lambda: boards.parse("it", text)):
        with pytest.raises(BadInput, match=r"it\.toml"):
            load()


@pytest.mark.parametrize("number", ["1e99999999999999999999", "inf", "-nan"])
def test_a_number_without_an_end_is_none(number):
    text = UNIT_FILE.read_text(encoding="utf-8").replace("well_area_m2 = ", f"well_area_m2 = {number} # ")
    with pytest.raises(BadInput, match="well_area_m2"):
        unitfile.parse(text, "it.toml")


@pytest.mark.parametrize("row", ['kind = ["relay"]', 'kind = "relay"\nactive = [1]'])
def test_a_list_in_a_board_file_where_a_word_is_wanted(row):
    with pytest.raises(BadInput, match=r"it\.toml: terminal x"):
        boards.parse("it", f'chip = "esp32"\n[terminals.x]\n{row}\n')


SCENARIO = 'name="x"\nstart=2026-06-15T00:00:00+08:00\ndays=7\n[inflow]\n'


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("population=" + "9" * 400, "inflow.population"),
        ('file="' + "x" * 300 + '"', "inflow.file"),
        ('population=1\n[[visit]]\nat="' + "9" * 400 + 'h"', "visit 1, at"),
        ('population=1\n[[visit]]\nat="' + "9" * 5000 + 'd"', "visit 1, at"),
    ],
)
def test_a_scenario_with_hundreds_of_digits_or_letters(tmp_path, more, key):
    path = tmp_path / "s.toml"
    path.write_text(SCENARIO + more, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        scenario.load(path)
    assert any(f"s.toml:{line}: {key}" in problem for problem in caught.value.problems for line in range(4, 8))


@pytest.mark.parametrize("number", ["1_0", "\u0661\u0662", "\x0c10"])
def test_a_flow_in_what_is_no_number_to_people(tmp_path, number):
    path = tmp_path / "inflow.csv"
    path.write_text(f"time_s,flow_m3_d\n0,{number}\n", encoding="utf-8")
    problems: list[str] = []
    inflow_file.read_inflow(path, problems)
    assert [problem.partition(" must")[0] for problem in problems] == [f"{path}:2: flow_m3_d:"]


def test_a_line_separator_in_a_name_moves_no_other_setting(tmp_path):
    """Behind it the place of each setting was a line off: another one's value was written over."""
    text = '[unit]\nname_zh = "a"\nid = "b"\n[lift]\nwell_area_m2 = 1 # m2\n'
    made = fleet_file.edited(text, {"unit.name_zh": "x\u2028y", "unit.id": "c", "lift.well_area_m2": "2"})
    assert made == '[unit]\nname_zh = "x\u2028y"\nid = "c"\n[lift]\nwell_area_m2 = 2 # m2\n'
    assert tomltext.key_lines(made)["unit.id"] == 3


def test_a_delete_character_in_a_cell_is_told_by_its_line(tmp_path, capsys):
    path = tmp_path / "county.csv"
    path.write_text("unit.id,unit.name_zh,unit.name_en\nxiacun,下\x7f村,Xiacun\n", encoding="utf-8")
    code, err = said(["fleet", "make", str(path), "--out", str(tmp_path / "out")], "en", capsys)
    assert code == 2 and f"{path}:2: column unit.name_zh" in err


def test_two_files_of_one_name_do_not_take_each_others_place_in_a_units_folder(tmp_path, capsys):
    """The second certificate lay where the first one should be; a file called credentials.txt put ours away."""
    text = UNIT_FILE.read_text(encoding="utf-8").replace('ca_file = ""', "")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for name in ("x.pem", "credentials.txt"):
            (tmp_path / folder / name).write_text(f"-----BEGIN CERTIFICATE-----\n{folder}\n")
    (tmp_path / "county.csv").write_text("unit.id,unit.name_zh,unit.name_en\nxiacun,下村,Xiacun\n", encoding="utf-8")
    for ca, cert in (("a/x.pem", "b/x.pem"), ("a/credentials.txt", "a/x.pem")):
        files = f'[mqtt]\nca_file = "{ca}"\ncert_file = "{cert}"\n'
        (tmp_path / "base.toml").write_text(text.replace("[mqtt]\n", files), encoding="utf-8")
        words = ["fleet", "make", tmp_path / "county.csv", "--base", tmp_path / "base.toml", "--out", tmp_path / "out"]
        code, err = said(list(map(str, words)), "en", capsys)
        assert code == 2 and "the unit's folder has another" in err, err
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [None, b"nonsense\n", b"\xff"])
def test_delivery_names_what_is_wrong_with_the_account(tmp_path, capsys, content):
    text = UNIT_FILE.read_text(encoding="utf-8").replace('credentials_file = ""', 'credentials_file = "account.txt"')
    (tmp_path / "unit.toml").write_text(text, encoding="utf-8")
    if content is not None:
        (tmp_path / "account.txt").write_bytes(content)
    words = ["delivery", "--unit", str(tmp_path / "unit.toml"), "--broker", "127.0.0.1:1"]
    code, err = said(words, "zh", capsys)
    assert code == 2 and "account.txt" in err


@pytest.mark.parametrize("what", ["unit.toml", "county.csv", "key.txt"])
def test_a_file_without_an_end_is_not_taken_into_memory(tmp_path, capsys, what):
    text = UNIT_FILE.read_text(encoding="utf-8").replace('credentials_file = ""', 'credentials_file = "key.txt"')
    (tmp_path / "unit.toml").write_text(text, encoding="utf-8")
    (tmp_path / what).unlink(missing_ok=True)
    (tmp_path / what).symlink_to("/dev/zero")
    verb = ["fleet", "make", what, "--out", "out"] if what == "county.csv" else ["update", "--unit", "unit.toml"]
    words = [str(tmp_path / word) if "." in word else word for word in verb]
    code, err = said(words + ([] if what == "county.csv" else ["--broker", "127.0.0.1:1"]), "en", capsys)
    assert code == 2 and what in err


@pytest.mark.parametrize("line", ["x" * 2000, "\n" + "x" * 2000])
def test_a_table_with_a_line_that_does_not_end_is_no_circle(tmp_path, monkeypatch, line):
    (tmp_path / "points.txt").write_text("a | b\n" * 100 + line, encoding="utf-8")
    monkeypatch.setattr(lookup, "ROOT", f"{tmp_path}/")
    assert lookup.row("points", "no such") is None


# --- what a board answers


_LISTED = "0123456789ab b.pack\n"


def board(*answers: str) -> ports.Board:
    return ports.Board("\x1e".join(answers).encode(), ("_ls", "_show", "_at", "_switch", "import esp32", "_read"))


@pytest.fixture
def unit(monkeypatch):
    data = pack.pack({"unit/a.mpy": b"abc"}, "1")
    files = {fsimage.PACK: data, "config.last": b"", "boot.py": b"x"}
    monkeypatch.setattr(fsimage, "firmware_files", lambda unit: dict(files))
    return unitfile.load(UNIT_FILE)


@pytest.mark.parametrize(
    "answers",
    [("",), ("hello there",), ("0123456789ab c.pack\n",), (_LISTED, "x"), (_LISTED, "9999")],
)
def test_a_board_that_answers_something_else(unit, answers):
    with pytest.raises(SurroundingsFailed, match="is not what it was asked") as caught:
        in_service.bring(board(*answers), unit, "", True)
    assert "不是所问的" in caught.value.problems[0].zh


def test_a_file_with_blanks_in_its_name_is_in_nobodys_way(unit):
    assert in_service.bring(board("0123456789ab b.pack\nmy own notes.txt 5\n", "0", "True"), unit, "", True).mac


@pytest.mark.parametrize("stored", [b"[1]", b'{"lift.alternate": 99, "lift.start_level_mm": "x"}', b"[" * 9000, None])
def test_settings_on_a_board_that_are_none(unit, monkeypatch, stored):
    data = pack.pack({"unit/a.mpy": b"abc"}, "1")
    files = {fsimage.PACK: data, "config.last": b"", "config.json": b"new"}
    monkeypatch.setattr(fsimage, "firmware_files", lambda unit: dict(files))
    text = "*" if stored is None else base64.b64encode(fsimage.sealed(stored)).decode()
    try:
        in_service.bring(board("0123456789ab b.pack\nconfig.json 5\n", text, "0", "True"), unit, "", True)
    except SurroundingsFailed as e:
        assert "is not what it was asked" in str(e)


@pytest.mark.parametrize("answers", [("many",), ("99999999",), ("1", "\u4e95\n# 0\n")])
def test_a_journal_over_the_port_that_is_none(monkeypatch, answers):
    monkeypatch.setattr(journal_port, "RawRepl", lambda port, lang: board(*answers))
    with pytest.raises(SurroundingsFailed):
        journal_port.read("/dev/x", "en")


def test_who_talks_for_ever_is_no_unit(monkeypatch):
    monkeypatch.setattr(raw_repl, "_MOST_BYTES", 2000)
    port = ports.Port(b"y" * 100_000)
    monkeypatch.setattr(raw_repl, "time", port)
    talker = raw_repl.RawRepl.__new__(raw_repl.RawRepl)
    talker.__dict__.update(_name="/dev/x", _pin="", _port=port)
    with pytest.raises(raw_repl.NoWayIn), talker:
        pass
    assert port.now_s < 100


def test_an_uptime_of_thousands_of_digits_is_none():
    tests = self_test.parse("unit ok a\nuptime ok " + "9" * 5000 + " s\nend\n")
    assert tests is not None and tests.uptime_s == 0
