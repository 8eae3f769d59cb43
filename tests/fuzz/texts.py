"""What people write or hand on as text: unit files, scenarios, boards, fleet and inflow tables, registers, secrets."""

import json
import random
from pathlib import Path

from unit import config
from unit.catalogue import settings as catalogue
from unit.uplink import credentials

from host_tools.records import fleet_file
from host_tools.unitkit import boards, fsimage, places, tomltext, unitfile
from host_tools.unitkit.errors import BadInput
from host_tools.unitkit.keys import first_line
from host_tools.verbs import fleet, register
from sim.scenario import inflow_file, scenario
from tests.board.rig import UNIT_FILE
from tests.fuzz.engine import Family, Mutator, Wrong
from tests.vm import ROOT

_TOML = (
    b"[unit]\n", b"[[fault]]\n", b"\n[lift]\n", b'"""', b"= [", b"{a = 1}", b"a.b.c = 1\n", b"a." * 1000 + b"a = 1\n",
    b"1979-05-27T07:32:00Z", b"07:32:00", b"0x7fffffff", b"1e400", b"+nan", b"1e99999999999999999999", b"true", b"'x'",
    b"[" + b"a." * 1500 + b"a]\n", b"x = " + b"{a=" * 300 + b"1" + b"}" * 300 + b"\n", b'"999999999999d"', b'"1e5h"',
    b'"' + b"9" * 400 + b'h"', b'"' + b"9" * 5000 + b'd"', b"9" * 320,
)  # fmt: skip


def _nested(chance: random.Random, data: bytes) -> bytes:
    """Something very deep in the place of a value."""
    lines = data.splitlines(keepends=True)
    at = chance.randrange(len(lines) or 1)
    n = chance.choice((50, 300, 1200, 5000))
    arrays, keys, table, digits = b"[" * n + b"]" * n, b"a." * n + b"a", b"a." * n + b"a", b"9" * n
    deep = chance.choice((b"x = " + arrays, keys + b" = 1", b"[" + table + b"]", b"x = " + digits))
    return b"".join(lines[:at]) + deep + b"\n" + b"".join(lines[at:])


def _other_value(chance: random.Random, data: bytes) -> bytes:
    """A key has a value of another kind."""
    texts = (b'"\\ud800"', b'"\\u0000"', b'"' + b"x" * 300 + b'"', b'".."', b'"/dev/null"')
    values = (*_TOML, *texts, b"1", b"-1", b"[]", b"{}")
    lines = data.splitlines(keepends=True)
    places_ = [i for i, line in enumerate(lines) if b"=" in line]
    if not places_:
        return data
    i = chance.choice(places_)
    lines[i] = lines[i].partition(b"=")[0] + b"= " + chance.choice(values).strip() + b"\n"
    return b"".join(lines)


_IN_TOML: tuple[Mutator, ...] = (_nested, _other_value, _other_value)


def _unit(folder: Path):
    """`qingxi config check` and what a flashing makes of the file."""
    path = folder / "unit.toml"
    (folder / "x").write_text("a = b\n")
    seeds = [UNIT_FILE.read_bytes(), *(p.read_bytes() for p in sorted((ROOT / "boards/esp32/units").glob("*.toml")))]

    def take(data: bytes) -> bool:
        path.write_bytes(data)
        unit = unitfile.load(path, "zh")
        again: dict[str, int | str] = {}
        stored = json.loads(json.dumps(unit.board_settings()))
        problems = list(catalogue.check(stored, unit.board.compact(), again))
        if problems or any(again[key] != unit.settings[key] for key in again if key in stored):
            raise Wrong(f"a board would not take what the check calls good: {problems[:1]}")
        fsimage.named_files(unit)
        unit.pins_json().encode()
        return True

    return take, seeds


