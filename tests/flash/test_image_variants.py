"""Which build of MicroPython an image is, which one a board wants, and what is said of the others."""

import dataclasses
import hashlib
import json

import pytest

from host_tools.image import image_build, micropython_image
from host_tools.unitkit import boards, unitfile
from sim.board import standin
from tests.board.rig import UNIT_FILE

from .images import S3_BOARD, digest, run, take, unit_file

pytestmark = pytest.mark.usefixtures("cache")

SPIRAM_PAGE = 'the download page ESP32_GENERIC below "Firmware (Support for SPIRAM / WROVER)"'
BUILDS = {
    "ESP32_GENERIC": (["esp32-devkitc", "esp32-relay-x8", "kc868-a8"], "right build for the boards esp32-devkitc"),
    "ESP32_GENERIC-SPIRAM": (["olimex-esp32-poe-wrover"], "right build for the boards olimex-esp32-poe-wrover"),
    "ESP32_GENERIC-UNICORE": ([], "none of the boards: it uses one of the chip's two cores"),
    "ESP32_GENERIC-OTA": ([], "none of the boards: it keeps two places for MicroPython"),
    "ESP32_GENERIC_S3": (["esp32s3-relay-6ch"], "right build for the boards esp32s3-relay-6ch"),
    "ESP32_GENERIC_S3-SPIRAM_OCT": (["esp32s3-eth-8di-8ro"], "right build for the boards esp32s3-eth-8di-8ro"),
}


@pytest.mark.parametrize(
    ("options", "said", "wanted"),
    [
        ({}, "1.25 (ESP32_GENERIC)", ["ESP32_GENERIC-YYYYMMDD-v1.26.1.bin"]),
        (
            {"build": "ESP32_GENERIC-SPIRAM"},
            "1.25 (ESP32_GENERIC-SPIRAM)",
            ["ESP32_GENERIC-SPIRAM-YYYYMMDD-v1.26.1.bin", SPIRAM_PAGE],
        ),
        (
            {"version": "1.22.2", "build": "", "machine": "Generic ESP32 module with SPIRAM with ESP32"},
            "1.22 (ESP32_GENERIC-SPIRAM)",
            ["ESP32_GENERIC-SPIRAM-YYYYMMDD-v1.26.1.bin", SPIRAM_PAGE],
        ),
        (
            {"chip": "esp32s3", "build": "ESP32_GENERIC_S3-SPIRAM_OCT"},
            "1.25 (ESP32_GENERIC_S3-SPIRAM_OCT)",
            ["ESP32_GENERIC_S3-SPIRAM_OCT-YYYYMMDD-v1.26.1.bin"],
        ),
        # What is no good for any board is not what is wanted in its newer version either.
        (
            {"build": "ESP32_GENERIC-OTA"},
            "1.25 (ESP32_GENERIC-OTA)",
            ["no PSRAM: ESP32_GENERIC-YYYYMMDD", "; quad PSRAM: ESP32_GENERIC-SPIRAM-YYYYMMDD"],
        ),
        ({"build": ""}, "1.25 is", ["no PSRAM: ESP32_GENERIC-YYYYMMDD", "; quad PSRAM: ESP32_GENERIC-SPIRAM-YYYYMMDD"]),
    ],
)
def test_what_is_too_old_names_the_version_and_the_file_that_are_wanted(capsys, tmp_path, options, said, wanted):
    path = tmp_path / "old.bin"
    path.write_bytes(standin.micropython(**{"version": "1.25.0"} | options))
    code, _, err = run(capsys, "image", "import", path, "--sha256", digest(path))
    assert code == 2 and f"MicroPython {said}" in err and "too old: it must be 1.26 or newer" in err
    assert all(words in err for words in wanted), err
    assert err.count("YYYYMMDD") == sum("YYYYMMDD" in words for words in wanted)
    code, _, err = run(capsys, "image", "import", path, "--lang", "zh")
    assert code == 2 and "太旧：应为 1.26 或更新" in err and "下载页 ESP32_GENERIC" in err


