"""The command `update`: a new firmware arrives in pieces in the spare slot, is checked whole, and put on trial.

What has arrived is on flash and found there after a power cut or a lost connection; in memory nothing waits. Each piece
is a signed command, and so is the last one, which names the digest of the whole.
"""

import os
import sys
from binascii import a2b_base64, unhexlify

from ...pack_head import DIGEST_AT, MAGIC, SIZE_AT, VERSION_AT
from .refusal import Refusal, is_int, only


def update(args):
    """Generator of a few short steps; returns the answer, or raises Refusal.

    `sha256`, always: of the pack, as its head has it. Alone it asks how much of this pack is here: `at`. With `at` and
    `data` (base64) it adds a piece, where `at` is right, and answers with the next `at`. With `switch` the pack is
    checked, and put on trial by the restart that follows.
    """
    only(args, ("sha256", "at", "data", "switch"))
    slots = _slots()
    name = slots.spare()
    if not name:
        raise Refusal("on_trial", "the firmware in force is on trial; the other one is its way back")
    try:
        digest = unhexlify(args.get("sha256"))
        data = a2b_base64(args.get("data", ""))
    except (TypeError, ValueError):
        raise Refusal("args", "sha256 is hexadecimal, data is base64") from None
    yield
    at = _held(name, digest)
    if args.get("switch") is True:
        yield from _check(slots, name, at)
        slots.switch(1)
        return {"switched": True}
    if data:
        if not is_int(args.get("at")):
            raise Refusal("args", "at is where data begins")
        if args["at"] == at:
            at = _add(name, at, data, digest)
    return {"at": at}


def _check(slots, name, at):
    sound = False
    if at:
        check = slots.checking(name)
        while (sound := next(check)) is None:
            yield
    if not sound:
        _remove(name)
        raise Refusal("digest", "what arrived is not the firmware of that digest; send it anew")


def _held(name, digest):
    """How many bytes of the pack with that digest are here."""
    try:
        with open(name, "rb") as f:
            return os.stat(name)[6] if f.read(VERSION_AT)[DIGEST_AT:] == digest else 0
    except OSError:
        return 0


def _add(name, at, data, digest):
    if not at:
        if int.from_bytes(data[:SIZE_AT], "little") != MAGIC or data[DIGEST_AT:VERSION_AT] != digest:
            raise Refusal("args", "data is not the beginning of a pack with that digest")
        _remove(name)  # first, or the file system would need room for both
    try:
        with open(name, "ab") as f:
            f.write(data)
    except OSError as e:
        raise Refusal("not_stored", "the file system does not take it: %s" % e) from None
    return at + len(data)


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
