"""The command `update`: a new firmware arrives in pieces in the spare slot, is checked whole, and put on trial.

What has arrived is on flash and found there after a power cut or a lost connection. Each piece is a signed command, and
so is the last one, which names the digest of the whole.
"""

import os
import sys
from binascii import a2b_base64, unhexlify

from ...control.basics import const
from ...pack_head import DIGEST_AT, MAGIC, SIZE_AT, VERSION_AT
from .refusal import Refusal, is_int, only

# Between two moments at which what has arrived is made to outlive a power cut. littlefs then begins another block and
# copies what the one before held: with every piece that would be most of the work, and four times the wear.
_KEEP_BYTES = const(4096)
_CHECKS = const(8)  # KB that are checked at a stretch
_ARGS = ("sha256", "at", "data", "switch")


class Incoming:
    """The pack of digest `sha256` on its way into the spare slot `name`: `at` bytes of it are here."""

    def __init__(self, name, sha256):
        self.name = name
        if not name:
            raise Refusal("on_trial", "the firmware in force is on trial; the other one is its way back")
        try:
            self._digest = unhexlify(sha256)
        except (TypeError, ValueError):
            raise Refusal("args", "sha256 is hexadecimal") from None
        self.sha256 = sha256
        self._file = None
        self.at = self._kept = 0  # of these, what a power cut leaves
        self._look()

    def is_piece(self, args):
        """Whether these are the arguments of one more piece of this pack."""
        return "data" in args and args.get("switch") is not True and args.get("sha256") == self.sha256

    def take(self, args):
        """Add a piece where `at` is right. Returns the answer."""
        only(args, _ARGS)
        try:
            data = a2b_base64(args["data"])
        except (TypeError, ValueError):
            raise Refusal("args", "data is base64") from None
        if data and not is_int(args.get("at")):
            raise Refusal("args", "at is where data begins")
        if data and args["at"] == self.at:
            self._add(data)
        return {"at": self.at}

    def _add(self, data):
        if not self.at:
            if int.from_bytes(data[:SIZE_AT], "little") != MAGIC or data[DIGEST_AT:VERSION_AT] != self._digest:
                raise Refusal("args", "data is not the beginning of a pack with that digest")
            self.remove()  # first, or the file system would need room for both
        try:
            if self._file is None:
                self._file = open(self.name, "ab")  # noqa: SIM115  open from piece to piece
            self._file.write(data)
            self.at += len(data)
            if self.at - self._kept >= _KEEP_BYTES:
                self._file.flush()
                self._kept = self.at
        except OSError as e:
            self.close()
            self._look()
            raise Refusal("not_stored", "the file system does not take it: %s" % e) from None

    def _look(self):
        """How many bytes of the pack are here."""
        self.at = 0
        try:
            with open(self.name, "rb") as f:
                if f.read(VERSION_AT)[DIGEST_AT:] == self._digest:
                    self.at = os.stat(self.name)[6]
        except OSError:
            pass  # there is no pack
        self._kept = self.at

    def close(self):
        """What has arrived outlives a power cut from now on."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError:
                pass  # full; the next look tells how much is here
            self._file = None

    def remove(self):
        self.close()
        try:
            os.remove(self.name)
        except OSError:
            pass  # there was none


def update(args, keeper):
    """Generator of a few short steps; returns the answer, or raises Refusal. It makes `keeper.incoming`.

    `sha256`, always: of the pack, as its head has it. Alone it asks how much of this pack is here: `at`. With `at` and
    `data` (base64) it adds a piece, where `at` is right, and answers with the next `at`. With `switch` the pack is
    checked, and put on trial by the restart that follows.
    """
    only(args, _ARGS)
    slots = _slots()
    incoming = Incoming(slots.spare(), args.get("sha256"))
    yield
    if args.get("switch") is True:
        yield from _check(slots, incoming)
        slots.switch(1)
        return {"switched": True}
    keeper.incoming = incoming
    return incoming.take(args) if "data" in args else {"at": incoming.at}


def _check(slots, incoming):
    sound = False
    if incoming.at:
        check = slots.checking(incoming.name)
        n = 0
        while (sound := next(check)) is None:
            n += 1
            if n % _CHECKS == 0:
                yield
    if not sound:
        incoming.remove()
        raise Refusal("digest", "what arrived is not the firmware of that digest; send it anew")


def _slots():
    """The module, for this once; boot.py has let it go."""
    import slots

    sys.modules.pop("slots", None)
    return slots