@pytest.mark.parametrize("build", BUILDS)
def test_a_variant_is_told_by_its_bytes_not_by_its_name(capsys, tmp_path, build):
    names, said = BUILDS[build]
    path = tmp_path / "ESP32_GENERIC-SPIRAM-20250911-v1.27.0.bin"
    path.write_bytes(standin.micropython("esp32s3" if "_S3" in build else "esp32", build=build))
    words = ("image", "import", path, "--sha256", digest(path))
    code, out, err = run(capsys, *words)
    assert code == 0 and f"MicroPython 1.26.1 {build}, esp32" in out and said in err
    shown = json.loads(run(capsys, *words, "--json")[1])
    assert (shown["variant"], shown["build"], shown["boards"]) == (build, build, names)


@pytest.mark.parametrize(
    ("options", "title", "variant"),
    [
        (
            {"build": "", "machine": "Generic ESP32 module with OTA with ESP32"},
            "ESP32_GENERIC-OTA",
            "ESP32_GENERIC-OTA",
        ),
        ({"build": "ESP32_GENERIC-ROMFS"}, "ESP32_GENERIC-ROMFS", ""),
        ({"build": "", "machine": "Village board with ESP32"}, "Village board with ESP32", ""),
    ],
)
def test_a_build_that_nobody_knows_is_named_and_used(capsys, tmp_path, options, title, variant):
    """Somebody may have built one of his own, with what he needs frozen into it."""
    path = tmp_path / "own.bin"
    path.write_bytes(standin.micropython(**options))
    code, out, err = run(capsys, "image", "import", path, "--sha256", digest(path))
    assert code == 0 and f"MicroPython 1.26.1 {title}, esp32" in out
    assert ("no build that is known here" in err) == (not variant)
    assert micropython_image.read(path).summary()["variant"] == variant
    code, out, err = run(capsys, "image", "build", "--unit", UNIT_FILE, "--out", tmp_path / "x")
    assert code == 0 and f"MicroPython 1.26.1 {title}, esp32-devkitc" in out
    assert "MicroPython 1.26.1" in err and "The right one is ESP32_GENERIC-YYYYMMDD" in err


@pytest.mark.parametrize(
    ("board", "chip", "build", "said"),
    [
        ("esp32-devkitc", "esp32", "ESP32_GENERIC", ""),
        ("esp32-devkitc", "esp32", "ESP32_GENERIC-SPIRAM", "it runs, but is slower"),
        ("esp32-devkitc", "esp32", "ESP32_GENERIC-UNICORE", "one of the chip's two cores"),
        ("olimex-esp32-poe-wrover", "esp32", "ESP32_GENERIC", "leaves the module's PSRAM unused"),
        ("olimex-esp32-poe-wrover", "esp32", "ESP32_GENERIC-SPIRAM", ""),
        ("esp32s3-relay-6ch", "esp32s3", "ESP32_GENERIC_S3", ""),
        ("esp32s3-eth-8di-8ro", "esp32s3", "ESP32_GENERIC_S3", "leaves the module's PSRAM unused"),
        ("esp32s3-eth-8di-8ro", "esp32s3", "ESP32_GENERIC_S3-SPIRAM_OCT", ""),
    ],
)
def test_version_and_variant_are_printed_and_what_is_wasted_is_said(capsys, tmp_path, board, chip, build, said):
    path = tmp_path / "image.bin"
    path.write_bytes(standin.micropython(chip, build=build))
    take(capsys, path)
    words = ("image", "build", "--unit", unit_file(tmp_path, board), "--out", tmp_path / "x")
    code, out, err = run(capsys, *words)
    assert code == 0 and out.startswith(f"MicroPython 1.26.1 {build}, {board}\n")
    assert said in err and ("The right one is" in err) == bool(said)
    report = json.loads(run(capsys, *words, "--json")[1])
    assert report["micropython"]["variant"] == build and bool(report["remarks"]) == bool(said)
    err = run(capsys, *words, "--lang", "zh")[2]
    assert ("合适的是下载页" in err) == bool(said)


