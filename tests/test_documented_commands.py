"""Every command that a document or the Makefile's help names works, each in its short form and in a folder of its own.

A command that nobody has thought of here fails: say in the tables below how it is tried. What needs a board goes as far
as the port, which is not there; what needs a broker gets one.
"""

import argparse
import hashlib
import itertools
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools import main
from host_tools.image import signing
from sim import bench
from sim.board import standin
from tests import publishers
from tests.uplink.broker import Broker
from tests.vm import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
UNIT = ROOT / "boards/esp32/units/qiaotou.toml"
BENCHES = ("host_tools.bench", "sim.bench")
OURS = ("qingxi", "make", "python", "pytest")
NOT_OURS = ("mosquitto_sub", "mpremote")  # programs of others; tests/board/test_mpremote.py tries the second
NO_PORT, NO_BROKER = "no such port", "127.0.0.1:1"

# --- what the documents name


def commands_in(text: str) -> Iterator[tuple[str, bool]]:
    """(command, whether it must be whole) of a document: in a sentence it need not be.

    Each line of a block that is in no language is a command.
    """
    blocks = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    for language, lines in blocks.findall(text):
        if not language:
            yield from ((line, True) for line in lines.splitlines() if line.strip())
    text = blocks.sub("", text)
    for line in re.findall(r"^    (\S.*)$", text, re.MULTILINE):
        if line.split()[0].rpartition("/")[2] in (*OURS, *NOT_OURS):
            yield line, True
    for span in re.findall(r"`([^`]+)`", text):
        if span.split() and span.split()[0].rpartition("/")[2] in OURS:
            yield " ".join(span.split()), False


def spelt_out(command: str) -> Iterator[str]:
    """`config new|check FILE` is two commands; a comment is none of it, nor where the program lies."""
    words = re.sub(r"\s#.*", "", command).removeprefix(".venv/bin/").split()
    for choice in itertools.product(*(word.split("|") for word in words)):
        yield " ".join(choice)


def documented() -> dict[str, bool]:
    """Every command of the documents, and whether it must be whole."""
    found: dict[str, bool] = {}
    for path in DOCUMENTS:
        for command, whole in commands_in(path.read_text(encoding="utf-8")):
            for one in spelt_out(command):
                found[one] = found.get(one, False) or whole
    return found


DOCUMENTED = documented()
STARTED: list[Broker] = []  # by the test that runs

# --- how they are tried


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Iterator[Path]:
    """A folder like the checkout, with the files that the documents speak of."""
    here = tmp_path / "a folder"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("QINGXI_CACHE", str(tmp_path / "cache"))
    for name in ("Makefile", "pyproject.toml", "sim", "boards", "host_tools"):
        (here / name).symlink_to(ROOT / name)
    (here / "docs").mkdir()
    (here / "out").mkdir()
    text = UNIT.read_text(encoding="utf-8").replace('credentials_file = ""', 'credentials_file = "key.txt"')
    text = publishers.name_in(here, text, "A")
    for name in ("FILE", "xiacun.toml", "common.toml"):
        (here / name).write_text(text.replace('"key.txt"', '""') if name == "common.toml" else text, encoding="utf-8")
    (here / "key.txt").write_text("command_key = 0f1e2d3c4b5a69788796a5b4c3d2e1f0\n")
    (here / "other.jsonl").write_text("")
    (here / "key.pem").write_bytes(signing.pem(publishers.private("A"), publishers.PASSPHRASE))
    (here / "word.txt").write_text(publishers.PASSPHRASE)
    (here / "reserve.pub").write_bytes(publishers.listed())
    for name in ("FLASH", "out/unit.bin"):
        (here / name).write_bytes(b"\xff" * 8192)
    (here / "micropython.bin").write_bytes(standin.micropython())
    with open(os.devnull) as keyboard:
        monkeypatch.setattr("sys.stdin", keyboard)
        yield here
    while STARTED:
        STARTED.pop().kill()


