"""The verb `image`: check and pin a MicroPython image, build the flash image of a unit. Needs no network."""

import argparse
import hashlib
import re
from pathlib import Path

from ..image import image_build, micropython_image
from ..unitkit import boards, unitfile
from ..unitkit.errors import AnswerIsNo, BadInput, both, told
from ..unitkit.private import write_private
from ..unitkit.progress import say, show
from .arguments import add_group, add_verb, print_json

_WORDS = {
    "unconfirmed": (
        "{path}：摘要 {sha256} 与公开流传的 {file} 一致，但本项目没有人在下载页核对过。请在下载页核对后加 --yes",
        "{path}: digest {sha256} is that of the public {file}, which nobody of this project has compared with the "
        "download page. Compare it there, then say --yes",
    ),
    "unknown": (
        "{path}：未知映像，摘要 {sha256}。请从下载页抄下 SHA-256，加 --sha256 摘要",
        "{path}: unknown image, digest {sha256}. Take the SHA-256 from the download page and give it with --sha256",
    ),
    "differs": (
        "{path}：摘要是 {sha256}，不是 --sha256 给出的 {wanted}：文件损坏或被改过，请重新下载",
        "{path}: digest is {sha256}, not {wanted} as --sha256 says: damaged or altered; get it again",
    ),
    "boards": ("是这些控制板要用的：{names}", "the right build for the boards {names}"),
    "no_board": ("没有一种控制板该用它：{why_zh}", "it is the right build for none of the boards: {why_en}"),
    "stranger": (
        "不认识的版本 {build}：用不用 PSRAM、有没有以太网，要自己知道",
        "no build that is known here, {build}: whether it uses PSRAM and has Ethernet is for you to know",
    ),
    "pinned": ("已存入 {path}，以后断网也能用", "kept as {path}, usable without a network"),
    "built": ("已写入 {path}：整片闪存 {size} 字节", "wrote {path}: the whole flash, {size} bytes"),
    "secret": (
        "{path} 含有密码，只有本用户能读；不要发给别人",
        "{path} holds passwords and is readable by you alone; do not pass it on",
    ),
}


def add_parser(verbs) -> None:
    """Add the verb `image` and its sub-verbs to the command line."""
    subs = add_group(verbs, "image", "check and pin a MicroPython image, build a unit's flash image")
    what = "check a MicroPython image, show it, and keep it for use without a network"
    take = add_verb(subs, "import", _import, what, "--json")
    take.add_argument("file", type=Path, metavar="FILE")
    take.add_argument("--yes", action="store_true", help="I compared the digest with the download page")
    take.add_argument("--sha256", metavar="DIGEST", help="what the download page says the digest is")

    build = add_verb(subs, "build", _build, "build the flash image of a unit", "--unit", "--micropython", "--json")
    build.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write it")


def _import(args: argparse.Namespace) -> int:
    image = micropython_image.read(args.file)
    result = {"file": str(args.file)} | image.summary() | {"boards": _boards(image)}
    if not args.json:
        show(f"{args.file}: MicroPython {image.title}, {image.chip}, {len(image.data)} B")
        show(f"SHA-256 {image.sha256}")
    _say_whose(args.lang, image)
    _confirm(args, image)
    path = micropython_image.pin(image)
    result["pinned"] = str(path)
    if args.json:
        print_json(result)
    show(told(_WORDS["pinned"], args.lang, path=path), aside=True)
    return 0


def _boards(image: micropython_image.MicroPython) -> list[str]:
    """Names of the boards for which it is the right build."""
    return [name for name in boards.names() if image.variant == boards.load(name).variant]


def _say_whose(lang: str, image: micropython_image.MicroPython) -> None:
    """Which boards it is the right build for; where it is for none, why."""
    if names := _boards(image):
        say(lang, both(_WORDS["boards"], names=", ".join(names)))
    elif image.variant is None:
        say(lang, both(_WORDS["stranger"], build=image.build or image.machine or "?"))
    else:
        why = image.variant.mind or image.variant.psram_words
        say(lang, both(_WORDS["no_board"], why_zh=why.zh, why_en=why))


def _confirm(args: argparse.Namespace, image: micropython_image.MicroPython) -> None:
    """Return if somebody vouches for the image: this project, or the person who imports it. Raise otherwise."""
    fill = {"path": args.file, "sha256": image.sha256}
    if args.sha256 is not None:
        wanted = args.sha256.strip().lower()
        if not re.fullmatch("[0-9a-f]{64}", wanted):
            raise BadInput.of("--sha256：应为 64 位十六进制数字", "--sha256: must be 64 hexadecimal digits")
        if wanted != image.sha256:
            raise AnswerIsNo(both(_WORDS["differs"], wanted=wanted, **fill))
        return
    entry = micropython_image.known(image.sha256)
    if entry is None and not micropython_image.is_pinned(image):
        raise BadInput(both(_WORDS["unknown"], **fill))
    if entry is not None and not entry["confirmed"] and not args.yes:
        raise BadInput(both(_WORDS["unconfirmed"], file=entry["file"], **fill))


def _build(args: argparse.Namespace) -> int:
    unit = unitfile.load(args.unit, args.lang)
    image = image_build.build(unit, micropython_image.choose(unit.board, args.micropython))
    whole = image.whole()
    write_private(args.out, whole)
    result = {"file": str(args.out), "size": len(whole)} | image.report()
    if not image.holds_secrets:
        result["sha256"] = hashlib.sha256(whole).hexdigest()
    if args.json:
        print_json(result)
    else:
        show(f"MicroPython {image.micropython.title}, {image.unit.board.name}")
        _show(result)
    for remark in image.remarks:
        say(args.lang, remark)
    show(told(_WORDS["built"], args.lang, path=args.out, size=len(whole)), aside=True)
    if image.holds_secrets:
        show(told(_WORDS["secret"], args.lang, path=args.out), aside=True)
    return 0


def _show(result: dict) -> None:
    for part in result["parts"]:
        show(f"{part['at']:#08x}  {part['size']:>8} B  {part['name']:<12} {part.get('sha256', '-')}")
    for name in ("firmware_sha256", "config_sha256", "sha256"):
        if name in result:
            show(f"{name:<32} {result[name]}")
