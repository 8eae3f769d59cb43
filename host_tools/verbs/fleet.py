"""The verb `fleet`: from one table the unit files, secrets and labels of many units at once."""

import argparse
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ..records import fleet_file
from ..records.flash_record import label, page
from ..records.fleet_file import Planned
from ..unitkit import fsimage, keys
from ..unitkit.errors import BadInput, Both, Problems, both, exists_already, writing
from ..unitkit.places import EXAMPLE_UNIT
from ..unitkit.private import write_private
from ..unitkit.progress import say
from .arguments import add_group, add_verb, print_json

_CREDENTIALS, _PIN = "credentials.txt", "console-pin.txt"
_FIXED = {"mqtt.credentials_file": _CREDENTIALS, "console.pin_file": _PIN}
_LABELS, _BROKER = "labels.html", "broker-passwords.txt"
_PIN_DIGITS = 8
_PASSWORD_BYTES = 18

_NEW = """\
unit.id,unit.name_zh,unit.name_en,lift.well_area_m2,lift.spill_level_mm
xiacun,下村污水处理站,Xiacun village,1.80,1500
shangcun,上村污水处理站,Shangcun village,2.40,1800
"""

_WORDS = {
    "new": (
        "已写入 {path}：每行一个站点，每列一个设置；其余取自共同的站点文件。改好后："
        "qingxi fleet make {path} --out 文件夹",
        "wrote {path}: a unit a line, a setting a column; the rest comes from a common unit file. Edit it, then: "
        "qingxi fleet make {path} --out FOLDER",
    ),
    "clash": (
        "{path}：{key}：站点文件夹里已有另一个 {name}；给这个文件换个名字",
        "{path}: {key}: the unit's folder has another {name} already; give this file another name",
    ),
    "made": (
        "{folder}：新建 {new} 个站点，{kept} 个原有的不动。标签：{labels}。密码只有本用户能读",
        "{folder}: {new} units made, {kept} that were there left alone. Labels: {labels}. Only you can read passwords",
    ),
    "changed": (
        "{path}：表格里这个站点已改，但文件夹里的不动；要用新设置，先移走这个文件夹",
        "{path}: the table says otherwise now, but what is there stays; to have it made anew, move that folder away",
    ),
}


def add_parser(verbs) -> None:
    """Add the verb `fleet` and its sub-verbs to the command line."""
    subs = add_group(verbs, "fleet", "many units at once from one table", __doc__)
    new = add_verb(subs, "new", _new, "write a table to start from; never over an existing one")
    what = "make unit files, secrets and labels; units that are there already are left alone"
    p = add_verb(subs, "make", _make, what, "--json")
    for parser in (new, p):
        parser.add_argument("file", type=Path, metavar="FILE.csv")
    p.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder a unit, and the labels")
    what = "unit file with what all have in common (the example)"
    p.add_argument("--base", type=Path, default=EXAMPLE_UNIT, metavar="FILE", help=what)
    p.add_argument("--command-keys", action="store_true", help="units that obey signed commands only: a key for each")


def _new(args: argparse.Namespace) -> int:
    if args.file.exists():
        raise exists_already(args.file)
    with writing(args.file):
        args.file.write_text(_NEW, encoding="utf-8-sig")  # a spreadsheet takes it for UTF-8 by the mark
    say(args.lang, both(_WORDS["new"], path=args.file))
    return 0


def _make(args: argparse.Namespace) -> int:
    """Check all, then make all; a folder is there whole or not at all."""
    planned = fleet_file.read(args.file, args.base, _FIXED, args.lang)
    planned, copies = _with_files(planned)
    planned = [_at_home(plan, args.out, args.command_keys) for plan in planned]
    new = [plan for plan in planned if not plan.unit.path.parent.exists()]
    for plan in planned:
        path = plan.unit.path
        if plan not in new and path.is_file() and _keyed(path.read_text(encoding="utf-8")) != _keyed(plan.text):
            say(args.lang, both(_WORDS["changed"], path=path))
    with writing(args.out):
        args.out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=args.out, prefix=".making-") as folder:
            for plan in new:
                _write_unit(Path(folder) / plan.unit.id, plan, copies[plan.unit.id], args.command_keys)
            for plan in new:
                (Path(folder) / plan.unit.id).rename(args.out / plan.unit.id)
        write_private(args.out / _LABELS, _label_sheet(planned).encode())
        write_private(args.out / _BROKER, _broker_file(args.out).encode())
    labels = args.out / _LABELS
    _warn(planned, args.lang)
    say(args.lang, both(_WORDS["made"], folder=args.out, new=len(new), kept=len(planned) - len(new), labels=labels))
    if args.json:
        units = [{"unit": p.unit.id, "file": str(args.out / p.unit.id / "unit.toml"), "new": p in new} for p in planned]
        print_json({"units": units, "labels": str(labels)})
    return 0