def qingxi(*words: object) -> int:
    """The exit code of the command; what it does to signals is undone."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return main.main([str(word) for word in words])
    except SystemExit as e:
        return int(e.code or 0)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def with_image() -> None:
    """Have the stand-in for MicroPython imported."""
    data = Path("micropython.bin").read_bytes()
    assert qingxi("image", "import", "micropython.bin", "--sha256", hashlib.sha256(data).hexdigest()) == 0


def simulates(words: list[str], folder: Path) -> None:
    days = "0.01" if "--plain" in words or "--speed" in words else "1"
    assert qingxi(*with_broker(words, folder), "--days", days) in (0, 1)  # so short a run need not meet expectations


def lives(words: list[str], folder: Path) -> None:
    Path("out/unit.bin").unlink()
    short = ["--for", "2s"] if "--broker" in words else ["--for", "1min", "--speed", "max"]
    assert qingxi(*with_broker(words, folder), *short) == 0


def with_broker(words: list[str], folder: Path) -> list[str]:
    if "--broker" in words:
        STARTED.append(Broker(folder))
        words = set_to(words, "--broker", f"127.0.0.1:{STARTED[-1].port}")
    return words


def set_to(words: list[str], option: str, value: str) -> list[str]:
    """The words with another value for an option that they have."""
    return [value if before == option else word for before, word in zip(["", *words], words)]


def reaches_for_a_board(words: list[str], folder: Path) -> None:
    """All is read and built; then there is no board at the port, or no broker."""
    with_image()
    for backup in ("BACKUP", "old.bin"):
        if backup in words and "--from" in words:
            assert qingxi("image", "build", "--unit", "FILE", "--out", backup) == 0
    for option, nothing in (("--port", NO_PORT), ("--from-port", f"{NO_PORT} 2"), ("--broker", NO_BROKER)):
        words = set_to(words, option, nothing)
    if words == ["console"]:  # it would find a board that lies on this very desk
        words = ["console", "--port", NO_PORT]
    assert qingxi(*words) == 3


def is_brought(words: list[str], folder: Path) -> None:
    """Over MQTT it must be signed before a broker is looked for."""
    if "--broker" in words:
        signs(["publisher", "sign", "--key", "key.pem", "--unit", words[words.index("--unit") + 1]], folder)
    reaches_for_a_board(words, folder)


def signs(words: list[str], folder: Path) -> None:
    assert qingxi(*set_to(words, "--key", "key.pem"), "--passphrase-file", "word.txt") == 0
    assert Path("signatures.txt").exists()


def makes_a_key(words: list[str], folder: Path) -> None:
    for ending in (".pem", ".pub"):
        Path(words[-1]).with_suffix(ending).unlink(missing_ok=True)
    assert qingxi(*words, "--passphrase-file", "word.txt") == 0


def works(words: list[str], folder: Path) -> None:
    assert qingxi(*words) == 0


def makes(words: list[str], folder: Path) -> None:
    """Writes its file, which must not be there before."""
    for word in words[2:]:
        Path(word).unlink(missing_ok=True)
    assert qingxi(*words) == 0


def writes_a_page(words: list[str], folder: Path) -> None:
    """What it writes is the page that stands in the repository."""
    assert qingxi(*words) == 0
    page = Path(words[-1])
    assert page.read_text(encoding="utf-8") == (ROOT / page).read_text(encoding="utf-8")


def imports(words: list[str], folder: Path) -> None:
    digest = hashlib.sha256(Path("micropython.bin").read_bytes()).hexdigest()
    words = ["micropython.bin" if word.endswith(".bin") else word for word in words]
    assert qingxi(*words, "--sha256", digest) == 0


def builds(words: list[str], folder: Path) -> None:
    with_image()
    assert qingxi(*words) == 0


def makes_a_fleet(words: list[str], folder: Path) -> None:
    assert qingxi("fleet", "new", "county.csv") == 0
    assert qingxi(*words) == 0 and Path("county/xiacun/unit.toml").exists()


VERBS: dict[str, Callable[[list[str], Path], None]] = {
    "sim run": simulates,
    "sim board": lives,
    "config new": makes,
    "config key": makes,
    "config check": works,
    "config show": works,
    "config schema": works,
    "config reference": writes_a_page,
    "config wiring": writes_a_page,
    "config boards": writes_a_page,
    "image import": imports,
    "image build": builds,
    "fleet new": makes,
    "fleet make": makes_a_fleet,
    "flash": reaches_for_a_board,
    "update": is_brought,
    "publisher new": makes_a_key,
    "publisher sign": signs,
    "publisher show": works,
    "delivery": reaches_for_a_board,
    "backup": reaches_for_a_board,
    "swap": reaches_for_a_board,
    "register": works,
    "journal": works,
    "journal --port": reaches_for_a_board,
    "console": reaches_for_a_board,
}


def leaf(words: list[str]) -> tuple[str, argparse.ArgumentParser]:
    """The verb of a command, with what reads its arguments; a verb that is none fails."""
    parser, verb = main.parser(), []
    for word in words:
        subs = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        if not subs:
            break
        assert word in subs[0].choices, f"qingxi {' '.join(words)}: no verb {word}; there are {list(subs[0].choices)}"
        parser = subs[0].choices[word]
        verb.append(word)
    return " ".join(verb), parser


def is_whole(words: list[str]) -> bool:
    try:
        main.parser().parse_args(words)
    except SystemExit:
        return False
    return True


@pytest.mark.parametrize("command", [command for command in DOCUMENTED if command.startswith("qingxi ")])
def test_qingxi(command, folder):
    words = command.replace("<name>", "esp32-devkitc").split()[1:]
    verb, parser = leaf(words)
    for word in words:
        assert word[0] != "-" or word in parser._option_string_actions, f"{command}: no option {word}"
    if not is_whole(words):
        assert not DOCUMENTED[command], f"{command}: cannot be parsed"
        return
    if verb == "journal" and "--port" in words:
        verb = "journal --port"
    assert verb in VERBS, f"{command}: say in VERBS how it is tried"
    VERBS[verb](words, folder)


@pytest.mark.parametrize("command", [command for command in DOCUMENTED if command.startswith("make")])
def test_make_is_told_what_it_knows(command):
    """The targets themselves are tried below."""
    _, *words = command.split()
    names = [word.partition("=")[0] for word in words if "=" in word]
    assert set(names) <= set(re.findall(r"^([A-Z]+) +[?:]?= ", MAKEFILE, re.MULTILINE)) | {"PORT", "ONLY"}, command
    assert {word for word in words if "=" not in word} <= set(TARGETS), command


def romloader(words: list[str], folder: Path) -> None:
    """It is a board in its loader once its port is there."""
    process = subprocess.Popen([sys.executable, "-m", *words], cwd=folder)
    try:
        while not (folder / "out/blank.tty").is_symlink():
            assert process.poll() is None
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()


def named_bench(words: list[str], folder: Path) -> None:
    """Its options are known; tests/sim/test_bench.py runs it."""
    package, name, *options = words
    assert name in bench.benches(BENCHES if package in BENCHES[:1] else [package])
    wrong = runs(package, name, *options, "--no-such-option", code=2)
    assert "unrecognized arguments: --no-such-option" in wrong


def runs(*words: str, code: int = 0) -> str:
    """`python -m` these words, in the checkout; what it says."""
    done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code and "Traceback" not in done.stderr, done.stdout + done.stderr
    return done.stdout + done.stderr


def searches(words: list[str], folder: Path) -> None:
    """A little of it; whether control breaks a rule is another test's affair."""
    least = {"--stories": "1", "--storms": "1", "--units": "1", "--weeks": "1", "--for": "5"}
    words = [least.get(before, word) for before, word in zip(["", *words], words)]
    done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr, done.stdout + done.stderr
    assert any(what in done.stdout for what in ("1 stories", "story ", "1 storms", "1 healthy units")), done.stdout