def _scenario(folder: Path):
    path = folder / "scenario.toml"
    (folder / "dry.csv").write_text("time_s,flow_m3_d\n0,1\n60,2\n")
    seeds = [p.read_bytes() for p in sorted((ROOT / "sim/scenarios").glob("*.toml"))]
    seeds.insert(0, b'name="x"\nstart=2026-06-15T00:00:00+08:00\ndays=7\n[inflow]\nfile="dry.csv"\nscale=0.5\n')
    fault = b'[[fault]]\nat="3d09:00"\nfor="5h"\nkind="clogged"\ntarget="p1"\namount=0.6\n'
    expect = b'[[expect]]\nquantity="overflow_m3"\nmax=0.0\n'
    seeds.append(seeds[0] + fault + expect + b'[[rain]]\nat="1h"\nfor="6h"\nmm_h=12.0\n[[visit]]\nat="2h"\n')

    def take(data: bytes) -> bool:
        path.write_bytes(data)
        found = scenario.load(path)
        times = [f.at_s for f in found.faults] + [r.at_s + r.for_s for r in found.rain] + [found.seconds]
        if not all(0 <= time <= 2 * scenario.MAX_DAYS * 86400 for time in times):
            raise Wrong(f"times that no run has: {times}")
        return True

    return take, seeds


def _board(folder: Path):
    """A board file of a colleague."""
    seeds = [(places.BOARDS_DIR / f"{name}.toml").read_bytes() for name in boards.names()]

    def take(data: bytes) -> bool:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return False
        board = boards.parse("mine", text)
        if any(pin > 64 for row in board.terminals.values() for pin in boards.wiring.pins(row)):
            raise Wrong("a pin that no chip has")
        return True

    return take, seeds


def _fleet(folder: Path):
    """`qingxi fleet make`, up to the files."""
    path = folder / "county.csv"
    base = folder / "base.toml"
    base.write_bytes(UNIT_FILE.read_bytes())
    common = unitfile.load(base)
    head = "unit.id,unit.name_zh,unit.name_en,lift.well_area_m2,mqtt.broker,lift.alternate\n"
    rows = "xiacun,下村,Xiacun village,1.80,,hours\nshangcun,上村,Shangcun,2.40,,\n"
    seeds = [(head + rows).encode("utf-8-sig"), (head + rows).encode("gb18030"), fleet._NEW.encode()]
    seeds.append("unit.id,unit.name_zh,unit.name_en,base\nxiacun,下村,Xia # \"cun\",base.toml\n".encode())
    fixed = {"mqtt.credentials_file": "credentials.txt", "console.pin_file": "console-pin.txt"}

    def take(data: bytes) -> bool:
        path.write_bytes(data)
        planned = fleet_file.read(path, base, fixed, "zh")
        header, lines = fleet_file.table(path)
        cells = {line: dict(zip(header, row)) for line, row in lines}
        if len({plan.unit.id for plan in planned}) != len(lines):
            raise Wrong("not as many units as lines")
        for plan in planned:
            row = {key: cell.strip() for key, cell in cells[plan.line].items() if cell.strip()} | fixed
            again = unitfile.parse(plan.text, path)
            for key, value in again.settings.items():
                entry = catalogue.find(key)
                text = row.get(key)
                if catalogue.kind_of(entry) == "bool" and text:
                    text = text.lower()
                if catalogue.kind_of(entry) in ("int", "num") and text:
                    text = text[:-1] if text.endswith(".") else text
                wanted = common.settings[key] if text is None else catalogue.decode(entry, text)
                if value != wanted and "base" not in header:
                    raise Wrong(f"a unit has a setting that nobody gave it: {key} = {value!r}, not {wanted!r}")
        return True

    return take, seeds


def _inflow(folder: Path):
    path = folder / "inflow.csv"
    seeds = [
        b"time_s,flow_m3_d,tss_g_m3\n" + b"".join(b"%d,%d.5,200\n" % (60 * i, i % 7) for i in range(30)),
        b"time_s,flow_m3_d\n0,1\n3600,2.5\n7200,0\n",
    ]

    def take(data: bytes) -> bool:
        path.write_bytes(data)
        problems: list[str] = []
        rows = inflow_file.read_inflow(path, problems)
        if problems:
            raise BadInput(*problems)
        if not rows or any(b[0] <= a[0] for a, b in zip(rows, rows[1:])):
            raise Wrong("no rows, or times that go back")
        if any(not (0 <= flow <= 1e7 and -1 <= tss <= 1e5) for _, flow, tss in rows):
            raise Wrong("a flow that no sewer has")
        digits = data.decode("utf-8-sig").replace("\r", "\n").partition("\n")[2]
        if any(char not in "0123456789.+-eE, \t\r\n\"" for char in digits):
            raise Wrong("a number that is written as none")
        return True

    return take, seeds


