"""`qingxi image`: what is taken in, what is refused and why, and what the built flash holds."""

import hashlib
import json
import stat
import struct
import subprocess
import sys

import pytest
from littlefs import LittleFS

from host_tools.image import image_build, micropython_image
from host_tools.unitkit import partitions, unitfile
from sim.board import standin
from tests.board.rig import ROOT, UNIT_FILE

from .images import S3_BOARD, digest, run, take, unit_file

pytestmark = pytest.mark.usefixtures("cache")


def test_an_image_is_shown_and_kept_under_its_digest(capsys, cache, stock):
    code, out, _ = run(capsys, "image", "import", stock, "--sha256", digest(stock), "--json")
    shown = json.loads(out)
    assert code == 0
    assert (shown["chip"], shown["size"], shown["sha256"]) == ("esp32", stock.stat().st_size, digest(stock))
    assert f"MicroPython v{shown['version']} on".encode() in stock.read_bytes()
    kept = cache / "micropython" / f"{digest(stock)}.bin"
    assert kept.read_bytes() == stock.read_bytes()


def test_an_unknown_image_needs_somebody_who_vouches_for_its_digest(capsys, cache, tmp_path):
    path = tmp_path / "other.bin"
    path.write_bytes(standin.micropython(seed=2))
    code, _, err = run(capsys, "image", "import", path, "--yes")
    assert code == 2 and digest(path) in err and "--sha256" in err
    code, _, err = run(capsys, "image", "import", path, "--sha256", "0" * 64)
    assert code == 1 and "damaged or altered" in err
    assert run(capsys, "image", "import", path, "--sha256", "abc")[0] == 2
    assert not list(cache.rglob("*.bin"))
    take(capsys, path)
    assert run(capsys, "image", "import", path)[0] == 0  # known by now


def test_the_public_digest_is_unconfirmed_until_a_person_says_yes(capsys, cache, stock, monkeypatch):
    entry = micropython_image.known("6b5272b6edd15fc4d1627ec559a27a5d5a7b86e5ea7f8013941eb10c877edd4e")
    assert (entry["file"], entry["size"], entry["confirmed"]) == (
        "ESP32_GENERIC-20250911-v1.26.1.bin",
        1734416,
        False,
    )
    monkeypatch.setattr(micropython_image, "known", lambda sha256: dict(entry, sha256=sha256))
    code, _, err = run(capsys, "image", "import", stock)
    assert code == 2 and "--yes" in err and not list(cache.rglob("*.bin"))
    assert run(capsys, "image", "import", stock, "--yes")[0] == 0


def flipped(data, at):
    changed = bytearray(data)
    changed[at] ^= 0x10
    return bytes(changed)


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda d: d[:-3000], "ends in the middle"),
        (lambda d: d[:-1], "SHA-256"),
        (lambda d: flipped(d, len(d) - 5000), "checksum"),
        (lambda d: flipped(d, len(d) - 1), "SHA-256"),
        (lambda d: flipped(d, 0), "boot loader: no ESP image"),
        (lambda d: flipped(d, 600), "boot loader: its checksum"),
        (lambda d: flipped(d, 0x7008), "partition table"),
        (lambda d: flipped(d, 0xF000), "application: no ESP image"),
        (lambda d: flipped(d, 13), "chip number 4096 is unknown"),
        (lambda d: b"", "no ESP image"),
        (lambda d: b"PK\x03\x04" + d, "no ESP image"),
    ],
)
def test_a_damaged_image_is_refused_with_what_is_wrong(capsys, cache, tmp_path, stock, damage, word):
    path = tmp_path / "damaged.bin"
    path.write_bytes(damage(stock.read_bytes()))
    code, _, err = run(capsys, "image", "import", path, "--sha256", digest(path))
    assert code == 2 and word in err and str(path) in err
    assert not list(cache.rglob("*.bin"))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"chip": "esp32c3"}, "for the chip esp32c3: the boards have esp32, esp32s3"),
        ({"app_chip": "esp32s3"}, "boot loader is for esp32, the application for esp32s3"),
        ({"banner": b"some other firmware"}, "is not MicroPython"),
    ],
)
def test_another_firmware_or_chip_is_refused(capsys, tmp_path, options, word):
    path = tmp_path / "other.bin"
    path.write_bytes(standin.micropython(**options))
    code, _, err = run(capsys, "image", "import", path, "--sha256", digest(path))
    assert code == 2 and word in err


