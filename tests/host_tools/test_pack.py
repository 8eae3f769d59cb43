"""A pack: what a board reads out of it is what went in; whatever is not whole is refused."""

import zlib
from pathlib import Path

import pytest
from unit.catalogue import tables

from host_tools.unitkit import fsimage, pack
from host_tools.unitkit.errors import BadInput
from tests.board import rig

BOARD = rig.unit().board
_READ_ALL = """
import binascii, os
def crc(f):
    return binascii.crc32(f.read())
for name in NAMES:
    with open("/fw/" + name, "rb") as f:
        print(name, binascii.crc32(f.read(SIZES[name])))
from unit.catalogue import lookup, tables
for name in TABLES:
    found = [row[0] for row in tables.rows(name)]
    print(name, len(found), lookup.row(name, found[-1])[0], lookup.row(name, "a.mpy"))
for path, mode in (("/fw/none", "rb"), ("/fw/unit/app.mpy", "wb"), ("/fw/unit/app.mpy", "r+b")):
    try:
        open(path, mode)
    except OSError as e:
        print(path, e.errno)
print(os.stat("/fw/unit/control")[0], os.stat("/fw/unit/app.mpy")[0])
"""


def test_a_board_reads_out_of_a_pack_what_went_in(tmp_path):
    files = fsimage.slot_files(BOARD, _READ_ALL + " ".join(fsimage.slot_files(BOARD)))
    names = [Path(path).stem for path in files if path.endswith(".txt")]
    sizes = {name: len(content) for name, content in files.items()}
    main = f"NAMES = {sorted(files)}\nTABLES = {names}\nSIZES = {sizes}\n" + _READ_ALL
    shown = rig.output(rig.board(tmp_path, main)).splitlines()
    wanted = [f"{name} {zlib.crc32(files[name])}" for name in sorted(files)]
    for name in names:
        keys = [row[0] for row in tables.rows(name)]
        wanted.append(f"{name} {len(keys)} {keys[-1]} None")
    wanted += ["/fw/none 2", "/fw/unit/app.mpy 30", "/fw/unit/app.mpy 30", f"{0x4000} {0x8000}"]
    assert shown == wanted


def test_a_pack_is_reproducible_and_says_what_it_is():
    files = {"unit/a.mpy": b"abc", "unit/b/c.txt": b"x"}
    made = pack.pack(files, "1.2.3")
    assert made == pack.pack(dict(reversed(files.items())), "1.2.3")
    assert pack.head(made, "it").version == "1.2.3"
    assert made.endswith(b"abcx\n" + pack.END_OF_TEXT)


@pytest.mark.parametrize(
    "spoil", [lambda d: d[:-1], lambda d: d + b"x", lambda d: d[:70] + b"?" + d[71:], lambda d: b""]
)
def test_what_is_not_whole_is_refused(spoil):
    with pytest.raises(BadInput, match="it: is not a sound firmware pack"):
        pack.head(spoil(pack.pack({"unit/a.mpy": b"abc"}, "1")), "it")
