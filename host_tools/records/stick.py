"""A folder for a USB stick: all that a day in the field needs, for a computer without a network.

`python -m host_tools.records.stick FOLDER` (make stick). The wheels are for this computer's system and Python version.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from ..image import micropython_image
from ..unitkit import upackages
from ..unitkit.errors import BadInput, SurroundingsFailed, ToolError, writing
from ..unitkit.places import ROOT
from ..unitkit.progress import show

# What a stick may hold of this repository's tree, and nothing else: one is lost sooner than a computer.
_MAY_HOLD = re.compile(
    r"""\.gitignore|\.ci/run|Makefile|LICENSE|pyproject\.toml|[A-Z_]+\.md
    |boards/\w+/[\w-]+\.toml|boards/\w+/micropython/\w+\.toml|boards/esp32/units/qiaotou\.toml
    |docs/(?:[\w-]+/)*[\w.-]+\.(?:md|svg)
    |(?:firmware|host_tools|sim|tests)/(?:\w+/)*\w+\.(?:py|css)
    |firmware/unit/catalogue/\w+\.txt|host_tools/unitkit/(?:shrink/)?\w+\.txt|tests/\w+/(?:transcripts/)?[\w.]+\.txt
    |sim/scenarios/(?:\w+/)*[\w-]+\.(?:toml|csv)""",
    re.VERBOSE,
)
# Whatever folder it lies in: what people call their secrets.
_SECRET = re.compile(r"credential|passw|secret|(?:pin|wifi|key)[^/]*\.txt$|/sim\.txt$|\.(?:key|pem)$", re.IGNORECASE)
_UNIT = re.compile(r"^\s*\[\s*unit\s*\]", re.MULTILINE)  # a unit file, if it lies among the scenarios or boards
_EXAMPLE = "boards/esp32/units/qiaotou.toml"
_SET_UP = """#!/bin/sh
# 在没有网络的电脑上装好清溪 · sets Qingxi up on a computer without a network
set -e
cd "$(dirname "$0")/qingxi"
python=${{PYTHON:-python3}}
if ! $python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != ({major}, {minor}))' 2>/dev/null; then
    echo "需要带 venv 的 Python {major}.{minor} · Python {major}.{minor} with venv is needed" >&2
    echo "装在别处 · if it lies elsewhere: PYTHON=... sh set-up.sh" >&2
    exit 3