@pytest.mark.parametrize("options", [{"chip": "esp32c3"}, {"banner": b"some other firmware"}, {"version": "1.25.0"}])
def test_a_sound_file_of_the_wrong_kind_is_not_to_be_fetched_again(capsys, tmp_path, options):
    path = tmp_path / "other.bin"
    path.write_bytes(standin.micropython(**options))
    for lang in ("en", "zh"):
        code, _, err = run(capsys, "image", "import", path, "--lang", lang)
        assert code == 2 and "get the file again" not in err and "重新取得" not in err


def test_a_missing_file_is_named(capsys, tmp_path):
    code, _, err = run(capsys, "image", "import", tmp_path / "gone.bin")
    assert code == 2 and "gone.bin" in err


def test_the_built_flash_holds_boot_loader_table_application_files(capsys, tmp_path, stock):
    take(capsys, stock)
    out = tmp_path / "out.bin"
    code, shown, _ = run(capsys, "image", "build", "--unit", UNIT_FILE, "--out", out, "--json")
    assert code == 0
    report, flash, source = json.loads(shown), out.read_bytes(), stock.read_bytes()
    assert len(flash) == 4 << 20 and report["sha256"] == digest(out)
    assert flash[:0x1000] == b"\xff" * 0x1000 and flash[0x1000:0x7000] == source[:0x6000]
    assert flash[0x10000 : 0x10000 + len(source) - 0xF000] == source[0xF000:]
    table = partitions.decode(flash[0x8000:0x8C00])
    assert [p.name for p in table] == ["nvs", "phy_init", "factory", "vfs", "journal"]
    assert table[-1].at + table[-1].size == 4 << 20
    vfs, journal = table[-2:]
    assert flash[journal.at :] == b"\xff" * journal.size
    fs = LittleFS(block_size=4096, block_count=vfs.size // 4096, mount=False)
    fs.context.buffer[:] = flash[vfs.at : vfs.at + vfs.size]
    fs.mount()
    with fs.open("config.json", "rb") as f:
        assert json.loads(f.read().splitlines()[0])["unit.id"] == "qiaotou"
    for part in report["parts"]:
        assert hashlib.sha256(flash[part["at"] : part["at"] + part["size"]]).hexdigest() == part["sha256"]


def test_equal_input_gives_equal_bytes_in_another_process(capsys, tmp_path, stock):
    take(capsys, stock)
    ends = []
    for name in ("a", "b"):
        out = tmp_path / name
        command = [sys.executable, "-m", "host_tools.main", "image", "build", "--unit", UNIT_FILE, "--out", out]
        subprocess.run(list(map(str, command)), check=True, capture_output=True, cwd=ROOT)
        ends.append(out.read_bytes())
    assert ends[0] == ends[1]


def test_a_larger_flash_is_stated_in_the_boot_loader_whose_hash_fits(tmp_path):
    image = micropython_image.parse(standin.micropython("esp32s3"))
    unit = unitfile.load(unit_file(tmp_path, S3_BOARD))
    flash = image_build.build(unit, image).whole()
    assert len(flash) == 8 << 20
    size = image.boot_size
    assert flash[3] >> 4 == 3 and flash[size - 32 : size] == hashlib.sha256(flash[: size - 32]).digest()
    journal = partitions.named(partitions.decode(flash[0x8000:0x8C00]), "journal")
    assert journal.at + journal.size == 8 << 20


def test_a_unit_for_another_chip_names_both(capsys, tmp_path, stock):
    take(capsys, stock)
    unit = unit_file(tmp_path, S3_BOARD)
    code, _, err = run(capsys, "image", "build", "--unit", unit, "--out", tmp_path / "x", "--micropython", stock)
    assert code == 2 and f"{stock}: MicroPython 1.26.1" in err  # the file is at fault, and named
    assert "it is for the chip esp32, not for esp32s3. It wants ESP32_GENERIC_S3-YYYYMMDD" in err
    code, _, err = run(capsys, "image", "build", "--unit", unit, "--out", tmp_path / "x")
    assert code == 2 and "no MicroPython image for board esp32s3-relay-6ch" in err and "qingxi image import" in err
    assert "ESP32_GENERIC_S3-YYYYMMDD-v1.26.1.bin" in err
    assert not (tmp_path / "x").exists()
    with pytest.raises(image_build.BadInput, match="cannot run on board esp32s3-relay-6ch"):
        image_build.build(unitfile.load(unit), micropython_image.read(stock))


def test_an_image_whose_application_is_in_the_way_is_refused():
    ota = [*standin.STOCK_TABLE[:2], partitions.Partition("ota_0", 0, 0x10, 0x10000, 0x300000)]
    image = micropython_image.parse(standin.micropython(table=ota, build="ESP32_GENERIC-OTA"))
    with pytest.raises(image_build.BadInput, match="ota_0 ends at 0x310000") as refused:
        image_build.build(unitfile.load(UNIT_FILE), image)
    sentence = refused.value.problems[0]
    assert "1.26.1 ESP32_GENERIC-OTA" in sentence and "The board wants ESP32_GENERIC-YYYYMMDD" in sentence


def test_a_file_that_was_not_imported_is_not_used(capsys, tmp_path, stock):
    words = ("image", "build", "--unit", UNIT_FILE, "--out", tmp_path / "x", "--micropython", stock)
    code, _, err = run(capsys, *words)
    assert code == 2 and f"qingxi image import {stock}" in err
    take(capsys, stock)
    assert run(capsys, *words)[0] == 0


def test_a_pin_that_was_damaged_on_disk_is_noticed(capsys, cache, stock):
    take(capsys, stock)
    kept = next(cache.rglob("*.bin"))
    kept.write_bytes(flipped(kept.read_bytes(), 0x5000))  # a byte that no checksum covers
    code, _, err = run(capsys, "image", "build", "--unit", UNIT_FILE, "--out", "unused")
    assert code == 1 and "damaged since it was imported" in err


SECRET = b"user = qiaotou\npassword = pa55-hunter\n"


def test_secrets_reach_the_flash_and_nothing_else(capsys, tmp_path, stock):
    take(capsys, stock)
    unit = unit_file(tmp_path, credentials_file=SECRET, wifi_file=b"village = wifi-pa55\n")
    out = tmp_path / "out.bin"
    code, shown, err = run(capsys, "image", "build", "--unit", unit, "--out", out, "--json")
    assert code == 0
    assert b"pa55-hunter" in out.read_bytes() and b"wifi-pa55" in out.read_bytes()
    assert "pa55" not in shown + err and "do not pass it on" in err
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    # A digest over a short password would confirm a guess.
    report = json.loads(shown)
    assert "sha256" not in report and digest(out) not in shown
    assert [part["name"] for part in report["parts"] if "sha256" not in part] == ["vfs"]


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({"credentials_file": b"pa55-only\n"}, "write name = value"),
        ({"credentials_file": b"user = a\nkey = pa55\n"}, "must be one of user, password, command_key"),
        ({"wifi_file": b"# none\n"}, "holds no network"),
        ({"wifi_file": b"\xff\xfe"}, "UTF-8"),
        ({"ca_file": b"pa55"}, "no certificate"),
        ({"ca_file": b"x" * 20000}, "longer than"),
    ],
)
def test_a_wrong_secret_file_is_named_without_its_content(capsys, tmp_path, stock, files, word):
    take(capsys, stock)
    unit = unit_file(tmp_path, **files)
    code, out, err = run(capsys, "image", "build", "--unit", unit, "--out", tmp_path / "x")
    assert code == 2 and word in err and next(iter(files)) in err and "pa55" not in out + err


def test_the_standin_is_laid_out_as_esptool_reads_it(tmp_path, stock):
    """Another reader than ours: the unmodified esptool finds checksum and hash valid."""
    app = tmp_path / "app.bin"
    app.write_bytes(stock.read_bytes()[0xF000:])
    command = [sys.executable, "-m", "esptool", "image-info", str(app)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert shown.count("(valid)") == 2 and "micropython" in shown
    assert struct.unpack_from("<H", app.read_bytes(), 12)[0] == 0
