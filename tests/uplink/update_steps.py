"""A firmware in pieces through the command queue, cut short at every piece; runs in both worlds. argv: a folder."""

import gc
import hashlib
import json
import os
import sys
from binascii import b2a_base64

from unit.pack_head import COUNT_AT, DIGEST_AT, HEAD_BYTES, MAGIC, SIZE_AT, VERSION_AT
from unit.uplink.commands import gate, sign
from unit.uplink.commands.queue import CommandQueue

KEY = b"00112233445566778899aabbccddeeff"
PACK = "b.pack"
PIECE = 500
PIECES = 24
REST_MS = 60000


class Slots:
    """The module of that name, as `update` sees it."""

    switched = False

    def spare(self):
        return PACK

    def switch(self, mqtt):
        self.switched = True

    def checking(self, name):
        with open(name, "rb") as f:
            data = f.read()
        for _ in range(20):
            yield None
        yield hashlib.sha256(data[VERSION_AT:]).digest() == data[DIGEST_AT:VERSION_AT]


SLOTS = Slots()


class Actions:
    """What commands may do here: nothing."""

    changed = False

    def denied(self, times):
        pass

    def unix_s(self):
        return 0

    def events(self):
        return ()


def pack():
    body = bytes(COUNT_AT - VERSION_AT + 2) + bytes([i * 7 & 255 for i in range(PIECE * PIECES - HEAD_BYTES)])
    size = len(body) + VERSION_AT
    head = MAGIC.to_bytes(4, "little") + size.to_bytes(4, "little") + hashlib.sha256(body).digest()
    assert len(head) == VERSION_AT and SIZE_AT == 4
    return head + body


def hexed(data):
    return "".join(["%02x" % byte for byte in data])


class Sender:
    """Somebody with the key, and the queue that his commands arrive in."""

    def __init__(self, data):
        self.data = data
        self.sha256 = hexed(data[DIGEST_AT:VERSION_AT])
        self.counter = 0
        self.start()

    def start(self):
        """A new start of the unit; what it held in memory is gone."""
        self.queue = CommandQueue("u1", 1, Actions, KEY, "n")
        self.counter = 0

    def arrive(self, op="update", **args):
        if op == "update":
            args["sha256"] = self.sha256
        self.counter += 1
        command = {"id": "c%d" % self.counter, "boot": 1, "op": op, "args": args, "ctr": self.counter}
        command["nonce"], command["expires"] = "n", 60
        body = json.dumps(command)
        text = body.encode()[:-1]
        signature = hexed(sign.hmac_sha256(KEY, b"u1\n" + text))
        gate.take(self.queue, text + b',"sig":"' + signature.encode() + b'"}', False)

    def answer(self, calm=False):
        """(answer, slices that it took); None if it waits for a calmer moment."""
        slices = 0
        sys.modules["slots"] = SLOTS  # which is let go after each use
        while self.queue.busy(calm):
            slices += 1
            self.queue.work(0, calm)
            if self.queue.replies:
                found = json.loads(self.queue.replies.pop(0)[1])
                del found["sig"]
                return found, slices
        return None, slices

    def ask(self, op="update", calm=False, **args):
        self.arrive(op, **args)
        return self.answer(calm)[0]

    def piece(self, at, size=PIECE):
        self.arrive(at=at, data=str(b2a_base64(self.data[at : at + size]), "utf-8").strip())

    def rest(self):
        self.queue.rest(REST_MS)


def expect(what, found, wanted):
    if found != wanted:
        raise ValueError("%s: %r, not %r" % (what, found, wanted))


def in_order(sender):
    expect("nothing is here", sender.ask()["at"], 0)
    sender.piece(0)
    expect("a piece is brief", sender.queue.brief(), True)
    expect("pump or no pump", sender.answer(calm=False), ({"id": "c2", "ok": True, "at": PIECE}, 1))
    for n in (1, 2, 3):  # several under way
        sender.piece(PIECE * n)
    for n in (1, 2, 3):
        expect("one slice each", sender.answer(), ({"id": "c%d" % (n + 2), "ok": True, "at": PIECE * (n + 1)}, 1))
    expect("nothing has arrived", sender.queue.brief(), False)
    sender.piece(PIECE * 9)
    expect("one is missing", sender.answer()[0]["at"], PIECE * 4)
    sender.piece(0)
    expect("one came before", sender.answer()[0]["at"], PIECE * 4)
    sender.ask("log", n=1)
    expect("what it held is on the flash", os.stat(PACK)[6], PIECE * 4)
    sender.piece(PIECE * 4)
    answer, slices = sender.answer()
    expect("and it goes on", (answer["at"], slices > 1), (PIECE * 5, True))
    at = PIECE * 5
    while at < len(sender.data):
        sender.piece(at)
        at = sender.answer()[0]["at"]
    expect("a restart waits until no pump runs", sender.ask(switch=True), None)
    expect("then it comes", sender.answer(calm=True)[0]["switched"], True)
    expect("all of it arrived", (os.stat(PACK)[6], SLOTS.switched), (len(sender.data), True))


def cut_at(sender, n, power):
    """The sender goes, or the power, once `n` pieces are here; the next one goes on. Returns the bytes kept."""
    if PACK in os.listdir():
        os.remove(PACK)
    sender.start()
    expect("begin", sender.ask()["at"], 0)
    for i in range(n):
        sender.piece(i * PIECE)
        expect("piece", sender.answer()[0]["at"], (i + 1) * PIECE)
    incoming = sender.queue.commands.incoming
    if not n * PIECE - 4096 < incoming._kept <= n * PIECE:
        raise ValueError("too little would outlive it: %d of %d" % (incoming._kept, n * PIECE))
    if not power:
        sender.rest()
        expect("closed", incoming._file, None)
        expect("kept", os.stat(PACK)[6] if n else 0, n * PIECE)
    sender.start()
    at = kept = sender.ask()["at"]
    if n * PIECE - at > 4096 + PIECE:
        raise ValueError("too much was lost: %d of %d" % (at, n * PIECE))
    while at < len(sender.data):
        sender.piece(at)
        at = sender.answer()[0]["at"]
    expect("whole", sender.ask(calm=True, switch=True)["switched"], True)
    sender.rest()
    return kept


def main(folder):
    os.chdir(folder)
    sender = Sender(pack())
    in_order(sender)
    grown = before = 0
    for n in range(PIECES + 1):
        for power in (False, True):
            cut_at(sender, n, power)
        sender.start()
        gc.collect()
        used = gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0
        before = before or used
        grown = max(grown, used - before)
    print("cuts", 2 * (PIECES + 1), "grown", grown)


if __name__ == "__main__":
    main(sys.argv[1])
