"""A virtual board with a real broker: `qingxi sim board --broker` as a program that is killed and comes back."""

import os
import random
import re
import shutil
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

from unit.catalogue import tables
from unit.journal.cursor import Cursor
from unit.journal.layout import END, READING
from unit.journal.ring import Journal

from host_tools.device import remote, update_mqtt
from host_tools.unitkit import fsimage, partitions, unitfile
from host_tools.verbs.journal import open_image
from sim.board.flash_file import FlashFile
from tests import patience, publishers
from tests.uplink.books import Books
from tests.uplink.broker import Broker, free_port
from tests.uplink.certificates import Authority
from tests.uplink.proxy import DOWN, UP, Fault, Proxy, Pubacks

from . import rig

SPEED = 10  # so much faster than the wall go the board's clock and its deadlines, on a quiet machine
UNIT = "qiaotou"

# main.py, but that each tick's lateness in ms is counted by powers of two, and shown now and then: all of it; less the
# time that the machine was ready and the PC did not let it run (the kernel counts that) or that it waited for the
# program that plays its flash; and apart what came while a secure connection was made.
WATCHED = """
import gc, time, vfs, host
gc.threshold(4096)
from unit import config, modules
loaded = config.load()
del config
modules.forget("config")
from unit.app import App
unit = App(*loaded)
loaded = None
vfs.mount(vfs.VfsPosix("/proc/self"), "/proc")
schedule = open("/proc/schedstat")
wall_us = host.real_time.ticks_us
def ready_us():
    schedule.seek(0)
    return int(schedule.read().split()[1]) // 1000
asked_us = 0
ask = host.link.ask
def asking(op, a, b):
    global asked_us
    begun, ready = wall_us(), ready_us()
    answer = ask(op, a, b)
    asked_us += wall_us() - begun - (ready_us() - ready)
    return answer
host.link.ask = asking
bins = [[0] * 14 for _ in range(3)]
mark = None
def look():
    global mark
    mark = wall_us(), ready_us() + asked_us, time.ticks_diff(unit.due_ms, time.ticks_ms())
def count(which, ms):
    i = 0
    while ms:
        ms >>= 1
        i += 1
    bins[which][min(i, 13)] += 1
secured = False
tick = unit.tick
def watched():
    global secured
    late = max(0, time.ticks_diff(time.ticks_ms(), unit.due_ms))
    count(0, late)
    if mark:
        own = wall_us() - mark[0] - (ready_us() + asked_us - mark[1])
        count(2 if secured else 1, max(0, min(late, own * SPEED // 1000 - mark[2])))
    secured = False
    tick()
    if unit.now_s % 5 == 4:
        for which in range(3):
            print("late", which, *bins[which])
unit.tick = watched
part = unit.reporting._slice
def sliced(*now):
    global secured
    look()
    secured = secured or SECURE and 1 <= unit.uplink.session.state <= 2
    return part(*now)
unit.reporting._slice = sliced
# A connection counts as good at once, or a campaign would mostly see the unit wait two minutes at a time.
on_up = unit.uplink.dialer.on_up
unit.uplink.dialer.on_up = lambda now: on_up(time.ticks_add(now, -60000))
unit.run()
"""


def recorded(flash: Path) -> dict[int, tuple[int, list[int]] | None]:
    """What a flash holds: sequence number -> (time, values) of a reading, None for an event."""
    journal = Journal(open_image(flash), tables.count("points"), 1)
    cursor = Cursor(journal)
    cursor.seek(0)
    found: dict[int, tuple[int, list[int]] | None] = {}
    while (kind := cursor.next()) != END:
        found[cursor.seq] = (cursor.t, list(cursor.values)) if kind == READING else None
    return found


def kill(broker: Broker, proxy: Proxy) -> None:
    """What it has acknowledged and the books have not read yet would die with it, and no unit could help it."""
    proxy.refuse = True
    proxy.cut()
    time.sleep(0.3)
    broker.kill()


