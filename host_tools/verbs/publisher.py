"""The verb `publisher`: the keys whose signature makes a unit take a firmware from afar, and the signatures.

The private key is on no unit and need not be on the computer that brings the firmware: `sign` writes a file of
signatures, which `qingxi update --broker` reads. How keys are kept, changed and given up: docs/publisher-keys.md.
"""

import argparse
import getpass
import os
import re
import sys
from functools import partial
from pathlib import Path

from ..image import signing
from ..unitkit import fsimage, pack, publisher, unitfile
from ..unitkit.errors import BadInput, Problems, both, exists_already, reading, told, writing
from ..unitkit.private import write_new
from ..unitkit.progress import say, show
from ..unitkit.publisher import PublicKey, Signature
from ..unitkit.unitfile import Unit
from .arguments import add_group, add_verb, print_json

_SHORTEST = 12  # characters of a passphrase
_PUBLIC = ".pub"

_WORDS = {
    "same": (
        "{path}：公钥要写到 {public}，私钥请换一个文件名，例如 key.pem",
        "{path}: the public key goes to {public}; give the private one another name, such as key.pem",
    ),
    "nobody": (
        "没有人可以输入口令：用 --passphrase-file 文件，第一行是口令",
        "there is nobody to ask for the passphrase: say --passphrase-file FILE, whose first line is the passphrase",
    ),
    "short": (
        "口令至少 {least} 个字符",
        "the passphrase must have at least {least} characters",
    ),
    "differ": ("两次输入的口令不一样，再来一次", "the two passphrases differ; try again"),
    "ask": ("{path} 的口令：", "passphrase of {path}: "),
    "again": ("再输入一次：", "once more: "),
    "made": (
        "{path}：私钥，只有本用户能读，离线保存，口令另外保存，不要放到任何站点上。{public}：公钥，指纹 {fingerprint}，"
        "把这一行加进站点文件 update.publisher_file 点名的文件",
        "{path}: the private key, readable by you alone. Keep it off line, its passphrase elsewhere, and on no unit. "
        "{public}: the public key, fingerprint {fingerprint}; add its line to the file that update.publisher_file of "
        "the unit files names",
    ),
    "no_list": (
        "{path}：没有 update.publisher_file：这样的程序装上以后，站点就再也不能远程升级；先写上发布者公钥文件",
        "{path}: has no update.publisher_file: with such a firmware a unit could not be updated from afar again. Name "
        "the file with the publisher's public keys first",
    ),
    "stranger": (
        "{path}：签名的私钥（指纹 {fingerprint}）不在 {listed} 里：装上以后这把钥匙就不能再签；先把它的公钥加进去",
        "{path}: the key that signs (fingerprint {fingerprint}) is not in {listed}, so that with this firmware it "
        "could not sign the next one; add its public key there first",
    ),
    "signed": (
        "{path}：已签名 {n} 个程序，版本 {version}。下一步：qingxi update --broker",
        "{path}: {n} firmwares signed, version {version}. Next: qingxi update --broker",
    ),
}


def add_parser(verbs) -> None:
    """Add the verb `publisher` and its sub-verbs to the command line."""
    subs = add_group(verbs, "publisher", "keys and signatures of firmware that goes over MQTT", __doc__)
    new = add_verb(subs, "new", _new, "make a key; never over an existing one", "--json")
    new.add_argument("file", type=Path, metavar="KEY.pem", help="the private key; the public one goes beside it, .pub")
    sign = add_verb(subs, "sign", _sign, "sign the firmware that `update` would bring to these units", "--json")
    sign.add_argument("--key", type=Path, required=True, metavar="KEY.pem", help="the publisher's private key")
    sign.add_argument(
        "--unit", type=Path, required=True, action="append", metavar="FILE", help="unit file; may come several times"
    )
    out = Path(publisher.SIGNATURES)
    sign.add_argument("--out", type=Path, default=out, metavar="FILE", help="lines are added (default: %(default)s)")
    for parser in (new, sign):
        what = "its first line is the passphrase, for machines; else it is asked for"
        parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help=what)
    show = add_verb(subs, "show", _show, "print the fingerprints of public keys", "--json")
    show.add_argument("file", type=Path, metavar="FILE", help="a .pub file, or the list of a unit file")


