"""The verb `swap`: a spare takes the place of a failed board, with its settings, hours, numbers, unsent readings."""

import argparse
import dataclasses
import time
from dataclasses import asdict
from pathlib import Path

from unit.catalogue import settings as catalogue

from ..image import image_build, micropython_image
from ..image.image_build import FlashImage, Part
from ..records import old_board, replacement
from ..records.old_board import OldBoard
from ..records.replacement import Replacement, Seen
from ..unitkit import memory, partitions, unitfile
from ..unitkit.errors import AnswerIsNo, BadInput, both
from ..unitkit.progress import say
from ..unitkit.unitfile import Unit
from . import backup, provision, register
from .arguments import add_verb, print_json
from .provision import Job

_WORDS = {
    "nothing": (
        "说明旧板留下了什么：--from 备份文件，或 --from-port 旧板的串口；都没有就用 --seen 服务器消息文件",
        "say what is left of the old board: --from BACKUP, or --from-port with the old board's port; where there is "
        "neither, --seen FILE with messages from the broker",
    ),
    "same_port": (
        "--from-port 和 --port 相同。只有一根线：先 qingxi backup，换上新板，再 qingxi swap --from 备份文件",
        "--from-port and --port are the same. With one cable: qingxi backup first, then put the spare on it and say "
        "qingxi swap --from FILE",
    ),
    "whose": (
        "备份是站点 {old} 的，站点文件却是 {unit} 的：拿错了一个",
        "the backup is of unit {old}, the unit file of {unit}: one of them is the wrong one",
    ),
    "is_it": (
        "接的板子已经是站点 {unit}。要更新它用 qingxi flash；确定用备份覆盖，加 --fresh",
        "this board is unit {unit} already. To update it say qingxi flash; to have the backup replace what it holds, "
        "say --fresh",
    ),
    "other": (
        "接的板子是站点 {old}，里面有它的记录。先备份（qingxi backup），确定改用，加 --fresh",
        "this board is unit {old} and holds its readings. Back it up (qingxi backup), then say --fresh",
    ),
    "size": (
        "新板的记录区比旧板的小，未送的读数可能放不下。用同型号的板；或加 --leave-readings 只移设置、小时和序号",
        "the spare's journal is smaller, so the readings may have no room. Take a board of the same kind, or say "
        "--leave-readings to move settings, hours and numbers alone",
    ),
    "settings": ("现场改过的设置一起移过去：{what}", "settings that were changed on the spot move along: {what}"),
    "no_settings": (
        "旧板的设置读不出或用不上：用站点文件的",
        "the old board's settings cannot be read or do not fit: those of the unit file are used",
    ),
    "moves": (
        "移过去 {unsent} 条未送的读数；序号从 {first_seq} 起；小时和次数：{hours_zh}",
        "{unsent} readings not yet delivered move along; numbers go on from {first_seq}; hours and starts: {hours_en}",
    ),
    "retire": (
        "旧板不要再通电使用：贴上“报废”",
        "never put the old board back into service: mark it as scrap",
    ),
}
_HOURS = {True: ("已移", "moved"), False: ("没有，从零开始", "none, they begin at zero")}


def add_parser(verbs) -> None:
    """Add the verb `swap` to the command line."""
    what = "a spare board takes the place of a failed one"
    p = add_verb(verbs, "swap", swap, what, *provision.ARGUMENTS, about=__doc__)
    source = p.add_mutually_exclusive_group()
    source.add_argument("--from", dest="backup", type=Path, metavar="FILE", help="backup of the failed board")
    source.add_argument("--from-port", metavar="DEV", help="port of the failed board, if it still answers")
    p.add_argument("--seen", type=Path, metavar="FILE", help="messages of the unit from the broker, one JSON a line")
    p.add_argument("--leave-readings", action="store_true", help="move settings, hours and numbers alone")