MODULES: dict[str, Callable[[list[str], Path], object]] = {
    "bench": named_bench,
    "romloader": romloader,
    "where": lambda words, _: runs(*words),
    "arrows": lambda words, _: runs(*words),
    "search": searches,
    "storms": searches,
    "healthy": searches,
    "fuzz": lambda words, _: runs(*("200" if word == "10000" else word for word in words)),
    "mutants": lambda words, _: runs(words[0], "--count", words[-1]),
    "record": lambda words, _: runs(words[0], "no-story"),  # it would write the pictures of a story anew
    "test_campaign": lambda words, _: runs(words[0], "1"),
    "pytest": lambda words, _: runs("pytest", "tests/control", "--collect-only", "-q"),
}


@pytest.mark.parametrize("command", [command for command in DOCUMENTED if command.startswith("python")])
def test_python(command, folder):
    _, option, *words = command.split()
    assert option == "-m", command
    module = words[0].rpartition(".")[2]
    assert module in MODULES, f"{command}: say in MODULES how it is tried"
    MODULES[module](words, folder)


@pytest.mark.parametrize("command", [command for command in DOCUMENTED if command.startswith("pytest")])
def test_pytest(command):
    assert re.search(r"\.py: [1-9]", runs(*command.split(), "--collect-only", "-q"))


def test_no_command_is_left_out():
    assert {command.split()[0] for command in DOCUMENTED} <= {*OURS, *NOT_OURS}
    for program, least in (("qingxi", 40), ("make", 8), ("python", 8)):
        assert sum(command.split()[0] == program for command in DOCUMENTED) >= least, program