def _new(args: argparse.Namespace) -> int:
    """Make a key and its two files. Returns the exit code."""
    beside = args.file.with_suffix(_PUBLIC)
    if beside == args.file:
        raise BadInput(both(_WORDS["same"], path=args.file, public=beside))
    for path in (args.file, beside):
        if os.path.lexists(path):
            raise exists_already(path)
    passphrase = _passphrase(args, args.file, twice=True)
    key = signing.new_key()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", args.file.stem)[:32]
    public = signing.public(key, name)
    write_new(args.file, signing.pem(key, passphrase), 0o600)
    write_new(beside, f"# {public.name} {public.fingerprint}\n{public.line}".encode(), 0o644)
    shown = {"public": beside, "fingerprint": public.fingerprint}
    say(args.lang, both(_WORDS["made"], path=args.file, **shown))
    if args.json:
        print_json({"key": str(args.file), "public": str(beside), "fingerprint": public.fingerprint})
    return 0


def _sign(args: argparse.Namespace) -> int:
    """Sign the packs of these units, all or none. Returns the exit code."""
    problems = Problems()
    units = {path: problems.of(partial(unitfile.load, path, args.lang)) for path in args.unit}
    lists = {path: _list(path, unit, problems) for path, unit in units.items() if unit}
    known = problems.of(partial(publisher.signatures, args.out)) if args.out.exists() else {}
    problems.refuse()
    key = signing.load(args.key, _passphrase(args, args.key))
    own = signing.public(key)
    for path, keys in lists.items():
        if own.modulus not in {each.modulus for each in keys}:
            listed = units[path].files()[fsimage.PUBLISHERS]
            fill = {"path": path, "fingerprint": own.fingerprint, "listed": listed}
            problems.append(both(_WORDS["stranger"], **fill))
    problems.refuse()
    made = {}
    for unit in units.values():
        head = pack.head(fsimage.firmware_pack(unit), "pack")
        made[head.sha256] = Signature(head.sha256, head.version, signing.sign(key, head.sha256))
    lines = "".join(each.line for each in (known | made).values())
    with writing(args.out):
        fresh = args.out.with_name(args.out.name + ".new")
        fresh.write_text(lines, encoding="ascii")
        fresh.replace(args.out)
    say(args.lang, both(_WORDS["signed"], path=args.out, n=len(made), version=next(iter(made.values())).version))
    if args.json:
        print_json({"file": str(args.out), "signed": sorted(made), "fingerprint": own.fingerprint})
    return 0


def _list(path: Path, unit: Unit, problems: Problems) -> list[PublicKey]:
    listed = unit.files().get(fsimage.PUBLISHERS)
    if listed is None:
        problems.append(both(_WORDS["no_list"], path=path))
        return []
    return problems.of(partial(publisher.keys, listed)) or []


def _show(args: argparse.Namespace) -> int:
    """Print name and fingerprint of each key of a list. Returns the exit code."""
    keys = publisher.keys(args.file)
    if args.json:
        print_json([{"name": key.name, "fingerprint": key.fingerprint} for key in keys])
    else:
        for key in keys:
            show(f"{key.fingerprint}  {key.name}")
    return 0


def _passphrase(args: argparse.Namespace, path: Path, twice: bool = False) -> str:
    """The passphrase of a key file, from a file or whoever sits here. `twice`: it is a new one."""
    if args.passphrase_file is not None:
        with reading(args.passphrase_file):
            found = args.passphrase_file.read_bytes().decode("utf-8").partition("\n")[0].rstrip("\r")
    elif not sys.stdin.isatty():
        raise BadInput(both(_WORDS["nobody"]))
    else:
        found = getpass.getpass(told(_WORDS["ask"], args.lang, path=path))
        if twice and getpass.getpass(told(_WORDS["again"], args.lang)) != found:
            raise BadInput(both(_WORDS["differ"]))
    if twice and len(found) < _SHORTEST:
        raise BadInput(both(_WORDS["short"], least=_SHORTEST))
    return found