def again(broker: Broker, proxy: Proxy, books: Books) -> None:
    """It has forgotten its subscribers: the books must be back before the unit is, or miss what it sends."""
    books.subscribed.clear()
    broker.start()
    assert patience.until(books.subscribed.is_set)
    proxy.refuse = False


class Sender(update_mqtt.Remote):
    """Somebody at the unit's broker, by the board's clock: that goes by its story, and faster than the wall's."""

    def __init__(self, port: int, key: str, books: Books):
        super().__init__(f"127.0.0.1:{port}", UNIT, key, None, None, None)
        self._books = books

    def signed(self, command: dict) -> bytes:
        assert self._books.wait(self._now_s)
        return super().signed(command | {"expires": self._now_s() + remote.EXPIRES_S})

    def _now_s(self) -> int:
        """Of the newest reading; 0 where there is none yet."""
        return max((row[0] or 0 for row in list(self._books.rows.values()) if isinstance(row, list)), default=0)


class Scene:
    """Board, network, broker and books. A reading a second, so that there is something to lose.

    `key`: its commands are signed with it, and it takes firmware of the publishers `listed`.

    `secure`: over TLS, and before the broker the unit's list has a name that nobody knows and an address that swallows
    packets; both are tried first after every connection that was lost.
    """

    def __init__(
        self,
        folder: Path,
        watched: bool = False,
        speed: int = SPEED,
        heap_bytes: int = rig.ROOMY_HEAP,
        secure: bool = False,
        main: str | None = None,
        key: str = "",
        listed: tuple[str, ...] = ("A",),
    ):
        self.folder = folder
        self.secure = secure
        self.speed = int(patience.speed(speed))
        self._words = ["--speed", str(self.speed), "--heap", str(heap_bytes)]
        text = rig.UNIT_FILE.read_text(encoding="utf-8").replace("interval_s = 60 ", "interval_s = 1 ")
        text = text.replace("[mqtt]", "[mqtt]\nkeepalive_s = 10\nstate_s = 10")
        if secure:
            self._authority = Authority(folder)
            files = self._authority.certify("good", "127.0.0.1")
            books_port = free_port()
            self._files = folder / "broker.pem", folder / "broker.key"
            self._take_certificate(files)
            lines = (f"certfile {self._files[0]}", f"keyfile {self._files[1]}", f"listener {books_port} 127.0.0.1")
            self.broker = Broker(folder, *lines)
        else:
            self.broker = Broker(folder)
            books_port = self.broker.port
        self.proxy = Proxy(self.broker.port)
        self.books = Books(books_port)
        if secure:
            text = self._list_of_brokers(text).replace('"esp32-devkitc"', f'"{rig.PSRAM_BOARD}"')
        else:
            self._words += ["--broker", f"127.0.0.1:{self.proxy.port}"]
        self.flash = folder / "board.flash"
        self.unit_file = folder / "unit.toml"
        if key:
            (folder / "key.txt").write_text(f"command_key = {key}\n")
            text = text.replace('credentials_file = ""', 'credentials_file = "key.txt"')
            text = publishers.name_in(folder, text, *listed)
        self.unit_file.write_text(text, encoding="utf-8")
        if main:
            self._flash(main)
        if watched:
            self._flash(WATCHED.replace("SECURE", str(secure)).replace("SPEED", str(self.speed)))
        self.shown = ""
        self._on()

    def _flash(self, main: str) -> None:
        unit = unitfile.load(self.unit_file)
        table = partitions.of_board(unit.board)
        vfs = partitions.named(table, "vfs")
        flash = FlashFile(self.flash, unit.board.flash_mb << 20)
        flash.flash_tool_write(partitions.TABLE_AT, partitions.encode(table))
        files = fsimage.firmware_files(unit, main) | fsimage.named_files(unit) | {"main.py": main.encode()}
        flash.flash_tool_write(vfs.at, fsimage.littlefs_image(files, vfs.size))

    def _take_certificate(self, files: tuple[Path, Path]) -> None:
        for source, target in zip(files, self._files, strict=True):
            shutil.copy(source, target)

    def _list_of_brokers(self, text: str) -> str:
        """The unit file with TLS and a broker that is third in the list."""
        self._hole = socket.create_server(("127.0.0.1", 0), backlog=0)
        at = self._hole.getsockname()
        self._fillers = [socket.socket() for _ in range(4)]
        for filler in self._fillers:  # a full queue: the kernel drops what would open another connection
            filler.setblocking(False)
            filler.connect_ex(at)
        (self.folder / "wifi.txt").write_text("village = secret\n")
        brokers = f"no-such-name.invalid,127.0.0.1:{at[1]},127.0.0.1:{self.proxy.port}"
        text = text.replace('broker = ""', f'broker = "{brokers}"')
        text = re.sub(r'\nca_file = ""[^\n]*', f'\nca_file = "{self._authority.ca.name}"', text)
        return text.replace("[readings]", '[network]\nwifi_file = "wifi.txt"\nntp = ""\n\n[readings]')

    def _on(self) -> None:
        self._program = rig.program(self.folder, "--unit", str(self.unit_file), *self._words)
        self.process = self._program.__enter__()
        fd = os.open(self.folder / "tty", os.O_RDONLY | os.O_NOCTTY)
        threading.Thread(target=self._listen, args=(fd,), daemon=True).start()

    def _listen(self, fd: int) -> None:
        with suppress(OSError):  # the port goes with the board
            while data := os.read(fd, 4096):
                self.shown += data.decode("utf-8", "replace")
        os.close(fd)

    def off(self) -> None:
        """SIGKILL: the power cut of a virtual board."""
        self.process.send_signal(signal.SIGKILL)
        self._program.__exit__(None, None, None)

    def power_cut(self) -> None:
        self.off()
        self._on()

    def last(self, topic: str):
        return self.books.last.get(f"qingxi/v1/{UNIT}/{topic}")

    def ask(self, op: str, boot: int, **args):
        """The answer to a command."""
        known = len(self.books.replies)
        self.books.command(UNIT, {"id": f"c{known}", "boot": boot, "op": op, "args": args})
        assert self.books.wait(lambda: len(self.books.replies) > known), self.shown
        return self.books.replies[-1]

    def recorded(self) -> dict[int, tuple[int, list[int]] | None]:
        return recorded(self.flash)

    wait = staticmethod(patience.until)

    def served(self, what: object) -> None:
        """Something new comes through. What is missing shows in `check`, which reads all that the flash holds."""
        begun = max(self.books.seqs(UNIT), default=0)
        found = self.books.wait(lambda: max(self.books.seqs(UNIT), default=0) > begun + 1, 120)
        assert found, (what, begun, self.shown[-2000:])

    def check(self, what: object = "") -> None:
        """Something new comes through; after that nothing older is missing in the books."""
        begun = max(self.recorded(), default=0)
        seen = lambda: max(self.books.seqs(UNIT), default=0)  # noqa: E731
        assert self.books.wait(lambda: seen() > begun + 1, 120), (what, begun, seen(), self.shown[-2000:])
        in_books = {seq for seq in self.books.seqs(UNIT) if seq <= begun}
        on_flash = {seq for seq in self.recorded() if seq <= begun}
        assert in_books == on_flash, (what, sorted(on_flash - in_books), sorted(in_books - on_flash))

    # --- faults

    def _kill_broker(self) -> None:
        kill(self.broker, self.proxy)
        self.proxy.refuse = False

    def broker_killed(self, chance: random.Random) -> None:
        self._kill_broker()
        time.sleep(chance.random())
        self._broker_again()

    def _broker_again(self) -> None:
        self.proxy.refuse = True
        again(self.broker, self.proxy, self.books)

    def broker_frozen(self, chance: random.Random) -> None:
        self.broker.freeze()
        time.sleep(3 * chance.random())
        self.broker.thaw()

    def link_cut(self, _: random.Random) -> None:
        self.proxy.cut()

    def silence(self, chance: random.Random) -> None:
        self.proxy.swallow = True
        self.proxy.cut()
        time.sleep(2 * chance.random())
        self.proxy.swallow = False
        self.proxy.cut()

    def board_killed(self, chance: random.Random) -> None:
        time.sleep(chance.random())
        self.power_cut()

    def wrong_password(self, chance: random.Random) -> None:
        """For a while the broker lets in only whom it knows, and it knows nobody."""
        self._kill_broker()
        good = self.broker.config.read_text()
        nobody = self.folder / "nobody"
        nobody.touch()
        self.broker.config.write_text(good.replace("allow_anonymous true", f"password_file {nobody}"))
        self.broker.start()
        self._some_tries(chance)
        self.broker.kill()
        self.broker.config.write_text(good)
        self._broker_again()

    def wrong_certificate(self, chance: random.Random) -> None:
        """For a while the broker shows a certificate of another authority, of another host or of last week."""
        host, days_left = chance.choice((("127.0.0.1", 5), ("other.test", 5), ("127.0.0.1", -1)))
        strange = (host, days_left) == ("127.0.0.1", 5)
        authority = Authority(self.folder, "stranger") if strange else self._authority
        self._kill_broker()
        self._take_certificate(authority.certify("bad", host, days_left=days_left))
        self.broker.start()
        self._some_tries(chance)
        self.broker.kill()
        self._take_certificate((self.folder / "good.pem", self.folder / "good.key"))
        self._broker_again()

    def _some_tries(self, chance: random.Random) -> None:
        before = self.proxy.connections
        self.wait(lambda: self.proxy.connections > before + chance.randint(0, 1), 6)
        time.sleep(0.2)

    def connections_refused(self, chance: random.Random) -> None:
        self.proxy.refuse = True
        self.proxy.cut()
        time.sleep(chance.random())
        self.proxy.refuse = False

    def puback_lost(self, chance: random.Random) -> None:
        self._pubacks("lost", chance)

    def puback_late(self, chance: random.Random) -> None:
        self._pubacks("late", chance)

    def puback_twice(self, chance: random.Random) -> None:
        self._pubacks("twice", chance)

    def _pubacks(self, what: str, chance: random.Random) -> None:
        self.proxy.packets = Pubacks(what, chance.randint(1, 3))
        self.proxy.cut()
        time.sleep(chance.random())

    def cut_within_a_packet(self, chance: random.Random) -> None:
        """At any byte, either way: closed, silent or garbled.

        Within a payload on its way up a wrong byte is beyond MQTT (TCP and TLS have checksums): CONNECT only.
        """
        self.proxy.packets = None
        kind = chance.choice(("closed", "silent", "garbled"))
        direction = chance.choice((UP, DOWN))
        upmost = 2600 if kind != "garbled" or self.secure else 11
        fault = self.proxy.fault = Fault(direction, chance.randint(0, 60 if direction == DOWN else upmost), kind)
        self.proxy.cut()
        self.wait(fault.happened.is_set, 6)
        self.proxy.fault = None

    def histograms(self) -> list[list[int]]:
        """What WATCHED has counted since the board's last start."""
        found = []
        for which in range(3):
            lines = re.findall(rf"late {which} ((?:\d+ ?)+)\r", self.shown)
            found.append([int(n) for n in lines[-1].split()] if lines else [0] * 14)
        return found

    def close(self) -> None:
        self.off()
        if self.secure:
            for s in (*self._fillers, self._hole):
                s.close()
        self.books.close()
        self.proxy.close()
        self.broker.stop()
