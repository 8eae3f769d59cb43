"""Signatures: HMAC-SHA-256 (RFC 2104) under a key that only this unit and its platform know.

What is signed ends in `,"sig":"<64 hex digits>"}`. The signature covers who it is from or for, a line feed, and every
byte of the payload before that comma: the very bytes that are sent, so that no JSON has to be written twice alike. A
command is for `<unit id>`; what a unit says is from `<unit id>/<topic>`, so that neither can be taken for the other.
"""

import binascii
import hashlib

_MARK = b',"sig":"'
TAIL_BYTES = len(_MARK) + 64 + 1  # that a signature adds, for the last brace was there before


def hmac_sha256(key, *parts):
    """The 32 bytes of HMAC-SHA-256 of a message, which may come in parts."""
    if len(key) > 64:
        key = hashlib.sha256(key).digest()
    key = key + bytes(64 - len(key))
    inner = hashlib.sha256(bytes([b ^ 0x36 for b in key]))
    for part in parts:
        inner.update(part)
    return hashlib.sha256(bytes([b ^ 0x5C for b in key]) + inner.digest()).digest()


def verify(key, unit_id, payload):
    """Whether `payload` is a command for this unit, rightly signed. Takes the same time wherever it differs."""
    tail = payload[-TAIL_BYTES - 1 :]
    if len(tail) <= TAIL_BYTES or tail[: len(_MARK)] != _MARK or tail[-2:] != b'"}':
        return False
    body = memoryview(payload)[: -TAIL_BYTES - 1]  # not a copy: it may be a kilobyte
    wanted = binascii.hexlify(hmac_sha256(key, unit_id.encode() + b"\n", body))
    differs = 0
    for a, b in zip(wanted, tail[len(_MARK) : -2]):
        differs |= a ^ b
    return differs == 0


def signed(key, unit_id, topic, text):
    """A JSON object as a unit publishes it under `topic`, bytes: signed, or as it is where there is no key."""
    return text[:-1] + _tail(key, unit_id, topic, memoryview(text)[:-1]) if key else text


def leave_room(out):
    """What is written into a `JsonOut` from now on leaves room for the signature that `seal` puts behind it."""
    out.limit -= TAIL_BYTES


def seal(out, key, unit_id, topic):
    """Sign what was written since `leave_room`, unless it found no room."""
    out.limit += TAIL_BYTES
    if not out.full:
        out.at -= 1
        out.raw(_tail(key, unit_id, topic, out.view[out.start : out.at]))


def _tail(key, unit_id, topic, body):
    digest = hmac_sha256(key, unit_id.encode() + b"/" + topic + b"\n", body)
    return _MARK + binascii.hexlify(digest) + b'"}'