fi
$python -m venv .venv
.venv/bin/python -m pip install -q --disable-pip-version-check --no-index --find-links ../wheels -e .
touch .venv/.ready
for image in ../micropython/*.bin; do
    test -e "$image" || continue
    .venv/bin/qingxi image import "$image" --sha256 "$(basename "$image" .bin)" >/dev/null 2>&1 ||
        {{ echo "映像损坏 · this image is damaged: $image" >&2; exit 1; }}
done
echo "好了 · ready: cd qingxi; make flash PORT=/dev/ttyUSB0 UNIT=FILE"
"""
_GUIDE = """# 清溪现场 U 盘 · Qingxi in the field

不需要网络。要 Linux、Python {python}、make。No network needed; Linux, Python {python} and make are.

**一次 · once a computer**
1. 整个文件夹复制到电脑 · copy the whole folder to the computer
2. `sh set-up.sh`，然后 then `cd qingxi`

**新板 · a new board**（控制箱断电，只插 USB · cabinet off, USB only）
1. `.venv/bin/qingxi config new xiacun.toml`，改好 edit it，`.venv/bin/qingxi config check xiacun.toml`
2. `make flash PORT=/dev/ttyUSB0 UNIT=xiacun.toml`
3. `out/records/` 里的网页：打印，剪下标签贴进控制箱 · print the page, glue its label into the cabinet

**同一站换程序、改设置 · new firmware or settings**：`.venv/bin/qingxi update --port /dev/ttyUSB0 --unit xiacun.toml`
记录不丢；新程序试运行一小时，不好自己退回 · readings stay; a firmware is on trial for an hour, else back by itself

**换坏板 · swap a failed board**
1. 旧板还能应答 · if the old one still answers: `.venv/bin/qingxi backup --port /dev/ttyUSB0 --out old.bin`
2. 插上新板 · the spare: `.venv/bin/qingxi swap --port /dev/ttyUSB0 --unit xiacun.toml --from old.bin`

**现场看 · at the cabinet**：`make console PORT=/dev/ttyUSB0`：`status` `alarms` `check` `selftest`

出错时照它说的做；表格在 · when it refuses, do what it says; table: `qingxi/docs/flash.md`
接线 wiring `qingxi/docs/wiring-*.md`　设置 settings `qingxi/docs/unit-file.md`

回到单位 · back home: `.venv/bin/qingxi register --merge` 合并各电脑的登记簿 · merges the computers' registers

映像 · MicroPython images on this stick: {images}
"""


def make(folder: Path) -> list[str]:
    """Fill `folder`, which must not exist or be empty. Returns what it holds, in lines. ToolError if it cannot."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BadInput.of(f"{folder}：不是空的；换一个文件夹", f"{folder}: is not empty; choose another folder")
    images = micropython_image.pinned()
    packages = upackages.ensure()
    tree = folder / "qingxi"
    left = copy_source(ROOT, tree)
    shutil.copytree(packages, tree / packages.relative_to(ROOT))
    wheels = folder / "wheels"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pins = project["project"]["dependencies"] + project["build-system"]["requires"]
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "-w", str(wheels), *pins]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1]
        raise SurroundingsFailed.of(f"取不到依赖包：{why}", f"the wheels cannot be had: {why}")
    (folder / "micropython").mkdir()
    for image in images:
        (folder / "micropython" / f"{image.sha256}.bin").write_bytes(image.data)
    named = ", ".join(f"{image.chip} {image.title}" for image in images)
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    (folder / "先读我 READ ME.md").write_text(guide(python, named), encoding="utf-8")
    set_up = _SET_UP.format(major=sys.version_info[0], minor=sys.version_info[1])
    (folder / "set-up.sh").write_text(set_up, encoding="utf-8")
    return [
        f"{len(list(wheels.glob('*.whl')))} wheels for Python {python}",
        f"MicroPython images: {named or 'none; import one with qingxi image import and make the stick again'}",
        *(f"left out, for it is no part of the product or may be secret: {name}" for name in left),
    ]


def guide(python: str, images: str) -> str:
    """The page that lies on the stick, for that version of Python and those MicroPython images."""
    return _GUIDE.format(python=python, images=images or "没有 none (qingxi image import)")


def copy_source(root: Path, tree: Path) -> list[str]:
    """Copy what a stick may hold of the tree at `root`, a repository or a stick. Names what it leaves of the former."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True, check=False)
    is_repository = not listed.returncode and (root / ".git").exists()
    if is_repository:
        names = [name for name in listed.stdout.split("\0") if (root / name).is_file()]
    else:  # a stick made from a stick: there is no repository any more, but perhaps the unit files of a county
        names = [path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.is_file()]
    left = []
    for name in names:
        if not may_hold(root, name):
            left.append(name)
            continue
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, tree / name)
    return left if is_repository else []


def may_hold(root: Path, name: str) -> bool:
    """Whether a stick may hold this file of the tree at `root`: part of the product, and nobody's secret."""
    path = root / name
    if not _MAY_HOLD.fullmatch(name) or path.is_symlink():
        return False
    if name.endswith(".py"):
        return True
    if _SECRET.search(name):
        return False
    is_toml = name.endswith(".toml") and name != _EXAMPLE
    return not (is_toml and _UNIT.search(path.read_text(encoding="utf-8", errors="replace")))


def main(argv: list[str]) -> int:
    if len(argv) != 1:
        print("usage: python -m host_tools.records.stick FOLDER", file=sys.stderr)
        return 2
    folder = Path(argv[0])
    try:
        held = make(folder)
    except ToolError as e:
        show("\n".join(e.problems), aside=True)
        return e.exit_code
    show("\n".join([f"{folder}: copy it to a USB stick", *held]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
