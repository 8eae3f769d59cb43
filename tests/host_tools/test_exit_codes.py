"""What is missing: a file that the user names is bad input (2), a port or a broker a failure of the surroundings (3).

Every argument of every verb that names a file, a port or a broker stands in one of the tables below: a new one is
missed by the first test until somebody has thought of it.
"""

import argparse
import hashlib
import os
from pathlib import Path

import pytest

from host_tools import main
from host_tools.image import signing
from sim.board import standin
from tests import publishers
from tests.vm import ROOT

UNIT = ROOT / "boards/esp32/units/qiaotou.toml"
SCENARIO = ROOT / "sim/scenarios/week.toml"
NO_FILE, NO_PORT, NO_BROKER, NO_HOST = "no such file.toml", "no such port", "127.0.0.1:1", "no-such-host.invalid:1883"

# What a verb is told besides the argument that names something missing; {} is the folder of the test.
WORDS = {
    "sim run": {"scenario": SCENARIO, "--days": "0.001", "--out": "{}/out"},
    "sim board": {"--for": "1s", "--flash": "{}/flash", "--port": "{}/tty"},
    "config wiring": {"board": "esp32-devkitc"},
    "image build": {"--unit": UNIT, "--out": "{}/image.bin"},
    "fleet make": {"file": "{}/county.csv", "--out": "{}/county"},
    "flash": {"--port": NO_PORT, "--unit": UNIT},
    "update": {"--unit": "{}/keyed.toml"},
    "publisher new": {"file": "{}/new.pem", "--passphrase-file": "{}/word.txt"},
    "publisher sign": {"--key": "{}/key.pem", "--passphrase-file": "{}/word.txt", "--unit": "{}/keyed.toml"},
    "delivery": {"--unit": UNIT, "--broker": NO_BROKER},
    "backup": {"--out": "{}/old.bin"},
    "swap": {"--port": NO_PORT, "--unit": UNIT, "--seen": "{}/seen.txt"},
}
READ = {  # what is read
    "sim run": ("scenario", "--unit"),
    "sim board": ("--unit", "--scenario"),
    "config check": ("files",),
    "config show": ("file",),
    "image import": ("file",),
    "image build": ("--unit", "--micropython"),
    "fleet make": ("file", "--base"),
    "flash": ("--unit", "--micropython"),
    "update": ("--unit", "--signatures"),
    "publisher new": ("--passphrase-file",),
    "publisher sign": ("--unit", "--key", "--passphrase-file"),
    "publisher show": ("file",),
    "delivery": ("--unit",),
    "swap": ("--unit", "--from", "--seen", "--micropython"),
    "register": ("file", "--merge"),
    "journal": ("flash",),
}
WRITTEN = {  # what is made where it is not there
    "sim run": ("--out", "--junit"),
    "sim board": ("--flash", "--port"),
    "config new": ("file",),
    "config key": ("file",),
    "config wiring": ("file",),
    "config schema": ("file",),
    "config reference": ("file",),
    "config boards": ("file",),
    "image build": ("--out",),
    "publisher new": ("file",),
    "publisher sign": ("--out",),
    "fleet new": ("file",),
    "fleet make": ("--out",),
    "journal": ("--out",),
    "console": ("--log",),
}
# Written at the very end, when a board has answered.
AFTER_A_BOARD = {"flash": ("--record",), "update": ("--record",), "swap": ("--record",), "backup": ("--out",)}
PORTS = dict.fromkeys(("flash", "update", "backup", "journal", "console"), ("--port",))
PORTS["swap"] = ("--port", "--from-port")
# A unit without its broker lives on.
BROKERS = {"sim run": NO_BROKER, "update": NO_BROKER, "delivery": NO_BROKER, "sim board": NO_HOST}


def leaves(parser: argparse.ArgumentParser, verb: str = "") -> dict[str, argparse.ArgumentParser]:
    """The verbs that do something, `sim run` and not `sim`, with what reads their arguments."""
    found = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                found |= leaves(sub, f"{verb} {name}".strip())
    return found or {verb: parser}


def arguments(what: str) -> set[tuple[str, str]]:
    """(verb, argument) of all that name a file, or a serial port, or a broker."""
    found = set()
    for verb, parser in leaves(main.parser()).items():
        for action in parser._actions:
            kind = {"DEV": "port", "HOST:PORT": "broker", "LINK": "file"}.get(str(action.metavar), "")
            if what == (kind or ("file" if action.type is Path else "")):
                found.add((verb, action.option_strings[0] if action.option_strings else action.dest))
    return found


def pairs(*tables: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(verb, argument) for table in tables for verb, names in table.items() for argument in names]


def test_every_argument_that_can_miss_something_is_thought_of():
    assert arguments("file") == set(pairs(READ, WRITTEN, AFTER_A_BOARD))
    assert arguments("port") == set(pairs(PORTS))
    assert arguments("broker") == {(verb, "--broker") for verb in BROKERS}


