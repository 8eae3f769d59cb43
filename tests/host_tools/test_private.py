"""Files that hold secrets: their owner's alone, from the first moment, and never through a planted link."""

import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from host_tools import main
from host_tools.unitkit import private
from host_tools.unitkit.errors import BadInput, SurroundingsFailed
from sim.board.flash_file import FlashFile

SIZE = 1 << 16


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def lax():
    """Whatever the system would give a new file."""
    old = os.umask(0)
    yield
    os.umask(old)


def test_a_private_file_is_its_owners_alone_also_over_an_open_one(tmp_path: Path):
    path = tmp_path / "deep" / "image.bin"
    private.write_private(path, b"one")
    assert mode(path) == 0o600
    path.chmod(0o666)
    private.write_private(path, b"two")
    assert mode(path) == 0o600 and path.read_bytes() == b"two"
    assert [other.name for other in path.parent.iterdir()] == [path.name]


def test_a_planted_link_gets_nothing(tmp_path: Path):
    """Neither at the name itself nor at one that could be foreseen."""
    trap = tmp_path / "trap"
    trap.write_text("theirs")
    for name in ("image.bin", "image.bin.new"):
        (tmp_path / name).symlink_to(trap)
    with pytest.raises(BadInput, match=r"image\.bin: is a link"):
        private.write_private(tmp_path / "image.bin", b"secret")
    (tmp_path / "image.bin").unlink()
    private.write_private(tmp_path / "image.bin", b"secret")
    assert trap.read_text() == "theirs" and not (tmp_path / "image.bin").is_symlink()
    (tmp_path / "nowhere").symlink_to(tmp_path / "not there")
    with pytest.raises(BadInput, match="is a link"):
        private.open_private(tmp_path / "nowhere")
    assert not (tmp_path / "not there").exists()


def test_nobody_can_look_while_it_is_written(tmp_path: Path):
    seen = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for entry in os.scandir(tmp_path):
                with suppress(FileNotFoundError):
                    seen.add(stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode))

    watcher = threading.Thread(target=look)
    watcher.start()
    for _ in range(50):
        private.write_private(tmp_path / "image.bin", b"x" * 100_000)
    done.set()
    watcher.join()
    assert seen <= {0o600}


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch):
    path = tmp_path / "image.bin"
    private.write_private(path, b"before")

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private.os, "fsync", full)
    with pytest.raises(SurroundingsFailed, match="No space left"):
        private.write_private(path, b"after")
    assert path.read_bytes() == b"before" and len(list(tmp_path.iterdir())) == 1


def test_a_boards_flash_is_its_owners_alone_and_one_of_before_is_narrowed(tmp_path: Path):
    path = tmp_path / "board.flash"
    for _ in range(2):
        FlashFile(path, SIZE).close()
        assert mode(path) == mode(tmp_path / "board.flash.wear") == 0o600
        path.chmod(0o644)
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(BadInput, match="is a link"):
        FlashFile(tmp_path / "link", SIZE)


def test_a_flash_that_cannot_be_kept_from_others_is_refused(tmp_path: Path, monkeypatch):
    path = tmp_path / "board.flash"
    path.write_bytes(bytes(SIZE))
    path.chmod(0o644)

    def not_mine(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(private.os, "fchmod", not_mine)
    with pytest.raises(SurroundingsFailed, match="others can read it"):
        FlashFile(path, SIZE)


def test_the_sentence_reaches_whoever_makes_a_fleet(tmp_path: Path, capsys):
    words = ["fleet", "make", str(tmp_path / "county.csv"), "--out", str(tmp_path / "county")]
    assert main.main(["fleet", "new", str(tmp_path / "county.csv")]) == 0
    (tmp_path / "county").mkdir()
    (tmp_path / "county" / "labels.html").symlink_to(tmp_path / "trap")
    assert main.main(["--lang", "en", *words]) == 2
    assert "labels.html: is a link" in capsys.readouterr().err and not (tmp_path / "trap").exists()
