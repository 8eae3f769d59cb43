"""Whose signature makes a firmware run, of which version; runs in both worlds. argv: as update_steps.py."""

import hashlib
import os
import sys

from unit import lowest
from unit.pack_head import DIGEST_AT, VERSION_AT
from unit.uplink.commands import signature
from unit.uplink.commands.update import NAME

from tests.uplink.update_steps import FORCE, PIECE, SLOTS, SPARE, Sender, begin, expect, pack, put_in_force, text64

PIECES = 3


def files():
    """What is on the flash: name -> digest."""
    found = {}
    for name in os.listdir():
        if name not in ("key", "publisher.txt"):
            with open(name, "rb") as f:
                found[name] = hashlib.sha256(f.read()).digest()
    return found


def brought(data, publisher):
    """A sender whose firmware has arrived whole."""
    sender = Sender(data, publisher)
    at = sender.ask()["at"]
    while at < len(data):
        sender.piece(at)
        at = sender.answer()[0]["at"]
    sender.rest()
    SLOTS.switched = False
    return sender


def refused(what, sender, code, **args):
    """Refused with that code, and nothing on the flash is another."""
    before = files()
    answer = sender.ask(calm=True, switch=True, **args)
    expect(what, (answer["ok"], answer.get("code")), (False, code))
    expect(what + ": it is on the flash", files(), before)
    expect(what + ": nothing was switched", SLOTS.switched, False)


def taken(what, sender, **args):
    answer = sender.ask(calm=True, switch=True, **args)
    expect(what, (answer.get("code"), SLOTS.switched), (None, True))
    SLOTS.switched = False


def forgeries(publisher, digest):
    """(what, signature) of all that is nearly one."""
    good = publisher.filled(digest)
    other = hashlib.sha256(digest).digest()
    yield "none", None
    yield "a number", 5
    yield "a list", [1]
    yield "no base64", "!"
    yield "no bytes", ""
    yield "zero", text64(bytes(384))
    yield "one", text64(bytes(383) + b"\x01")
    yield "the message itself", text64(good)
    yield "all ones", text64(b"\xff" * 384)
    yield "the modulus", text64(publisher.n.to_bytes(384, "big"))
    yield "short", publisher.sign(digest)[:508]
    yield "long", text64(bytes(1) + number(publisher.sign(digest)).to_bytes(384, "big"))
    yield "of another pack", publisher.sign(other)
    yield "of the digest's digest", publisher.sign(hashlib.sha256(digest).digest())
    yield "block type 2", publisher.of(publisher.filled(digest, before=b"\x00\x02"))
    yield "a hash in front of garbage", publisher.of(
        b"\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x00" + signature._SHA256 + digest + bytes(384 - 62)
    )
    yield "one byte of filling another", publisher.of(good[:9] + b"\xfe" + good[10:])
    yield "no zero before the hash", publisher.of(publisher.filled(digest, middle=b"\x01" + signature._SHA256))
    without_null = b"\x00\x30\x2f\x30\x0b" + signature._SHA256[4:15] + b"\x04\x20"
    yield "without parameters", publisher.of(publisher.filled(digest, middle=without_null))
    sha1 = b"\x00\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14"
    yield "of another hash", publisher.of(publisher.filled(digest[:20], middle=sha1))
    yield "no hash's name", publisher.of(publisher.filled(digest, middle=b"\x00"))


def number(text):
    from binascii import a2b_base64

    return int.from_bytes(a2b_base64(text), "big")


def signed_or_not(publisher):
    data = pack(pieces=PIECES)
    digest = data[DIGEST_AT:VERSION_AT]
    sender = brought(data, publisher)
    count = 0
    for what, forged in forgeries(publisher, digest):
        refused(what, sender, "publisher", signature=forged)
        count += 1
    refused("no word of it", sender, "publisher")
    more = number(sender.signature) + publisher.n  # the same to the arithmetic, and no such signature
    if more < 1 << 3072:
        refused("too large", sender, "publisher", signature=text64(more.to_bytes(384, "big")))
    another = "key %0768x" % (publisher.n + 2)
    for text in (another, "key " + publisher.line[-767:], publisher.line[:-1], "k %sx" % publisher.line[4:-1]):
        FORCE.text = another + "\n" + text
        refused("a list without the key", sender, "publisher", signature=sender.signature)
    FORCE.text = "# keys\n\n" + another + "\n" + publisher.line
    taken("the second of the list", sender, signature=sender.signature)
    expect("it is in the slot, and nowhere else", (SPARE in os.listdir(), NAME in os.listdir()), (True, False))
    FORCE.text = publisher.line
    return count


