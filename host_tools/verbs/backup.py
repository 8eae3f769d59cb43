"""The verb `backup`: what a unit's board holds, by cable, in a file from which a spare can take its place."""

import argparse
from pathlib import Path

from unit.catalogue import tables
from unit.journal.ring import Journal

from ..device import port
from ..device.esptool import Esptool
from ..records import old_board
from ..records.old_board import OldBoard
from ..unitkit.errors import both, exists_already
from ..unitkit.nor import Nor
from ..unitkit.private import write_private
from ..unitkit.progress import say
from . import journal
from .arguments import add_verb, print_json

_WORDS = {
    "reading": ("正在读取，几分钟 ...", "reading, some minutes ..."),
    "done": (
        "{path}：站点 {unit} 的备份：{readings} 条读数，{unsent} 条未送，下一个序号 {next_seq}。含密码，不要发给别人",
        "{path}: backup of unit {unit}: {readings} readings, {unsent} records not yet delivered, next number "
        "{next_seq}. It holds passwords; do not pass it on",
    ),
}


def add_parser(verbs) -> None:
    """Add the verb `backup` to the command line."""
    what = "save what a unit's board holds, for a spare"
    p = add_verb(verbs, "backup", backup, what, "--port", "--json", about=__doc__)
    p.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write it; never over a file")


def backup(args: argparse.Namespace) -> int:
    """Read the board, write the file, say what is in it. Returns the exit code."""
    if args.out.exists():
        raise exists_already(args.out)
    flash = read(args.port, args.lang)
    left = old_board.of_image(flash, args.port)
    write_private(args.out, flash)
    result = {"file": str(args.out), "unit": left.unit_id} | held(left)
    say(args.lang, both(_WORDS["done"], path=args.out, **result))
    if args.json:
        print_json(result)
    return 0


def held(left: OldBoard) -> dict:
    """What the journal of a backup holds, in the words of the JSON output."""
    ring = Journal(Nor(bytearray(left.journal)), tables.count("points"), 60)
    return {"unsent": max(0, ring.next_seq - 1 - ring.acked)} | journal.read(ring)


def read(name: str, lang: str) -> bytes:
    """The image of the flash of the board on a port. ToolError where there is none that answers."""
    port.check(name, lang)
    tool = Esptool(name)
    found = tool.identify()
    say(lang, both(_WORDS["reading"]))
    return old_board.read_board(tool, found.flash_bytes)