def _register(folder: Path):
    """`qingxi register FILE --merge OTHER`."""
    mine, other = folder / "register.jsonl", folder / "other.jsonl"
    lines = [register.entry(what="flash", unit=u, when=w) for u, w in (("a", "2026-05-03T10:00:00+08:00"), ("b", ""))]
    seeds = ["".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()]
    seeds.append(json.dumps(lines[0] | {"id": "x", "note": "\ud800"}).encode() + b"\n" + seeds[0])
    for when in ("0001-01-01", "9999-12-31T23:59:59-23:59"):
        seeds.append(json.dumps(lines[0] | {"id": "y", "when": when}).encode() + b"\n")

    def take(data: bytes) -> bool:
        mine.write_bytes(seeds[0])
        other.write_bytes(data)
        new = register.merge(mine, [other])
        if len(register.read(mine)) != 2 + new or mine.read_bytes()[: len(seeds[0])] != seeds[0]:
            raise Wrong("the lines that were there are others now")
        for line in register.read(mine):
            for key, value in line.items():
                register._short(key, value)
        return True

    return take, seeds


def _secrets(folder: Path):
    """Files that a unit file names: account, key, SIM, Wi-Fi, PIN."""
    path = folder / "secret.txt"
    unit = unitfile.load(UNIT_FILE)
    keys = [key for key in fsimage.NAMED_FILES if key.endswith(("_file",))]
    key_line = b"command_key = 0123456789abcdef0123456789abcdef\n"
    seeds = [b"user = qiaotou\npassword = pa55 = x\n" + key_line, b"village = pa55\n"]
    seeds += [b"258025\n", b"auth = chap\nuser = x\n", b"-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"]

    def take(data: bytes) -> bool:
        path.write_bytes(data)
        taken = 0
        for key in keys:
            wrong = fsimage._wrong_named_file(key, path, data)
            if wrong is None:
                taken += 1
                if key == "console.pin_file" and not 4 <= len(first_line(data)) <= 32:
                    raise Wrong("a PIN that nobody can type")
            elif not wrong or not wrong.zh:
                raise Wrong("a refusal without a sentence")
        if taken and data not in seeds:
            for read in (credentials.broker, credentials.sim, credentials.pairs):
                try:
                    read(str(path))
                except ValueError:
                    continue
        return bool(taken and unit)

    return take, seeds


def _sealed(folder: Path):
    """`config.json` of a board."""
    path = folder / "config.json"
    values = [{"unit.id": "a", "lift.alternate": 1}, {}, [1, 2], {"a": "\u4e95"}]
    seeds = [fsimage.sealed(json.dumps(value).encode()) for value in values]

    def take(data: bytes) -> bool:
        path.write_bytes(data)
        found = config.stored_in(str(path))
        if found is not None and found not in values:
            raise Wrong(f"a configuration that nobody sealed: {found}")
        return found is not None

    return take, seeds


def _lines(folder: Path):
    """Where a TOML file's keys stand, for sentences."""
    seeds = [UNIT_FILE.read_bytes(), b'[a]\nb."c d" = 1\n[[e.f]]\ng = """\nh = 1\n"""\n']

    def take(data: bytes) -> bool:
        text = data.decode("utf-8", "replace")
        found = tomltext.key_lines(text)
        if any(not 1 <= line <= text.count("\n") + 1 for line in found.values()):
            raise Wrong("a line that the file does not have")
        return True

    return take, seeds


FAMILIES = [
    Family("unit file", _unit, damage=_IN_TOML, words=_TOML, share=0.4),
    Family("scenario file", _scenario, damage=_IN_TOML, words=_TOML, share=0.4),
    Family("board file", _board, damage=_IN_TOML, words=_TOML, share=0.2),
    Family("fleet table", _fleet, words=(b",", b'"', b"\n", b"unit.id", b"hours", b"1.", "\u2028".encode()), share=0.3),
    Family("inflow table", _inflow, words=(b",", b"1_0", "\u0661".encode(), b"nan", b"x" * 140_000), share=4.0),
    Family("register", _register, words=(b'"id":', b'"when": "', b"0001-01-01", b"\\ud800"), share=1.5),
    Family("account, key, PIN, Wi-Fi", _secrets, words=(b"=", b"#", b"user", b"\n", b"\r"), share=2.0),
    Family("sealed configuration", _sealed, words=(b"\n", b"0"), share=6.0),
    Family("lines of a TOML file", _lines, words=_TOML, share=0.5),
]