@pytest.mark.parametrize(
    ("board", "chip", "build", "right"),
    [
        ("olimex-esp32-poe-wrover", "esp32", "ESP32_GENERIC", "ESP32_GENERIC-SPIRAM"),
        ("esp32s3-eth-8di-8ro", "esp32s3", "ESP32_GENERIC_S3", "ESP32_GENERIC_S3-SPIRAM_OCT"),
    ],
)
def test_tls_with_an_image_that_leaves_the_psram_unused_is_refused(tmp_path, board, chip, build, right):
    path = unit_file(tmp_path, board, ca_file=b"", wifi_file=b"")
    text = path.read_text(encoding="utf-8").replace('broker = ""', 'broker = "10.0.0.1"')
    path.write_text(text.replace("tls = false", "tls = true"), encoding="utf-8")
    unit = unitfile.load(path)
    with pytest.raises(image_build.BadInput, match="tls = true needs PSRAM, which MicroPython") as refused:
        image_build.build(unit, micropython_image.parse(standin.micropython(chip, build=build)))
    assert f"wants {right}-YYYYMMDD" in refused.value.problems[0]
    (tmp_path / "ca_file.txt").write_text("-----BEGIN CERTIFICATE-----\n")
    (tmp_path / "wifi_file.txt").write_text("village = secret\n")
    image_build.build(unit, micropython_image.parse(standin.micropython(chip, build=right)))


def test_octal_psram_is_refused_where_the_module_has_none(capsys, tmp_path):
    path = tmp_path / "image.bin"
    path.write_bytes(standin.micropython("esp32s3", build="ESP32_GENERIC_S3-SPIRAM_OCT"))
    take(capsys, path)
    words = ("image", "build", "--unit", unit_file(tmp_path, S3_BOARD), "--out", tmp_path / "x")
    code, _, err = run(capsys, *words, "--micropython", path)
    assert code == 2 and "takes GPIO33 to 37 for octal PSRAM, and this module has no PSRAM" in err
    assert "It wants ESP32_GENERIC_S3-YYYYMMDD" in err and not (tmp_path / "x").exists()
    code, _, err = run(capsys, *words)  # nor does it count as one for the board
    assert code == 2 and "no MicroPython image for board esp32s3-relay-6ch" in err


def test_octal_psram_is_refused_where_the_modules_is_quad():
    board = dataclasses.replace(boards.load(S3_BOARD), psram_mb=2)
    image = micropython_image.parse(standin.micropython("esp32s3", build="ESP32_GENERIC_S3-SPIRAM_OCT"))
    assert "this module has quad PSRAM" in micropython_image.refused(image, board)


def test_the_newest_version_of_the_right_build_is_taken(capsys, tmp_path):
    board = boards.load("esp32-devkitc")
    for version, build in (
        ("1.28.0", "ESP32_GENERIC-SPIRAM"),
        ("1.27.0", "ESP32_GENERIC"),
        ("1.26.1", "ESP32_GENERIC"),
        ("1.29.0", "ESP32_GENERIC-ROMFS"),
    ):
        path = tmp_path / version
        path.write_bytes(standin.micropython(version=version, build=build))
        take(capsys, path)
    assert micropython_image.choose(board, None).title == "1.27.0 ESP32_GENERIC"
    board = boards.load("olimex-esp32-poe-wrover")
    assert micropython_image.choose(board, None).title == "1.28.0 ESP32_GENERIC-SPIRAM"


def test_an_image_that_was_imported_when_older_ones_were_taken_is_in_nobodys_way(capsys, cache, stock):
    old = standin.micropython(version="1.24.1")
    kept = cache / "micropython" / f"{hashlib.sha256(old).hexdigest()}.bin"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(old)
    board = boards.load("esp32-devkitc")
    with pytest.raises(image_build.BadInput, match="ESP32_GENERIC-YYYYMMDD"):
        micropython_image.choose(board, None)
    take(capsys, stock)
    assert micropython_image.choose(board, None).version == (1, 26, 1)
