"""The PIN as a board keeps it: a salted, stretched SHA-256; and longer and longer waits after wrong ones.

Wrong tries are counted in `console-wrong`, before the PIN is looked at. A power cut saves nobody a wait: a start that
finds the count begins the wait anew.

`console-pin` on the board holds `salt rounds digest`, salt and digest in hexadecimal; the image builder makes it from
the file that the setting `console.pin_file` names. Without the file nothing can be unlocked: there is no default PIN.
The digest of round 0 is that of salt + PIN, each further one that of the digest before it + salt + PIN.
"""

import binascii
import hashlib
import os

from .control.basics import const

PIN_FILE = "console-pin"
_WRONG_FILE = "console-wrong"
_SOME = const(50)  # rounds between two times of giving way: some 10 ms
_FREE_TRIES = const(3)
_FIRST_WAIT_S = const(30)
_LONGEST_WAIT_S = const(900)


def stored():
    """(salt, rounds, digest). OSError or ValueError where the file is damaged."""
    with open(PIN_FILE) as f:
        salt, rounds, digest = f.read().split()
    return binascii.unhexlify(salt), int(rounds), binascii.unhexlify(digest)


def stretched(salt, rounds, pin):
    """A generator: yields None while it works, last the digest."""
    secret = salt + pin.encode()
    digest = hashlib.sha256(secret).digest()
    for i in range(rounds):
        digest = hashlib.sha256(digest + secret).digest()
        if i % _SOME == 0:
            yield None
    yield digest


def wait_s(wrong):
    """How long nobody may try after so many wrong ones in a row."""
    return min(_FIRST_WAIT_S << min(wrong - _FREE_TRIES, 10), _LONGEST_WAIT_S) if wrong >= _FREE_TRIES else 0


def counted():
    """Wrong tries in a row, as the flash has them."""
    try:
        with open(_WRONG_FILE, "rb") as f:
            return len(f.read())
    except OSError:
        return 0


def count(wrong):
    """Keep the count as the length of a file. A full file system must not shut out whoever knows the PIN."""
    try:
        if wrong:
            with open(_WRONG_FILE, "wb") as f:
                f.write(b"x" * min(wrong, 20))
        else:
            os.remove(_WRONG_FILE)
    except OSError:
        pass