@pytest.fixture
def qingxi(tmp_path, monkeypatch, capsys):
    """Runs a verb with `argument` set to `value`: (exit code, lines on standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QINGXI_CACHE", str(tmp_path / "cache"))
    image = tmp_path / "micropython.bin"
    image.write_bytes(standin.micropython())
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    keyboard = open(os.devnull)  # noqa: SIM115  of `console`
    monkeypatch.setattr("sys.stdin", keyboard)
    assert main.main(["fleet", "new", "county.csv"]) == 0
    Path("seen.txt").write_text('{"boot":1,"seq":5,"events":[]}\n')
    Path("key.txt").write_text("command_key = 0f1e2d3c4b5a69788796a5b4c3d2e1f0\n")
    text = UNIT.read_text(encoding="utf-8")
    keyed = text.replace('credentials_file = ""', 'credentials_file = "key.txt"')
    Path("keyed.toml").write_text(publishers.name_in(tmp_path, keyed, "A"))
    Path("word.txt").write_text(publishers.PASSPHRASE)
    Path("key.pem").write_bytes(signing.pem(publishers.private("A"), publishers.PASSPHRASE))
    Path("file").write_text("no folder")

    def run(verb: str, argument: str, value: str) -> tuple[int, list[str]]:
        words = {name: str(text).format(tmp_path) for name, text in WORDS.get(verb, {}).items()} | {argument: value}
        if (verb, argument) == ("update", "--unit"):
            words["--port"] = NO_PORT
        if (verb, argument) == ("update", "--broker"):
            given = ("--key", "key.pem", "--unit", "keyed.toml", "--passphrase-file", "word.txt")
            assert main.main(["publisher", "sign", *given]) == 0
        if (verb, argument) == ("update", "--signatures"):
            words["--broker"] = NO_BROKER
        if argument in ("--from", "--from-port"):
            del words["--seen"]
        if verb == "journal" and argument == "--out":
            words["flash"] = NO_FILE
        if verb in ("image build", "flash", "swap") and argument != "--micropython":
            assert main.main(["image", "import", str(image), "--sha256", digest]) == 0
        line = verb.split() + [text for name, text in words.items() if name[0] != "-"]
        line += [word for name, text in words.items() if name[0] == "-" for word in (name, text)]
        capsys.readouterr()
        code = main.main(line)
        said = capsys.readouterr().err.splitlines()
        return code, [line for line in said if not line.startswith(("note: ", "compiling "))]

    yield run
    keyboard.close()


@pytest.mark.parametrize(("verb", "argument"), pairs(READ))
def test_a_missing_file_is_bad_input(qingxi, verb, argument):
    code, said = qingxi(verb, argument, NO_FILE)
    assert (code, len(said)) == (2, 1), said
    assert said[0].startswith(NO_FILE) and "o such file" in said[0].removeprefix(NO_FILE), said


@pytest.mark.parametrize(("verb", "argument"), pairs(PORTS))
def test_a_missing_port_is_a_failure_of_the_surroundings(qingxi, verb, argument):
    code, said = qingxi(verb, argument, "another port" if argument == "--from-port" else NO_PORT)
    assert (code, len(said)) == (3, 1), said
    assert said[0].startswith("there is no port"), said


@pytest.mark.parametrize(("verb", "broker"), BROKERS.items())
def test_a_missing_broker_is_a_failure_of_the_surroundings(qingxi, verb, broker):
    code, said = qingxi(verb, "--broker", broker)
    assert (code, len(said)) == (3, 1), said
    assert broker.partition(":")[0] in said[0], said


@pytest.mark.parametrize(("verb", "argument"), pairs(WRITTEN))
def test_a_place_that_cannot_be_written_is_a_sentence(qingxi, verb, argument):
    code, said = qingxi(verb, argument, "file/under it")
    assert code in (2, 3) and len(said) == 1 and "file/under it" in said[0], said


@pytest.mark.parametrize("missing", [("mqtt", "credentials_file"), ("console", "pin_file"), ("network", "wifi_file")])
@pytest.mark.parametrize("way", [("--port", NO_PORT), ("--broker", NO_BROKER)])
def test_a_file_that_the_unit_file_names_is_missed_before_a_machine_stands_still(tmp_path, capsys, way, missing):
    path = tmp_path / "unit.toml"
    text = UNIT.read_text(encoding="utf-8").replace('credentials_file = ""', "")
    named = f'\n[{missing[0]}]\n{missing[1]} = "none.txt"\n'
    path.write_text(text.replace("\n[mqtt]\n", named) if missing[0] == "mqtt" else text + named, encoding="utf-8")
    assert main.main(["update", "--unit", str(path), *way]) == 2
    assert "none.txt: cannot be read" in capsys.readouterr().err


def test_a_simulated_run_names_the_credentials_that_it_misses(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = UNIT.read_text(encoding="utf-8").replace('credentials_file = ""', 'credentials_file = "none.txt"')
    Path("unit.toml").write_text(text, encoding="utf-8")
    words = ["sim", "run", str(SCENARIO), "--unit", "unit.toml", "--days", "0.001"]
    assert main.main([*words, "--broker", NO_BROKER]) == 2
    assert "none.txt: cannot be read" in capsys.readouterr().err
    Path("none.txt").write_text("nonsense\n")
    assert main.main([*words, "--broker", NO_BROKER]) == 2
    assert "none.txt: line 1" in capsys.readouterr().err
    assert not Path("out/week").exists()
