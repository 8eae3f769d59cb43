"""`sim run --broker`: the unit's own journal and uplink, the firmware's code unchanged, beside a simulated run.

The simulated clock may fly; the uplink's is the wall's. So the run waits, where the simulated line is up, until the
broker has acknowledged what was recorded; while it is down, records gather in the journal as they do on a unit. The
journal is kept in a file from run to run: the sequence of a unit's records never repeats.
"""

import hashlib
import secrets
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from unit.catalogue import tables
from unit.control.basics import NONE
from unit.joining import wanted
from unit.journal.cursor import Cursor
from unit.journal.layout import EPOCH_UNIX_S
from unit.journal.ring import Journal
from unit.online import Online
from unit.remote import Actions
from unit.uplink.commands.queue import CommandQueue
from unit.uplink.leaving import close
from unit.uplink.uplink import Uplink

from host_tools.unitkit import fsimage
from host_tools.unitkit.errors import SurroundingsFailed, cannot_read
from host_tools.unitkit.nor import Nor
from host_tools.unitkit.unitfile import Unit

PATIENCE_S = 30.0  # of the wall, without anything new acknowledged
_PAUSE_S = 0.001  # between two looks at the line
_MOST_WAITING = 200  # records, before the run waits for the broker
_DAY_MS = 86_400_000


class Network:
    """The computer's own network, while the scenario lets the unit have one; see `unit.uplink.net.net`."""

    name = "simulated"

    def __init__(self) -> None:
        self.on = True

    def poll(self, now: int) -> None:
        """Nothing to do."""

    def up(self) -> bool:
        return self.on

    def dns(self) -> None:
        """The broker's address is numeric."""

    def again(self, now: int) -> None:
        """Nothing to do: this network is as good as the scenario says."""


