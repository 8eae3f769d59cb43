"""NOR rules, counts that stay with the file, and the same rules as the virtual machine meets them."""

import pytest
from littlefs import UserContext

from host_tools.unitkit import fsimage, partitions
from host_tools.unitkit.errors import BadInput, SurroundingsFailed
from sim.board.flash_file import FlashFile

from . import rig

_SIZE = 64 * 1024


def test_bits_only_clear_and_a_block_is_erased_whole(tmp_path):
    flash = FlashFile(tmp_path / "f", _SIZE)
    flash.program(100, b"\xf0\x0f")
    flash.program(100, b"\x3c\xff")
    assert flash.read(99, 4) == b"\xff\x30\x0f\xff"
    flash.erase(0)
    assert flash.read(0, 4096) == b"\xff" * 4096
    for at in (1, _SIZE):
        with pytest.raises(ValueError):
            flash.erase(at)
    with pytest.raises(ValueError):
        flash.program(_SIZE - 1, b"ab")


def test_content_and_counts_stay_with_the_file(tmp_path):
    flash = FlashFile(tmp_path / "f", _SIZE)
    flash.program(5000, b"abc")
    flash.erase(8192)
    flash.erase(8192)
    again = FlashFile(tmp_path / "f", _SIZE)
    assert again.read(5000, 3) == b"abc"
    assert (again.programmed_bytes, again.erases) == (3, 2)
    assert again.block_erases(8192, 8192) == [2, 0]


def test_a_file_of_another_size_is_refused(tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 100)
    with pytest.raises(BadInput, match="100 bytes"):
        FlashFile(tmp_path / "f", _SIZE)


def test_the_machine_programs_and_erases_by_the_same_rules(tmp_path):
    main = """
import esp32
p = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="journal")[0]
print(p.info()[2:5], p.ioctl(4, 0), p.ioctl(5, 0))
p.writeblocks(3, b"\\xf0\\x0f", 10)
p.writeblocks(3, b"\\x3c\\xff", 10)
b = bytearray(4)
p.readblocks(3, b, 9)
print(b.hex())
p.ioctl(6, 3)
p.readblocks(3, b, 9)
print(b.hex())
try:
    p.writeblocks(352, b"x", 0)
except OSError as e:
    print("refused", e.errno)
"""
    text = rig.output(rig.board(tmp_path, main))
    assert text.splitlines() == ["(2752512, 1441792, 'journal') 352 4096", "ff300fff", "ffffffff", "refused 22"]
    flash = FlashFile(tmp_path / "board.flash", 4 << 20)
    journal = partitions.named(partitions.of_board(rig.unit().board), "journal")
    assert flash.block_erases(journal.at, 5 * 4096) == [0, 0, 0, 1, 0]


def test_an_image_without_room_for_the_units_own_writing_is_refused():
    files = {f"{n}.mpy": b"x" * 200 for n in range(110)}
    with pytest.raises(SurroundingsFailed, match="blocks of vfs free; 16 are needed"):
        fsimage.littlefs_image(files, 128 * 4096)
    with pytest.raises(SurroundingsFailed, match="leaves 0 of"):
        fsimage.littlefs_image({f"{n}.mpy": b"x" * 200 for n in range(200)}, 128 * 4096)


def test_a_file_system_that_a_board_has_written_to_is_read_and_changed(tmp_path):
    found = rig.board(tmp_path, "import os\nos.rename('config.last', 'moved')\n")
    rig.output(found)
    vfs = partitions.named(partitions.of_board(found.unit.board), "vfs")
    context = UserContext(vfs.size)
    context.buffer[:] = found.flash.read(vfs.at, vfs.size)
    for content in (b"1", b"2"):
        fs = fsimage.file_system(vfs.size, context)
        assert "moved" in fs.listdir("/")
        with fs.open("new", "wb") as f:
            f.write(content)
