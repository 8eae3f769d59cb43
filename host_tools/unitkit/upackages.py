"""Packages for MicroPython that have no build file, so that pip cannot install them: fetched, checked, unpacked.

`pyproject.toml` pins them under `[tool.qingxi.upackages]` with the SHA-256 of their archive. They end in
`build/upackages`, a folder to put on MicroPython's path or to copy to a board.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from .errors import SurroundingsFailed
from .places import ROOT

FOLDER = ROOT / "build" / "upackages"


def ensure() -> Path:
    """The folder with all pinned packages, fetched now if they are not there. SurroundingsFailed if that fails."""
    with open(ROOT / "pyproject.toml", "rb") as f:
        pins: dict[str, dict[str, str]] = tomllib.load(f)["tool"]["qingxi"]["upackages"]
    stamp = FOLDER / "pins.txt"
    wanted = "".join(f"{name}=={pin['version']} {pin['sha256']}\n" for name, pin in sorted(pins.items()))
    if not stamp.is_file() or stamp.read_text() != wanted:
        FOLDER.parent.mkdir(parents=True, exist_ok=True)
        # Built aside and renamed: a set-up that is interrupted, or runs twice at once, leaves nothing half done.
        with tempfile.TemporaryDirectory(dir=FOLDER.parent) as aside:
            fresh = Path(aside) / "fresh"
            for name, pin in pins.items():
                _fetch(name, pin["version"], pin["sha256"], fresh)
            (fresh / stamp.name).write_text(wanted)
            shutil.rmtree(FOLDER, ignore_errors=True)
            try:
                fresh.rename(FOLDER)
            except OSError as e:
                if not (stamp.is_file() and stamp.read_text() == wanted):  # else another set-up was quicker
                    raise SurroundingsFailed.of(f"{FOLDER}：写不了：{e}", f"{FOLDER}: cannot be written: {e}") from None
    return FOLDER


def _fetch(name: str, version: str, sha256: str, into: Path) -> None:
    import httpx2
    from unearth import PackageFinder
    from unearth.errors import UnpackError

    indexes = [url for url in (os.environ.get("PIP_INDEX_URL"), _pip_index()) if url]
    finder = PackageFinder(index_urls=indexes[:1])
    try:
        found = finder.find_best_match(f"{name}=={version}").best
        if found is None:
            raise SurroundingsFailed.of(
                f"{name}=={version}：包索引里没有；查网络",
                f"{name}=={version}: not found in the package index; check the network",
            )
        into.mkdir(parents=True, exist_ok=True)
        finder.download_and_unpack(found.link, into, hashes={"sha256": [sha256]})
    except (httpx2.HTTPError, UnpackError, OSError) as e:
        raise SurroundingsFailed.of(
            f"{name}=={version}：取不到：{e}", f"{name}=={version}: cannot be fetched: {e}"
        ) from None


def _pip_index() -> str:
    """The package index that pip is set up to use; empty for the usual one."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    try:
        ensure()
    except SurroundingsFailed as e:
        sys.exit("\n".join(e.problems))
