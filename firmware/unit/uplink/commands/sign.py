"""Signed commands: HMAC-SHA-256 (RFC 2104) under a key that only this unit and its platform know.

A signed command ends in `,"sig":"<64 hex digits>"}`; the signature covers the unit's id, a line feed, and every byte
of the payload before that comma: the very bytes that are sent, so that no JSON has to be written twice alike.
"""

import binascii
import hashlib

_MARK = b',"sig":"'
_TAIL_BYTES = len(_MARK) + 64 + 2


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
    """Whether `payload` carries the right signature. Takes the same time wherever it differs."""
    tail = payload[-_TAIL_BYTES:]
    if len(tail) < _TAIL_BYTES or tail[: len(_MARK)] != _MARK or tail[-2:] != b'"}':
        return False
    body = memoryview(payload)[:-_TAIL_BYTES]  # not a copy: it may be a kilobyte
    wanted = binascii.hexlify(hmac_sha256(key, unit_id.encode() + b"\n", body))
    differs = 0
    for a, b in zip(wanted, tail[len(_MARK) : -2]):
        differs |= a ^ b
    return differs == 0