def _at_home(plan: Planned, out: Path, with_keys: bool) -> Planned:
    """The unit as it will lie in `out`, or lies there; one with a key says so, for a label is made without secrets."""
    folder = out / plan.unit.id
    if not folder.exists():
        keyed = with_keys
    else:
        keyed = keys.key_of(folder / _CREDENTIALS) is not None
    unit = replace(plan.unit, path=folder / "unit.toml")
    if not keyed:
        return replace(plan, unit=unit)
    return replace(plan, unit=replace(unit, settings=unit.settings | {"mqtt.keyed": 1}), text=_keyed(plan.text))


def _keyed(text: str) -> str:
    """A unit file that says that the unit has a key."""
    return fleet_file.edited(text, {"mqtt.keyed": "true"})


def _warn(planned: list[Planned], lang: str) -> None:
    """Say what units share and should not, and once that passwords travel in clear: it holds for most of them."""
    told = set()
    seen: keys.Seen = {}
    for plan in planned:
        for key, sentence in keys.warnings(plan.unit.path, plan.unit.settings, plan.unit.board, seen):
            if key != "mqtt.tls" or key not in told:
                say(lang, sentence)
            told.add(key)


def _with_files(planned: list[Planned]) -> tuple[list[Planned], dict[str, dict[str, bytes]]]:
    """The units with every file that they name beside them, and those files, by unit and name.

    They lie beside the common unit file: certificate, Wi-Fi. BadInput, once each, if one is missing or no good.
    """
    problems: dict[str, None] = {}
    moved, copies = [], {}
    for plan in planned:
        others = {key: path for key, path in plan.unit.files().items() if key not in _FIXED}
        settings = dict(plan.unit.settings) | dict.fromkeys(_FIXED, "")
        try:
            fsimage.named_files(replace(plan.unit, settings=settings))
        except BadInput as e:
            problems |= dict.fromkeys(e.problems)
            continue
        problems |= dict.fromkeys(_clashes(plan, others))
        copies[plan.unit.id] = {path.name: path.read_bytes() for path in others.values()}
        text = fleet_file.edited(plan.text, {key: path.name for key, path in others.items()})
        moved.append(replace(plan, text=text))
    Problems(problems).refuse()
    return moved, copies


def _clashes(plan: Planned, others: dict[str, Path]) -> Iterator[Both]:
    """A sentence for every file that would take the place of another one in the unit's folder."""
    taken = dict.fromkeys(("unit.toml", _PIN, _CREDENTIALS), Path())
    for key, path in others.items():
        if taken.setdefault(path.name, path.resolve()) != path.resolve():
            yield both(_WORDS["clash"], path=plan.unit.path, key=key, name=path.name)


def _write_unit(folder: Path, plan: Planned, copies: dict[str, bytes], with_key: bool) -> None:
    pin = "".join(secrets.choice("0123456789") for _ in range(_PIN_DIGITS))
    credentials = f"user = {plan.unit.id}\npassword = {secrets.token_urlsafe(_PASSWORD_BYTES)}\n"
    if with_key:
        credentials += f"command_key = {keys.fresh()}\n"
    folder.mkdir(mode=0o700)
    files = {
        "unit.toml": plan.text.encode(),
        _PIN: f"{pin}\n".encode(),
        _CREDENTIALS: credentials.encode(),
        **copies,
    }
    for name, content in files.items():
        write_private(folder / name, content)


def _broker_file(out: Path) -> str:
    """`user:password` of every unit of the folder, a line each: what mosquitto_passwd -U turns into its own file."""
    lines = []
    for path in sorted(out.glob(f"*/{_CREDENTIALS}")):
        pairs = dict(line.split(" = ", 1) for line in path.read_text(encoding="utf-8").splitlines() if " = " in line)
        lines.append(f"{pairs.get('user', '')}:{pairs.get('password', '')}\n")
    return "".join(lines)


def _label_sheet(planned: Iterable[Planned]) -> str:
    """One page of labels for the cabinets; nothing on it is secret."""
    labels = "\n".join(_label(plan) for plan in planned)
    body = f"""<h1>站点标签 Unit labels</h1>
<p>打印，剪下，贴在控制箱内。Print, cut out, glue into the cabinets.</p>
<div class="labels">
{labels}
</div>"""
    return page("站点标签 unit labels", body)


def _label(plan: Planned) -> str:
    unit = plan.unit
    lines = *unit.names, unit.board.title_zh, unit.board.title_en
    return label(f"QINGXI {unit.id}\nCFG {unit.sha256[:12]}", unit.id, lines)