class Publisher:
    """Takes what a run records and brings it to the broker at (numeric address, port).

    `run` of the runner calls `begin`, then the rest as things happen. `published` counts readings and events that the
    broker has acknowledged, `waiting` those that it has not.
    """

    def __init__(self, unit: Unit, broker: tuple[str, int], flash: Path):
        self._unit = unit
        self._broker = broker
        self.path = flash
        size = unit.board.partitions["journal_kib"] << 10
        try:
            self._secrets = unit.account()
            data = bytearray(flash.read_bytes()) if flash.exists() else bytearray(b"\xff" * size)
        except OSError as e:
            raise cannot_read(e.filename, e) from e
        if len(data) != size:
            raise SurroundingsFailed(f"{flash}: is no journal of {size} bytes; move it away")
        self._nor = Nor(data)
        self._network = Network()
        self._loop: Any = None
        self._boot_s = self._t_s = 0  # simulated seconds, of the start of the board and now
        self._unix_s = -1  # now, -1 while the simulated clock was never set
        self._ahead_ms = 0
        self._on = True
        self._counted = 0
        self.published = 0

    def begin(self, loop: Any) -> None:
        """The board of `loop` starts. SurroundingsFailed if the broker is not there."""
        self._loop = loop
        self._start()
        self._serve(lambda: self.uplink.connected() or self.uplink.dialer.why)
        if not self.uplink.connected():
            self._fail()

    @property
    def waiting(self) -> int:
        return self.journal.next_seq - 1 - self.journal.acked

    def _start(self) -> None:
        settings = dict(self._unit.settings)
        # As `sim board --broker`: this broker alone, in plain TCP, and nobody else is asked for anything.
        settings |= {"mqtt.broker": "%s:%d" % self._broker, "mqtt.tls": 0, "network.ntp": "", "network.dns": ""}
        self.journal = Journal(self._nor, tables.count("points"), int(settings["readings.interval_s"]))
        self._counted = self.journal.acked
        user, password, key = self._secrets
        actions = _Actions(self, self._unit)
        identity = _Identity(self._unit, self.journal.boot)
        signed_by = key if key is None else key.encode()
        queue = CommandQueue(self._unit.id, self.journal.boot, lambda: actions, signed_by, identity.nonce)
        self.uplink = Uplink(
            wanted(settings), identity, Online(self), queue, self.journal, Cursor(self.journal), self._network, user,
            password,
        )  # fmt: skip

    # --- what the run tells

    def now(self, t_s: int, unix_s: int) -> None:
        """Simulated time goes on; `unix_s` is what the unit's clock shows, -1 while it was never set."""
        self._t_s, self._unix_s = t_s, unix_s
        if unix_s >= 0 and self._loop:
            self.journal.set_clock(self.now_s, unix_s - EPOCH_UNIX_S - self.now_s)

    def reading(self, quality: int, values: list[int]) -> None:
        self.journal.reading(self.now_s, quality, values)

    def event(self, code: int, a: int, b: int) -> None:
        self.journal.event(self.now_s, code, a, b)

    def line(self, up: bool) -> None:
        """Network and broker both answer, or not; before they fall silent they have all that was recorded."""
        if not up:
            self._catch_up()
        self._network.on = up
        self.uplink.poll(self._now_ms())

    def power(self, on: bool) -> None:
        """The board starts, or is gone without a word."""
        self._on = on
        self.uplink.session.stop("power cut")
        self._boot_s = self._t_s
        if on:
            self._start()

    def poll(self) -> None:
        """Do what can be done at once; wait for the broker only where much has gathered."""
        while self.uplink.poll(self._now_ms()):
            pass
        if self.waiting >= _MOST_WAITING:
            self._catch_up()
        self._count()

    def end(self) -> None:
        """The newest state, a goodbye, and the journal to its file."""
        if self._on and self._network.on:
            self._catch_up()
            self._ahead_ms = _DAY_MS  # so that a state is due
            self.poll()
            self._serve(self.uplink.session.free)
        close(self.uplink)
        self._count()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(self._nor.data)
        except OSError as e:
            raise SurroundingsFailed(f"{self.path}: cannot be written: {e.strerror}") from e

    # --- the app, as `unit.online` knows it

    @property
    def control(self) -> Any:
        return self._loop.ctrl

    @property
    def recorder(self) -> "Publisher":
        return self

    @property
    def clock(self) -> "Publisher":
        return self

    @property
    def utc_s(self) -> int:
        return NONE if self._unix_s < 0 else self._unix_s - EPOCH_UNIX_S

    @property
    def now_s(self) -> int:
        return self._t_s - self._boot_s

    def restart(self) -> None:
        """Its uplink starts anew, under another boot id; the simulated plant goes on."""
        self.power(True)

    # --- small parts

    def _catch_up(self) -> None:
        if self._on and self._network.on:
            self._serve(lambda: self.uplink.connected() and not self.waiting)

    def _count(self) -> None:
        self.published += self.journal.acked - self._counted
        self._counted = self.journal.acked

    def _now_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000 + self._ahead_ms

    def _serve(self, done: Any) -> None:
        """Poll until `done()`; SurroundingsFailed when nothing comes through for a while."""
        moved_s = time.monotonic()
        while not done():
            before = self.journal.acked
            if not self.uplink.poll(self._now_ms()):
                time.sleep(_PAUSE_S)
            if self.journal.acked != before:
                moved_s = time.monotonic()
            if time.monotonic() - moved_s > PATIENCE_S:
                self._fail()

    def _fail(self) -> None:
        host, port = self._broker
        raise SurroundingsFailed(
            f"--broker: {host}:{port}: nothing comes through: {self.uplink.dialer.why or 'no answer'}"
        )


class _Identity:
    """Who this is, for the topic `meta`; see unit/online.py. The hash is that of the sources, for nothing is built."""

    def __init__(self, unit: Unit, boot: int):
        self.unit_id = unit.id
        self.lang = "en" if unit.settings["unit.language"] else "zh"
        self.name = str(unit.settings["unit.name_" + self.lang])
        self.boot = boot
        self.firmware = version("qingxi")
        texts = "".join(text for _, text in sorted(fsimage.sources().items()))
        self.firmware_sha256 = hashlib.sha256(texts.encode()).hexdigest()
        self.config_sha256 = unit.sha256
        self.nonce = secrets.token_hex(8)


class _Actions(Actions):
    """What a command may do to a simulated unit: all that a unit's control takes; its settings are the unit file's."""

    def __init__(self, publisher: Publisher, unit: Unit):
        super().__init__(publisher)
        self._unit = unit

    def stored(self) -> dict[str, int | str]:
        return self._unit.board_settings()

    def change(self, stored: dict, on_trial: bool = False) -> tuple[str, bool]:
        return "a simulated unit has the settings of its unit file", on_trial

    def tries(self) -> bool:
        return False

    def has_password(self) -> bool:
        return False  # it changes nothing anyway
