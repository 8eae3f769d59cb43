"""The verb `delivery`: whether a broker keeps what a unit sends.

In MQTT 3.1.1, which units speak, a broker acknowledges what its access list or a limit makes it drop. Here it is asked
in MQTT 5, with the unit's account and messages of a unit's sizes that hold no reading. The unit stays connected.
"""

import argparse
from pathlib import Path

from ..device.broker_check import check
from ..unitkit import fsimage, unitfile
from ..unitkit.errors import AnswerIsNo, both, told
from ..unitkit.progress import show
from .arguments import add_verb, print_json

_WORDS = {
    "ok": ("{what}：收下", "{what}: taken"),
    "nobody": ("{what}：收下，但没有人订阅", "{what}: taken, but nobody is subscribed"),
    "no": ("{what}：不收：{why}", "{what}: not taken: {why}"),
    "cmd": ("订阅命令 cmd", "subscription to cmd"),
    "message": ("{topic}，{size} 字节", "{topic}, {size} bytes"),
    "end": (
        "{unit}：代理不会留下它发的全部数据；请管理员检查权限和大小限制",
        "{unit}: the broker does not keep all that it sends; have the access list and the limits of size checked",
    ),
}


def add_parser(verbs) -> None:
    """Add the verb `delivery` to the command line."""
    what = "ask a broker whether it keeps what a unit sends"
    p = add_verb(verbs, "delivery", run, what, "--unit", "--json", about=__doc__)
    p.add_argument("--broker", required=True, metavar="HOST:PORT", help="the unit's broker")


def run(args: argparse.Namespace) -> int:
    """Ask, say what was answered. Returns the exit code."""
    unit = unitfile.load(args.unit, args.lang)
    files = unit.files()
    fsimage.named_files(unit)  # names what is wrong with them
    user, password, _ = unit.account()
    tls: list[Path | None] = []
    if "mqtt.ca_file" in files:
        tls = [files.get(name) for name in ("mqtt.ca_file", "mqtt.cert_file", "mqtt.key_file")]
    found = check(args.broker, unit.id, user, password, tls)
    if args.json:
        print_json(found)
    for question, answer in found.items():
        topic, _, size = question.partition(" ")
        what = told(_WORDS["message" if size else "cmd"], args.lang, topic=topic, size=size)
        if not args.json:
            show(told(_WORDS[answer if answer in ("ok", "nobody") else "no"], args.lang, what=what, why=answer))
    if any(answer not in ("ok", "nobody") for answer in found.values()):
        raise AnswerIsNo(both(_WORDS["end"], unit=unit.id))
    return 0
