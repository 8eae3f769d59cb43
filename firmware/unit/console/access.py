"""The lock: a PIN as a salted, stretched SHA-256, and longer and longer waits after wrong ones.

Wrong tries are counted in `console-wrong`, before the PIN is looked at. A power cut saves nobody a wait: a start that
finds the count begins the wait anew.

`console-pin` on the board holds `salt rounds digest`, salt and digest in hexadecimal; the image builder makes it from
the file that the setting `console.pin_file` names. Without the file nothing can be unlocked: there is no default PIN.
The digest of round 0 is that of salt + PIN, each further one that of the digest before it + salt + PIN.
"""

import binascii
import hashlib
import os

from ..control.basics import const
from .listener import CALM_MS, PIN_FILE

_WRONG_FILE = "console-wrong"
_SOME = const(50)  # rounds between two times of giving way: some 10 ms
_FREE_TRIES = const(3)
_FIRST_WAIT_S = const(30)
_LONGEST_WAIT_S = const(900)


def stretched(salt, rounds, pin):
    """A generator: yields None while it works, last the digest."""
    secret = salt + pin.encode()
    digest = hashlib.sha256(secret).digest()
    for i in range(rounds):
        digest = hashlib.sha256(digest + secret).digest()
        if i % _SOME == 0:
            yield None
    yield digest


def cmd_unlock(c, words):
    if not c.has_pin:
        yield c.say("no_pin")
        return
    if len(words) != 1:
        yield c.say("unlock_usage")
        return
    if c.listener.wrong < 0:
        c.listener.wrong = _counted()
        c.listener.wait_until_s = _wait_s(c.listener.wrong)
    if c.app.now_s < c.listener.wait_until_s:
        yield c.say("unlock_wait", span=c.text.span(c.listener.wait_until_s - c.app.now_s))
        return
    try:
        with open(PIN_FILE) as f:
            salt_hex, rounds_text, wanted_hex = f.read().split()
        salt = binascii.unhexlify(salt_hex)
        wanted = binascii.unhexlify(wanted_hex)
        rounds = int(rounds_text)
    except (OSError, ValueError):
        yield c.say("pin_damaged")
        return
    # A try counts as wrong until it proves right, so Ctrl-C in time saves nothing.
    c.listener.wrong += 1
    yield CALM_MS
    _count(c.listener.wrong)
    c.listener.wait_until_s = c.app.now_s + _wait_s(c.listener.wrong)
    digest = None
    for digest in stretched(salt, rounds, words[0]):
        if digest is None:
            yield None
    if digest == wanted:
        c.listener.wrong = 0
        c.listener.wait_until_s = 0
        yield CALM_MS
        _count(0)
        c.unlocked = True
        yield c.say("unlocked", span=c.text.span(c.lock_s))
    elif c.app.now_s < c.listener.wait_until_s:
        yield c.say("unlock_wrong_wait", span=c.text.span(c.listener.wait_until_s - c.app.now_s))
    else:
        yield c.say("unlock_wrong")


def _wait_s(wrong):
    """How long nobody may try after so many wrong ones in a row."""
    return min(_FIRST_WAIT_S << min(wrong - _FREE_TRIES, 10), _LONGEST_WAIT_S) if wrong >= _FREE_TRIES else 0


def _counted():
    try:
        with open(_WRONG_FILE, "rb") as f:
            return len(f.read())
    except OSError:
        return 0


def _count(wrong):
    """Keep the count as the length of a file. A full file system must not shut out whoever knows the PIN."""
    try:
        if wrong:
            with open(_WRONG_FILE, "wb") as f:
                f.write(b"x" * min(wrong, 20))
        else:
            os.remove(_WRONG_FILE)
    except OSError:
        pass
