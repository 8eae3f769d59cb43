"""The command `update`: a new firmware arrives in pieces, is checked whole, and put on trial in the spare slot.

What has arrived is on flash and found there after a power cut or a lost connection. Each piece is a signed command, and
so is the last one. But the command key brings a firmware here only; what makes it run is the signature of a publisher
whose key the firmware in force lists (signature.py). Until then it lies beside the slots: of two packs slots.py takes
the sound one, and nobody has said yet that this one may run.
"""

import os
import sys
from binascii import a2b_base64, unhexlify

from ...control.basics import const
from ...modules import forget
from ...pack_head import COUNT_AT, DIGEST_AT, MAGIC, SIZE_AT, VERSION_AT
from .refusal import Refusal, is_int, only

# Between two moments at which what has arrived is made to outlive a power cut. littlefs then begins another block and
# copies what the one before held: with every piece that would be most of the work, and four times the wear.
_KEEP_BYTES = const(4096)
_CHECKS = const(8)  # KB that are checked at a stretch
_ARGS = ("sha256", "at", "data", "switch", "signature")
NAME = "new.pack"  # what has arrived, until it is put into a slot


class Incoming:
    """The pack of digest `sha256` on its way to the slot `spare`, "" for none: `at` bytes of it are here."""

    def __init__(self, spare, sha256):
        self._spare = spare
        if not spare:
            raise Refusal("on_trial", "the firmware in force is on trial; the other one is its way back")
        try:
            self.digest = unhexlify(sha256)
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
            if int.from_bytes(data[:SIZE_AT], "little") != MAGIC or data[DIGEST_AT:VERSION_AT] != self.digest:
                raise Refusal("args", "data is not the beginning of a pack with that digest")
            self.remove()
            _remove(self._spare)  # first, or the file system would need room for three
        try:
            if self._file is None:
                self._file = open(NAME, "ab")  # noqa: SIM115  open from piece to piece
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
            with open(NAME, "rb") as f:
                if f.read(VERSION_AT)[DIGEST_AT:] == self.digest:
                    self.at = os.stat(NAME)[6]
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
        _remove(NAME)

    def install(self, slots):
        """It takes the place of the spare pack, and is on trial from the next start on."""
        try:
            os.rename(NAME, self._spare)
            slots.switch(1)
        except OSError as e:
            raise Refusal("not_stored", "the file system does not take it: %s" % e) from None


def update(args, keeper):
    """Generator of a few short steps; returns the answer, or raises Refusal. It makes `keeper.incoming`.

    `sha256`, always: of the pack, as its head has it. Alone it asks how much of this pack is here: `at`. With `at` and
    `data` (base64) it adds a piece, where `at` is right, and answers with the next `at`. With `switch` and `signature`
    (base64) the pack is checked, and put on trial by the restart that follows.
    """
    only(args, _ARGS)
    slots = _slots()
    try:
        from . import signature

        yield
        if not signature.has_publisher():
            raise Refusal("no_publisher", "the firmware in force lists no publisher: a new one comes by the cable only")
        incoming = Incoming(slots.spare(), args.get("sha256"))
        yield
        if args.get("switch") is True:
            yield from _check(slots, incoming)
            if not (yield from signature.is_signed(args.get("signature"), incoming.digest)):
                raise Refusal("publisher", "no valid signature of a publisher that the firmware in force lists")
            _check_version()
            incoming.install(slots)
            return {"switched": True}
    finally:
        forget("uplink.commands.signature")
    keeper.incoming = incoming
    return incoming.take(args) if "data" in args else {"at": incoming.at}


def _check(slots, incoming):
    sound = False
    if incoming.at:  # else what is here, if anything, is another
        check = slots.checking(NAME)
        n = 0
        while (sound := next(check)) is None:
            n += 1
            if n % _CHECKS == 0:
                yield
        if not sound:
            incoming.remove()
    if not sound:
        raise Refusal("digest", "what arrived is not the firmware of that digest; send it anew")


def _check_version():
    from ... import lowest
    from ...firmware import stamp

    with open(NAME, "rb") as f:
        version = str(f.read(COUNT_AT)[VERSION_AT:].rstrip(b"\0"), "utf-8")
    least = lowest.lowest(stamp()[0])
    is_older = lowest.numbers(version) < lowest.numbers(least)
    forget("lowest", "firmware")
    if is_older:
        raise Refusal("older", "this is version %s, and from afar none below %s is taken" % (version, least))


def _remove(name):
    try:
        os.remove(name)
    except OSError:
        pass  # there was none


def _slots():
    """The module, for this once; boot.py has let it go."""
    import slots

    sys.modules.pop("slots", None)
    return slots
