"""Files that hold secrets: their owner's alone, whole or not at all, and never through somebody else's link."""

import os
import secrets
from pathlib import Path

from .errors import BadInput, SurroundingsFailed, both, exists_already, writing

_OTHERS = 0o077
# Not on every system; where there are no links and no modes, nothing is lost without them.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_AS_IT_IS = getattr(os, "O_BINARY", 0)
_WORDS = {
    "link": (
        "{path}：是链接，不写密码进去；换一个文件名，或先删掉它",
        "{path}: is a link, and secrets are not written through one; choose another name or remove it",
    ),
    "no_file": ("{path}：不是普通文件；换一个文件名", "{path}: is no ordinary file; choose another name"),
    "foreign": (
        "{path}：别的用户也能读，权限又改不了；换一个文件名",
        "{path}: others can read it, and its permissions cannot be changed; choose another name",
    ),
}


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, on the disk before this returns.

    BadInput where `path` is a link, SurroundingsFailed if it cannot be written. What was there stays until then.
    """
    with writing(path):
        _refuse_link(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".qingxi-{secrets.token_hex(8)}")  # nobody can have put anything there
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _AS_IT_IS, 0o600)
        try:
            with open(fd, "wb") as f:
                f.write(data)
                f.flush()
                os.fsync(f.fileno())
            fresh.replace(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


def write_new(path: Path, data: bytes, mode: int) -> None:
    """Write a file that is not there yet, and no link either. BadInput if it is, SurroundingsFailed if that fails."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _AS_IT_IS, mode)
        except FileExistsError as e:
            raise exists_already(path) from e
        with open(fd, "wb") as f:
            f.write(data)


def open_private(path: Path) -> int:
    """A descriptor of a file to read and write, made where it is not there; it is its owner's alone from now on.

    BadInput where `path` is a link or no file, SurroundingsFailed where it cannot be opened or kept from others.
    """
    with writing(path):
        _refuse_link(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            raise BadInput(both(_WORDS["no_file"], path=path))  # nor is a device or a pipe opened, or narrowed
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | _NO_LINK | _AS_IT_IS, 0o600)
    try:
        narrow(fd, path)
    except BaseException:
        os.close(fd)
        raise
    return fd


def narrow(fd: int, path: Path) -> None:
    """Take from others what they may do with an open file. SurroundingsFailed where that cannot be done."""
    if _NO_LINK and os.fstat(fd).st_mode & _OTHERS:
        try:
            os.fchmod(fd, 0o600)
        except OSError as e:
            raise SurroundingsFailed(both(_WORDS["foreign"], path=path)) from e


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise BadInput(both(_WORDS["link"], path=path))
