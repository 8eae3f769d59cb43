"""What a stolen board's flash opens, and how its unit is shut out: on the broker that docs/security.md sets up."""

import hashlib
import hmac
import json
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from littlefs import UserContext
from unit.catalogue import settings

from host_tools.unitkit import fsimage, partitions, unitfile
from sim.board.flash_file import FlashFile
from tests import patience
from tests.uplink.books import Books
from tests.uplink.broker import Broker, free_port
from tests.uplink.certificates import Authority

from . import rig
from .online import UNIT

OTHER = "xiacun"
PAGE = rig.ROOT / "docs/security.md"
ACCOUNTS = {UNIT: "river stone lamp", OTHER: "cloud paper goose", "platform": "iron gate plum"}
KEYS = {UNIT: hashlib.sha256(b"one").hexdigest(), OTHER: hashlib.sha256(b"two").hexdigest()}
DISCOVERY = "homeassistant"


def block(kind: str) -> str:
    """What the page says between ```kind and ```."""
    found = re.findall(rf"^```{kind}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(found) == 1, kind
    return found[0]


class Recipe(Broker):
    """mosquitto as the page sets it up, in `folder` and on free ports."""

    def __init__(self, folder: Path):
        self.folder, self.process = folder, None
        self.units_port, self.port = free_port(), free_port()
        text = block("conf").replace("/etc/mosquitto", str(folder))
        text = text.replace("listener 8883", f"listener {self.units_port} 127.0.0.1")
        text = text.replace("listener 8884", f"listener {self.port} 127.0.0.1")
        self.config = folder / "mosquitto.conf"
        self.config.write_text(f"user root\npersistence_location {folder}/\n{text}")
        (folder / "acl").write_text(block("acl"))
        (folder / "passwords").touch()
        for user, password in ACCOUNTS.items():
            self.do(0, user, password)
        self.start()

    def do(self, line: int, user: str, password: str = "") -> None:
        """A line of the page's recipe: 0 a new unit, 1 one less, 2 have mosquitto know."""
        said = block("recipe").splitlines()[line].replace("/etc/mosquitto", str(self.folder))
        words = [{"UNIT": user, "PASSWORD": password}.get(word, word) for word in said.split()]
        if line == 2:
            assert words == ["kill", "-HUP", "$(pidof", "mosquitto)"] and self.process
            self.process.send_signal(signal.SIGHUP)
        else:
            subprocess.run(words, check=True, capture_output=True)


class Visitor:
    """A client with some account; `code` is what the broker answered, `came` what it was sent."""

    def __init__(self, port: int, ca: Path, user: str, password: str, name: str = "", version: int = paho.MQTTv5):
        self.came: list[str] = []
        self.code: int | None = None
        self.changed = threading.Condition()
        self.taken: dict[int, int] = {}
        self.lost = False
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=name, protocol=version, reconnect_on_failure=False
        )
        self.client.username_pw_set(user, password)
        self.client.tls_set(str(ca))
        self.client.on_connect = self._answered
        self.client.on_disconnect = lambda *_: setattr(self, "lost", True)
        self.client.on_message = lambda _c, _d, message: self.came.append(message.topic)
        self.client.on_publish = lambda _c, _d, mid, code, _p: self.taken.__setitem__(mid, code.value)
        self.client.on_subscribe = lambda _c, _d, mid, codes, _p: self.taken.__setitem__(mid, codes[0].value)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        with self.changed:
            assert patience.until(lambda: self.code is not None, changed=self.changed)

    def _answered(self, _client: object, _data: object, _flags: object, code: Any, _properties: object) -> None:
        with self.changed:
            self.code = code.value
            self.changed.notify_all()

    @property
    def is_in(self) -> bool:
        return self.code == 0

    def publish(self, topic: str, payload: str = "{}") -> bool:
        """Whether the broker says that it takes it."""
        mid = self.client.publish(topic, payload, 1).mid
        assert patience.until(lambda: mid in self.taken)
        return self.taken[mid] < 128

    def subscribe(self, topic: str) -> None:
        _, mid = self.client.subscribe(topic, 1)
        assert mid is not None and patience.until(lambda: mid in self.taken)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Place:
    """The broker of the page, its platform, and a unit with TLS, account, key and PIN."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.authority = Authority(folder)
        certificate, key = self.authority.certify("broker", "127.0.0.1")
        assert (certificate.name, key.name) == ("broker.pem", "broker.key")  # as the page has them
        self.broker = Recipe(folder)
        self.books = Books(self.broker.port, "platform", ACCOUNTS["platform"], str(self.authority.ca))
        secret = {"account.txt": f"user = {UNIT}\npassword = {ACCOUNTS[UNIT]}\ncommand_key = {KEYS[UNIT]}\n"}
        secret |= {"wifi.txt": "village = hidden brook\n", "pin.txt": "482913\n"}
        for name, text in secret.items():
            (folder / name).write_text(text)
        text = rig.UNIT_FILE.read_text(encoding="utf-8").replace("interval_s = 60", "interval_s = 1")
        text = text.replace('broker = ""', f'broker = "127.0.0.1:{self.broker.units_port}"\ndiscovery = "{DISCOVERY}"')
        text = text.replace('"esp32-devkitc"', f'"{rig.PSRAM_BOARD}"')
        files = f'ca_file = "{self.authority.ca.name}"\ncredentials_file = "account.txt"'
        text = re.sub(r'\nca_file = ""[^\n]*\ncredentials_file = ""[^\n]*', "\n" + files, text)
        text = text.replace("[readings]", '[network]\nwifi_file = "wifi.txt"\nntp = ""\n\n[readings]')
        text += '\n[console]\npin_file = "pin.txt"\n' if "[console]" not in text else ""
        self.unit_file = folder / "unit.toml"
        self.unit_file.write_text(text, encoding="utf-8")
        self.flash = folder / "board.flash"

    def runs(self) -> AbstractContextManager:
        return rig.program(self.folder, "--unit", str(self.unit_file), "--speed", str(patience.speed(5)))

    def serves(self) -> None:
        known = len(self.books.seqs(UNIT))
        assert self.books.wait(lambda: len(self.books.seqs(UNIT)) > known + 3, 60)

    def visitor(self, user: str, password: str, name: str = "", port: int = 0, **how) -> Visitor:
        return Visitor(port or self.broker.units_port, self.authority.ca, user, password, name, **how)

    def close(self) -> None:
        self.books.close()
        self.broker.stop()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.close()


def files_of(image: bytes) -> Iterator[tuple[str, bytes]]:
    """(name, content) of all files of a file system."""
    context = UserContext(len(image))
    context.buffer[:] = image
    fs = fsimage.file_system(len(image), context)
    for folder, _, names in fs.walk("/"):
        for name in names:
            with fs.open(f"{folder}/{name}", "rb") as f:
                yield name, bytes(f.read())


def loot(flash: Path, unit_file: Path) -> tuple[bytes, list[str]]:
    """All bytes of a flash, and every word and line of the files that lie on it."""
    unit = unitfile.load(unit_file)
    size = unit.board.flash_mb << 20
    whole = FlashFile(flash, size).read(0, size)
    vfs = partitions.named(partitions.of_board(unit.board), "vfs")
    found: set[str] = set()
    for name, content in files_of(whole[vfs.at : vfs.at + vfs.size]):
        if name.endswith((".pack", ".mpy")) or len(content) > 8192:
            continue
        for line in content.decode("utf-8", "replace").splitlines():
            found |= {line.strip(), line.partition("=")[2].strip(), *line.split()}
            found |= set(re.findall(r'"([^"]*)"', line))
    names = {entry[0] for entry in settings.entries()}
    return whole, sorted(word for word in found - names if len(word) >= 4 and "\0" not in word)


def test_a_stolen_boards_flash_opens_nothing_but_that_units_own_topics(place: Place):
    with place.runs():
        place.serves()
    whole, words = loot(place.flash, place.unit_file)
    assert ACCOUNTS[UNIT] in words and KEYS[UNIT] in words  # the thief has what the unit has ...
    for secret in (ACCOUNTS[OTHER], ACCOUNTS["platform"], KEYS[OTHER]):
        assert secret.encode() not in whole  # ... and nothing of anybody else
    assert bytes.fromhex(KEYS[OTHER]) not in whole and b"482913" not in whole

    other = place.visitor(OTHER, ACCOUNTS[OTHER], name=OTHER)
    other.subscribe("#")
    for user, port in ((OTHER, place.broker.units_port), ("platform", place.broker.port)):
        for word in words:
            guess = place.visitor(user, word, port=port)
            assert not guess.is_in, (user, word)
            guess.close()

    thief = place.visitor(UNIT, ACCOUNTS[UNIT])
    assert thief.is_in
    for topic in ("#", "qingxi/v1/#", f"qingxi/v1/{OTHER}/#", "qingxi/v1/+/cmd", f"{DISCOVERY}/#", "$SYS/#"):
        thief.subscribe(topic)
    seen = len(place.books.messages)
    endings = ["availability", "meta", "meta/1", "state", "data", "event", "reply", "cmd"]
    for topic in [f"qingxi/v1/{OTHER}/{end}" for end in endings]:
        assert not thief.publish(topic), topic
    for topic in (f"qingxi/v1/{UNIT}/cmd", f"{DISCOVERY}/sensor/{OTHER}/x/config", "qingxi/v1", "anything"):
        assert not thief.publish(topic), topic
    assert len(place.books.messages) == seen and not other.came
    # What others say to each other does not reach it, what is its own does.
    assert other.publish(f"qingxi/v1/{OTHER}/state", '{"v":1}')
    platform = place.visitor("platform", ACCOUNTS["platform"], "tool", port=place.broker.port)
    assert platform.publish(f"qingxi/v1/{OTHER}/cmd") and platform.publish(f"qingxi/v1/{UNIT}/cmd")
    assert patience.until(lambda: f"qingxi/v1/{UNIT}/cmd" in thief.came)
    assert patience.until(lambda: f"qingxi/v1/{OTHER}/cmd" in other.came)
    assert all(topic.startswith(f"qingxi/v1/{UNIT}/") for topic in thief.came), thief.came
    # Under the other's name it is still itself, and the other stays.
    guise = place.visitor(UNIT, ACCOUNTS[UNIT], name=OTHER, version=paho.MQTTv311)
    assert guise.is_in and other.publish(f"qingxi/v1/{OTHER}/state", '{"v":2}') and not other.lost
    # No word of the flash signs a command for the other.
    body = json.dumps({"id": "a1", "boot": 1, "op": "auto", "args": {"output": "all"}, "ctr": 1}).encode()[:-1]
    message = OTHER.encode() + b"\n" + body
    good = hmac.new(KEYS[OTHER].encode(), message, "sha256").digest()
    assert all(hmac.new(word.encode(), message, "sha256").digest() != good for word in words)
    for one in (thief, other, platform, guise):
        one.close()


def test_a_unit_whose_account_is_gone_is_shut_out_within_a_minute(place: Place):
    log = place.broker.config.with_suffix(".log")

    def is_refused() -> bool:
        known = log.read_text().count("not authorised")
        return patience.until(lambda: log.read_text().count("not authorised") > known, 60)

    with place.runs():
        place.serves()
        place.broker.do(1, UNIT)
        place.broker.do(2, UNIT)
        assert is_refused(), log.read_text()
        assert f"Client {UNIT} disconnected" in log.read_text()
        known = len(place.books.seqs(UNIT))
        thief = place.visitor(UNIT, ACCOUNTS[UNIT])
        assert not thief.is_in
        thief.close()
        # A new password is another account: the old flash does not open it.
        place.broker.do(0, UNIT, "quite another one")
        place.broker.do(2, UNIT)
        assert is_refused(), log.read_text()
        platform = place.visitor("platform", ACCOUNTS["platform"], "tool", port=place.broker.port)
        assert platform.publish(f"qingxi/v1/{UNIT}/availability", "offline")
        platform.close()
    assert len(place.books.seqs(UNIT)) == known
