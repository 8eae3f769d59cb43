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
from ..image import signing
from ..unitkit import fsimage, pack, publisher, unitfile
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
    "no_list": (
        "{path}：没有 update.publisher_file，站点不收远程程序。写上发布者公钥文件，先用数据线升级一次",
        "{path}: has no update.publisher_file, and without a publisher a unit takes no firmware over MQTT. Name the "
        "file with the publisher's public keys, and update once by the cable",
    ),
    "unsigned": (
        "{path}：没有这个程序（{sha256}）的签名。请发布者运行：qingxi publisher sign --key KEY.pem --unit {unit} "
        "--out {path}",
        "{path}: holds no signature of this firmware ({sha256}). Have the publisher run: qingxi publisher sign --key "
        "KEY.pem --unit {unit} --out {path}",
    ),
    "stranger": (
        "{path}：这个程序（{sha256}）的签名不是 {listed} 里任何一把公钥的：站点不会收。请发布者重新签名："
        "qingxi publisher sign --key KEY.pem --unit {unit} --out {path}",
        "{path}: the signature of this firmware ({sha256}) is of no key in {listed}: no unit would take it. Have the "
        "publisher sign anew: qingxi publisher sign --key KEY.pem --unit {unit} --out {path}",
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
    what = "of publishers, for --broker (default: signatures.txt beside the file that update.publisher_file names)"
    p.add_argument("--signatures", type=Path, metavar="FILE", help=what)
    p.add_argument("--note", default="", metavar="TEXT", help="a remark for the register")


def run(args: argparse.Namespace) -> int:
    """Bring the unit the firmware of this program. Returns the exit code."""
    unit = unitfile.load(args.unit, args.lang)
    fsimage.named_files(unit)  # names what is wrong with them before a machine stands still for it
    data = fsimage.firmware_pack(unit)
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
    signature = _signature(args, unit, pack.head(data, "pack").sha256)
    files = unit.files()
    has_own = {"mqtt.cert_file", "mqtt.key_file"} <= files.keys()
    own = (files["mqtt.cert_file"], files["mqtt.key_file"]) if has_own else None
    with Remote(args.broker, unit.id, key, user, password, files.get("mqtt.ca_file"), own) as remote:
        try:
            sent = send(remote, data, args.lang, int(unit.settings["mqtt.bytes_per_h"]), signature)
        finally:
            if remote.forged:
                say(args.lang, both(_WORDS["forged"], unit=unit.id, n=remote.forged))
    return {"sent": sent, "forged": remote.forged}


def _signature(args: argparse.Namespace, unit: Unit, sha256: str) -> bytes:
    """The publisher's, of the pack with that digest. BadInput where there is none that a unit would take."""
    listed = unit.files().get(fsimage.PUBLISHERS)
    if listed is None:
        raise BadInput(both(_WORDS["no_list"], path=unit.path))
    path = args.signatures or listed.with_name(publisher.SIGNATURES)
    known = publisher.signatures(path) if args.signatures or path.exists() else {}
    fill = {"path": path, "sha256": sha256, "unit": unit.path, "listed": listed}
    if sha256 not in known:
        raise BadInput(both(_WORDS["unsigned"], **fill))
    signature = known[sha256].signature
    if signing.signer(publisher.keys(listed), sha256, signature) is None:
        raise BadInput(both(_WORDS["stranger"], **fill))
    return signature


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
