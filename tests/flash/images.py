"""MicroPython images and unit files for the tests of `qingxi image`."""

import hashlib

from host_tools import main
from host_tools.records import unitdocs
from host_tools.unitkit import boards
from tests.board.rig import UNIT_FILE

S3_BOARD = "esp32s3-relay-6ch"


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(capsys, *words):
    """(exit code, standard output, standard error) of the command."""
    code = main.main([str(word) for word in words])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def take(capsys, path):
    assert run(capsys, "image", "import", path, "--sha256", digest(path))[0] == 0


def unit_file(folder, board="esp32-devkitc", **files):
    """The example unit for a board, with `files` (key -> content) beside it, named by it."""
    text = UNIT_FILE.read_text(encoding="utf-8")
    if board != "esp32-devkitc":
        text = unitdocs.new_file(boards.load(board), "other")
    for key, content in files.items():
        (folder / f"{key}.txt").write_bytes(content)
        line = f'{key} = "{key}.txt"'
        if f'{key} = ""' in text:
            text = text.replace(f'{key} = ""', line)
        else:
            text += f"\n[network]\n{line}\n"
    path = folder / "unit.toml"
    path.write_text(text, encoding="utf-8")
    return path
