"""The verb `flash`: one command from a blank board to a unit that has started, with a record of it."""

import argparse
from dataclasses import asdict

from ..device import first_start, in_service
from ..device.raw_repl import NoWayIn
from ..image import image_build, micropython_image
from ..unitkit import partitions, unitfile
from ..unitkit.errors import AnswerIsNo, both
from ..unitkit.progress import say
from . import provision
from .arguments import add_verb, print_json
from .provision import Job

_STARTS_S = 30.0  # from its reset until a unit in service answers at its console
_HISTORY = {False: ("清空", "emptied"), True: ("保留", "kept")}

_WORDS = {
    "other": (
        "这块板子是站点 {old}，里面有它的记录。确定改成 {unit} 并清空记录，请加 --fresh",
        "this board is unit {old} and holds its readings. To make it {unit} and empty them, say --fresh",
    ),
    "moved": (
        "板上记录的位置和新分区不同，不能就地更新。要保留记录：先 qingxi backup --out old.bin，"
        "再 qingxi swap --fresh --from old.bin",
        "the journal on the board lies elsewhere than in the new partitions. To keep it: qingxi backup --out old.bin, "
        "then qingxi swap --fresh --from old.bin",
    ),
    "kept": ("已是站点 {unit}：保留记录", "it is unit {unit} already: its journal is kept"),
    "mute": (
        "{unit} 不能在运行中更新：整个写入；记录保留，另一个槽里的旧程序不保留",
        "{unit} cannot be updated while it runs: all is written anew; the journal stays, the former firmware does not",
    ),
    "blank": ("新板：写入全部，记录区清空", "a new board: everything is written, the journal emptied"),
}


def add_parser(verbs) -> None:
    """Add the verb `flash` to the command line."""
    add_verb(verbs, "flash", flash, "make a board into a unit", *provision.ARGUMENTS, about=__doc__)


def flash(args: argparse.Namespace) -> int:
    """Check everything, write, watch the first start, save the record. Returns the exit code."""
    unit = unitfile.load(args.unit, args.lang)
    image = image_build.build(unit, micropython_image.choose(unit.board, args.micropython))
    job = provision.begin(args, image)
    result = {"port": args.port, "found": asdict(job.found)} | image.report()
    same = _already_there(job)
    keep = same["table"]
    if not keep and not args.fresh:
        _refuse_a_unit(job)
    result["journal_kept"] = keep
    say(args.lang, both(_WORDS["kept" if keep else "blank"], unit=unit.id))
    done = None
    if keep and not args.dry_run:
        if not all(same.values()):
            job.write([part for part in image.parts if not same.get(part.name, True)])
        done = _in_service(job)
    if done is None:
        parts = image.parts if keep else image.blanks + image.parts
        done = job.finish(parts, "update" if keep else "new", _HISTORY[keep])
    if args.json:
        print_json(result | done)
    return 0


def _in_service(job: Job) -> dict[str, object] | None:
    """Bring the unit what it lacks, the firmware before kept; None where it runs in no way that allows it."""
    args, unit = job.args, job.image.unit
    report = first_start.ask(args.port, _STARTS_S, reset=True)
    if report is None or report["unit"].detail != unit.id:
        say(args.lang, both(_WORDS["mute"], unit=unit.id))
        return None
    try:
        brought = in_service.visit(args.port, args.lang, unit, report)
    except NoWayIn as e:
        say(args.lang, both(_WORDS["mute"], unit=unit.id))
        say(args.lang, e.problems[0])
        return None
    rows = [
        ("换了的文件", "new files", " ".join(brought.files) or "-"),
        ("程序字节", "firmware bytes", f"{brought.firmware_bytes} (+{brought.firmware_was_there})"),
    ]
    with in_service.tried(brought):
        return {"brought": asdict(brought)} | job.conclude(rows, "update", _HISTORY[True], reset=False)


def _already_there(job: Job) -> dict[str, bool]:
    """Of every part but the file system, whether it is on the board. With the table it is this very unit already."""
    parts = [part for part in job.image.parts if part.name != "vfs"]
    if job.args.fresh:
        return {part.name: False for part in parts}
    same = job.tool.holds([(part.at, part.data) for part in parts])
    return {part.name: is_there for part, is_there in zip(parts, same)}


def _refuse_a_unit(job: Job) -> None:
    """AnswerIsNo if the board is another unit, or this one with other partitions: its readings would be lost."""
    old = image_build.unit_of(job.tool.read(partitions.TABLE_AT, partitions.BLOCK))
    if old == job.image.unit.id:
        raise AnswerIsNo(both(_WORDS["moved"]))
    if old is not None:
        raise AnswerIsNo(both(_WORDS["other"], old=old, unit=job.image.unit.id))
