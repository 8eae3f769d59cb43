"""Who may say which firmware comes next: the publishers in the list that lies in the firmware in force.

A signature is RSA-3072 with the exponent 65537, PKCS #1 v1.5 (RFC 8017, section 9.2), of the SHA-256 that stands at the
head of a pack. What it must hold is made here, down to the last byte, and compared as one number: nothing of what
arrived is taken apart, so there is nothing to be misread.
"""

import gc
import sys
from binascii import a2b_base64, unhexlify

from ...control.basics import const

_LIST = "publisher.txt"  # in a pack: a key a line, its name and the 768 hexadecimal digits of its modulus
_MODULUS_BYTES = const(384)
_SQUARES = const(16)  # the exponent 65537 is as many squares and one product
# DigestInfo of a SHA-256, the digest itself left out.
_SHA256 = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
_END = b"\x04"  # begins the line at which a text in a pack ends


def publishers():
    """Yield the modulus of each key in the list of the firmware in force; of a line that is no key, none."""
    try:
        f = sys.modules["pack"].open(_LIST, "rb")
    except (KeyError, OSError):
        return  # modules run without a pack, or the pack has no list
    with f:
        for line in f:
            if line[:1] == _END:
                return
            words = line.split()
            if len(words) == 2 and len(words[1]) == 2 * _MODULUS_BYTES:
                try:
                    yield int.from_bytes(unhexlify(words[1]), "big")
                except ValueError:
                    pass


def has_publisher():
    """Whether the list names anybody."""
    found = False
    for _ in publishers():
        found = True
    return found


def is_signed(signature, digest):
    """Generator that gives way; it returns whether `signature` (base64) is a publisher's of the pack's `digest`.

    A key in one piece would hold up a tick: square by square it does not. All keys have their turn, so that the list
    is read to its end and closed.
    """
    try:
        signature = a2b_base64(signature)
    except (TypeError, ValueError):
        return False
    if len(signature) != _MODULUS_BYTES:
        return False
    signature = int.from_bytes(signature, "big")
    filled = b"\xff" * (_MODULUS_BYTES - 3 - len(_SHA256) - len(digest))
    wanted = int.from_bytes(b"\x00\x01" + filled + b"\x00" + _SHA256 + digest, "big")
    found = False
    for modulus in publishers():
        power = signature
        for _ in range(_SQUARES):
            yield
            gc.collect()  # a square leaves kilobytes behind, and wants one in one piece
            power = pow(power, 2, modulus)
        if signature < modulus and power * signature % modulus == wanted:
            found = True
    return found