def without_a_list(publisher):
    """No piece is taken, and the way back stays what it was."""
    data = pack(pieces=PIECES + 1)
    before = files()
    expect("the spare pack is there", SPARE in before, True)
    for text in ("", "# nobody", "key abc", "key " + "x" * 768):
        FORCE.text = text
        sender = Sender(data, publisher)
        expect("it may not even ask", sender.ask().get("code"), "no_publisher")
        sender.piece(0)
        expect("no piece", sender.answer()[0].get("code"), "no_publisher")
        refused("nor switch", sender, "no_publisher", signature=sender.signature)
        expect("nothing was erased", files(), before)
    FORCE.text = publisher.line


def versions(publisher):
    """Of what is older than the firmware in force, or than one that was trusted, nothing comes back."""
    newest = 0
    for kept, running, new, takes in (
        (b"", b"1.10", b"1.9", False),
        (b"", b"1.10", b"1.10", True),
        (b"", b"1.10", b"1.10.0", True),
        (b"", b"1.10.1", b"1.10", False),
        (b"", b"1.10", b"2", True),
        (b"2.0", b"1.10", b"1.11", False),  # the newer one was damaged: the one before it runs
        (b"2.0", b"1.10", b"2", True),
        (b"2.0", b"3", b"2.5", False),
        (b"2.0", b"3", b"no version", False),
        (b"", b"unknown", b"0.1", True),
    ):
        if "version.lowest" in os.listdir():
            os.remove("version.lowest")
        if kept:
            lowest.raise_to(str(kept, "utf-8"))
        put_in_force(running)
        newest += 1
        sender = brought(pack(new, PIECES), publisher)
        what = "%s after %s and %s" % (new, kept, running)
        if takes:
            taken(what, sender, signature=sender.signature)
        else:
            refused(what, sender, "older", signature=sender.signature)
    return newest


def lowest_grows():
    os.remove("version.lowest") if "version.lowest" in os.listdir() else None
    for raised, then in (("0.9", "0.9"), ("0.10", "0.10"), ("0.9.9", "0.10"), ("", "0.10"), ("x", "0.10"), ("1", "1")):
        lowest.raise_to(raised)
        expect("it only grows", lowest.lowest("0.1"), then)
    expect("what runs counts too", lowest.lowest("1.0.1"), "1.0.1")
    with open("version.lowest", "rb") as f:
        data = f.read()
    spoilt = [data[:n] for n in range(len(data))] + [data + b"?", b"?" * 22 + data, b"\xff" * 9]
    for i in range(len(data)):
        spoilt.append(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :])
    for damaged in spoilt:
        with open("version.lowest", "wb") as f:
            f.write(damaged)
        expect("a damaged one counts for nothing", lowest.lowest("0.1"), "0.1")
    lowest.raise_to("0.2")
    expect("and is written anew", lowest.lowest("0.1"), "0.2")


def replayed(publisher):
    """A true signature of before does not make another firmware run, nor does one make what is not whole."""
    put_in_force(b"1.10")
    lowest_file = "version.lowest"
    if lowest_file in os.listdir():
        os.remove(lowest_file)
    old = brought(pack(b"1.10", PIECES), publisher)
    new = brought(pack(b"1.11", PIECES), publisher)
    refused("signature of another pack", new, "publisher", signature=old.signature)
    refused("its own pack, which is gone", old, "digest", signature=old.signature)
    with open(NAME, "r+b") as f:
        f.seek(PIECE)
        f.write(b"?")
    answer = new.ask(calm=True, switch=True, signature=new.signature)
    expect("a byte is another", (answer["code"], SLOTS.switched, NAME in os.listdir()), ("digest", False, False))


def main(folder):
    publisher, _ = begin(folder)
    count = signed_or_not(publisher)
    without_a_list(publisher)
    tried = versions(publisher)
    lowest_grows()
    replayed(publisher)
    print("forgeries", count, "versions", tried)


if __name__ == "__main__":
    main(sys.argv[1])