def test_what_nobody_has_thought_of_is_seen(folder):
    text = "```\nnonsense --now\n```\nSay `qingxi flash --nonsense` or `make nonsense` or `python -m sim.nonsense`.\n"
    block, *spans = commands_in(text)
    assert block == ("nonsense --now", True)
    (verb, _), (target, _), (module, _) = spans
    with pytest.raises(AssertionError):
        test_qingxi(verb, folder)
    with pytest.raises(AssertionError):
        test_make_is_told_what_it_knows(target)
    with pytest.raises(AssertionError):
        test_python(module, folder)


# --- the targets of the Makefile


def make(*words: str, code: int = 0, **environment: str) -> str:
    """`make` in the folder of the test, with the tools that are here already; what it says."""
    Path("ready").touch()
    command = ["make", f"BIN={BIN}", "READY=ready", "VENV=venv", "JOBS=1", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=os.environ | environment
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def small_tree(folder: Path) -> None:
    """In the place of the checkout packages of a line, so that what looks at all of them is done soon."""
    for name in ("firmware/unit", "sim", "host_tools"):
        if (folder / name).is_symlink():
            (folder / name).unlink()
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text('"""A package."""\n')
    (folder / "tests").mkdir()
    (folder / "tests/test_one.py").write_text(
        '"""Two tests."""\n\nimport pytest\n\n\ndef test_soon():\n    pass\n\n\n'
        "@pytest.mark.campaign\n@pytest.mark.parametrize('n', range(2))\ndef test_long(n):\n    pass\n"
    )


def make_run(folder: Path) -> None:
    make("run")
    assert (folder / "out/run/report.html").exists()


def make_image(folder: Path) -> None:
    with_image()
    (folder / "a unit.toml").write_text((folder / "common.toml").read_text(encoding="utf-8"), encoding="utf-8")
    make("image", "UNIT=a unit.toml")
    assert (folder / "out/image.bin").stat().st_size == 4 << 20


def make_flash(folder: Path) -> None:
    with_image()
    assert "say which port" in make("flash", code=2)
    said = make("flash", f"PORT={NO_PORT}", "UNIT=no such unit.toml", code=2)
    assert "no such unit.toml: cannot be read" in said
    assert f"there is no port {NO_PORT}." in make("flash", f"PORT={NO_PORT}", "UNIT=common.toml", code=2)


def make_console(folder: Path) -> None:
    assert "say which port" in make("console", code=2)
    board, terminal = pty.openpty()
    (folder / "a port").symlink_to(os.ttyname(terminal))
    os.close(terminal)
    try:
        assert "connected to a port" in make("console", "PORT=a port")
    finally:
        os.close(board)


def make_stick(folder: Path) -> None:
    """Without a network: it gets as far as the wheels."""
    said = make("stick", code=2, PIP_NO_INDEX="1")
    assert "the wheels cannot be had" in said and (folder / "out/stick/qingxi/Makefile").exists()


def make_sbom(folder: Path) -> None:
    assert "out/sbom.json: CycloneDX" in make("sbom")


def make_test(folder: Path) -> None:
    small_tree(folder)
    assert "1 passed" in make("test")


def make_campaign(folder: Path) -> None:
    small_tree(folder)
    assert "2 passed" in make("campaign")


def make_lint(folder: Path) -> None:
    small_tree(folder)
    assert "All checks passed" in make("lint")
    (folder / "sim/__init__.py").write_text('"""A package."""\n\nn: int = "text"\n')
    assert "Incompatible types" in make("lint", code=2)


def make_bench(folder: Path) -> None:
    assert "mount of a full journal" in make("bench", "ONLY=journal --short")
    assert "no bench is called nosuch" in make("bench", "ONLY=nosuch", code=2)


def make_clean(folder: Path) -> None:
    for name in ("venv", "build"):
        (folder / name).mkdir()
    make("clean")
    assert not any((folder / name).exists() for name in ("venv", "build", "out")) and (folder / "docs").exists()


TARGETS: dict[str, Callable[[Path], None]] = {
    "run": make_run,
    "image": make_image,
    "flash": make_flash,
    "console": make_console,
    "stick": make_stick,
    "sbom": make_sbom,
    "test": make_test,
    "lint": make_lint,
    "bench": make_bench,
    "campaign": make_campaign,
    "clean": make_clean,
}


@pytest.mark.parametrize("target", TARGETS)
def test_target_of_make(target, folder):
    TARGETS[target](folder)


def test_help_tells_every_target(folder):
    told = re.findall(r"^make (\w+)(?: \[?\w+=\w+\]?)* {2,}\S", make(), re.MULTILINE)
    phony = re.search(r"^\.PHONY: help (.*)", MAKEFILE, re.MULTILINE)
    assert phony and told == list(TARGETS) and set(told) == set(phony[1].split())
    assert make("help") == make()
