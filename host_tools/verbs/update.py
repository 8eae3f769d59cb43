"""The verb `update`: bring a unit in service a new firmware, over MQTT or its serial port, from wherever it broke off.

Journal, hours and identity stay; over the cable the configuration is brought up to the unit file too. The new firmware
is on trial for an hour, and the unit takes the one before again by itself if it does not get on well.
"""

import argparse
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from ..device import first_start, in_service, port
from ..device.update_mqtt import Remote, send
from ..unitkit import fsimage, pack, unitfile
from ..unitkit.errors import AnswerIsNo, BadInput, SurroundingsFailed, both
from ..unitkit.progress import say
from ..unitkit.unitfile import Unit
from . import provision, register
from .arguments import add_verb, print_json

_ANSWERS_S = 20.0  # a unit that has just been plugged in is still starting
_WORDS = {
    "no_key": (
        "{unit}：凭据文件里没有 command_key，不能远程升级；请用 qingxi flash",
        "{unit}: its credentials file holds no command_key, so it takes no firmware over MQTT; use qingxi flash",
    ),
    "mute": (
        "{port} 上没有运行中的站点。新板或坏板用 qingxi flash",
        "no unit that runs answers on {port}. A new or a damaged board wants qingxi flash",
    ),
    "other": (
        "{port} 上是站点 {old}，不是 {unit}：没有改动",
        "the board on {port} is unit {old}, not {unit}: nothing was changed",
    ),
    "forged": (
        "{unit}：来了 {n} 条没有它签名的消息，都未采信：有人冒充它；查代理的账号和权限",
        "{unit}: {n} messages without its signature came and were not believed: somebody poses as it; have the "
        "broker's accounts and access list checked",
    ),
    "runs": ("{unit} 已启动，控制程序在运行，自检通过", "{unit} has started: control runs, the self-test passed"),
}


def add_parser(verbs) -> None:
    """Add the verb `update` to the command line."""
    what = "bring a unit in service a new firmware"
    p = add_verb(verbs, "update", run, what, "--record", "--json", about=__doc__)
    way = p.add_mutually_exclusive_group(required=True)
    way.add_argument("--port", metavar="DEV", help="the unit's serial port, such as /dev/ttyUSB0 or COM3")
    way.add_argument("--broker", metavar="HOST:PORT", help="the unit's broker")
    p.add_argument("--unit", type=Path, required=True, metavar="FILE", help="unit file, with the files that it names")
    p.add_argument("--note", default="", metavar="TEXT", help="a remark for the register")


def run(args: argparse.Namespace) -> int:
    """Bring the unit the firmware of this program. Returns the exit code."""
    unit = unitfile.load(args.unit, args.lang)
    fsimage.named_files(unit)  # names what is wrong with them before a machine stands still for it
    data = pack.pack(fsimage.slot_files(unit.board), version("qingxi"))
    begun = time.monotonic()
    result: dict[str, object] = {"unit": unit.id, "sha256": pack.head(data, "pack").sha256, "size": len(data)}
    result |= _over_mqtt(args, unit, data) if args.broker else _over_cable(args, unit, str(result["sha256"]))
    result["seconds"] = round(time.monotonic() - begun, 1)
    if args.json:
        print_json(result)
    return 0


def _over_mqtt(args: argparse.Namespace, unit: Unit, data: bytes) -> dict[str, object]:
    user, password, key = unit.account()
    if not key:
        raise BadInput(both(_WORDS["no_key"], unit=unit.id))
    with Remote(args.broker, unit.id, key, user, password, unit.files().get("mqtt.ca_file")) as remote:
        try:
            sent = send(remote, data, args.lang, int(unit.settings["mqtt.bytes_per_h"]))
        finally:
            if remote.forged:
                say(args.lang, both(_WORDS["forged"], unit=unit.id, n=remote.forged))
    return {"sent": sent, "forged": remote.forged}


def _over_cable(args: argparse.Namespace, unit: Unit, sha256: str) -> dict[str, object]:
    """Ask who is there, bring what is missing, watch the start, add a line to the register."""
    port.opened(args.port, args.lang).close()
    report = first_start.ask(args.port, _ANSWERS_S, reset=False)
    if report is None:
        raise SurroundingsFailed(both(_WORDS["mute"], port=args.port))
    if report["unit"].detail != unit.id:
        raise AnswerIsNo(both(_WORDS["other"], port=args.port, old=report["unit"].detail or "-", unit=unit.id))
    brought = in_service.visit(args.port, args.lang, unit, report)
    with in_service.tried(brought):
        tests = first_start.watch(args.port, reset=False)
    problems = provision.problems_of(tests, unit, sha256)
    line = register.entry(
        what="update",
        unit=unit.id,
        board=unit.board.name,
        chip=unit.board.chip,
        mac=brought.mac,
        micropython=tests["micropython"].detail,
        firmware=version("qingxi"),
        firmware_sha256=sha256,
        config_sha256=unit.sha256,
        self_test="failed" if problems else "passed",
        note=args.note,
    )
    register.append(args.record / register.FILE, line)
    if problems:
        raise AnswerIsNo(*problems)
    say(args.lang, both(_WORDS["runs"], unit=unit.id))
    return {"brought": asdict(brought), "record": str(args.record / register.FILE)}