def swap(args: argparse.Namespace) -> int:
    """Collect what is left of the failed board, make the spare into the unit with it. Returns the exit code."""
    if args.backup is None and args.from_port is None and args.seen is None:
        raise BadInput(both(_WORDS["nothing"]))
    if args.from_port is not None and Path(args.from_port).resolve() == Path(args.port).resolve():
        raise BadInput(both(_WORDS["same_port"]))
    unit = unitfile.load(args.unit, args.lang)
    seen = Seen() if args.seen is None else replacement.read_seen(args.seen, unit.id)
    left = _left(args)
    if left is not None and left.unit_id != unit.id:
        raise AnswerIsNo(both(_WORDS["whose"], old=left.unit_id, unit=unit.id))
    if left is not None and not old_board.fits(left, unit.board) and not args.leave_readings:
        raise AnswerIsNo(both(_WORDS["size"]))
    unit, changed = with_settings(unit, left)
    if changed:
        say(args.lang, both(_WORDS["settings"], what=", ".join(changed)))
    elif changed is None:
        say(args.lang, both(_WORDS["no_settings"]))
    book = {old_board.VISITS: left.visits} if left is not None and left.visits else {}
    lowest = {old_board.LOWEST: left.lowest} if left is not None and left.lowest else {}
    image = image_build.build(unit, micropython_image.choose(unit.board, args.micropython), book | lowest)
    job = provision.begin(args, image)
    _check_spare(job)
    spare = _spare(unit, left, seen, args.leave_readings)
    zh, en = _HOURS[spare.has_hours]
    fill = {"unsent": spare.unsent, "first_seq": spare.first_seq}
    moves = both(_WORDS["moves"], hours_zh=zh, hours_en=en, **fill)
    say(args.lang, moves)
    result = {"port": args.port, "found": asdict(job.found), "settings_moved": changed or []} | image.report()
    result |= {"unsent": spare.unsent, "first_seq": spare.first_seq, "hours": spare.has_hours}
    result["visits"] = len(book.get(old_board.VISITS, b"").splitlines())
    result |= job.finish(_parts(image, spare), "swap", (moves.zh, str(moves)), _forerunner(args, unit.id))
    if not args.dry_run:
        say(args.lang, both(_WORDS["retire"]))
    if args.json:
        print_json(result)
    return 0


def _left(args: argparse.Namespace) -> OldBoard | None:
    if args.backup is not None:
        return old_board.read_file(args.backup)
    if args.from_port is not None:
        return old_board.of_image(backup.read(args.from_port, args.lang), args.from_port)
    return None


def with_settings(unit: Unit, left: OldBoard | None) -> tuple[Unit, list[str] | None]:
    """The unit with the settings that its board stored last, and which of them differ from the unit file.

    Of another kind of board the wiring stays the unit file's. None where the unit file's settings are taken, for
    others cannot be read or do not fit.
    """
    if left is None:
        return unit, []
    if left.settings is None:
        return unit, None
    own = unit.board_settings()
    stored = dict(left.settings)
    for key in {*own, *stored}:
        # Whether there is a key is for the unit file to say: the key itself comes from the file that it names.
        if key in ("unit.board", "mqtt.keyed") or (key.startswith("wiring.") and left.board != unit.board.name):
            stored.pop(key, None)
            if key in own:
                stored[key] = own[key]
    full: dict[str, int | str] = {}
    if any(True for _ in catalogue.check(stored, unit.board.compact(), full)):
        return unit, None
    if any(True for _ in memory.too_much(full, unit.board)):  # the board before had PSRAM, and spoke TLS
        return unit, None
    # What never reaches a board, none can have changed.
    own_alone = {row[0] for row in catalogue.entries() if unitfile.is_for_pc(row)}
    on_pc = {key: value for key, value in unit.settings.items() if key not in full or key in own_alone}
    moved = dataclasses.replace(unit, settings=full | on_pc)
    return moved, sorted(key for key in full if moved.settings[key] != unit.settings[key])


def _check_spare(job: Job) -> None:
    """AnswerIsNo if the board on the port holds what would be lost."""
    old = image_build.unit_of(job.tool.read(partitions.TABLE_AT, partitions.BLOCK))
    unit_id = job.image.unit.id
    if old is not None and not job.args.fresh:
        raise AnswerIsNo(both(_WORDS["is_it" if old == unit_id else "other"], unit=unit_id, old=old))


def _spare(unit: Unit, left: OldBoard | None, seen: Seen, leave_readings: bool) -> Replacement:
    size = partitions.journal_size(unit.board)
    journal = None if left is None else left.journal
    interval_s = int(unit.settings["readings.interval_s"])
    return replacement.prepare(journal, size, interval_s, int(time.time()), seen, not leave_readings)


def _parts(image: FlashImage, spare: Replacement) -> list[Part]:
    """Blank areas first, the table last: a board counts as a unit only when all the rest is on it."""
    blanks = [Part(part.name, part.at, spare.journal) if part.name == "journal" else part for part in image.blanks]
    return [*blanks, *image.parts]


def _forerunner(args: argparse.Namespace, unit_id: str) -> str:
    """The MAC of the board that this unit was flashed to last, as the register knows it."""
    lines = [line for line in register.read(args.record / register.FILE) if line["unit"] == unit_id]
    return str(lines[-1]["mac"]) if lines else ""
