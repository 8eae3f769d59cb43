"""The configuration on the board: `config.json`, and `config.last`, the copy with which the unit last lived long.

A change made at the console is `config.trial` until the next start, which renames it and takes it for that start alone:
whatever ends this start without a `keep()`, crash, power cut or time, the next one has the old values. So is a change
from afar of the way to the broker, `config.afar`: somebody at the console keeps the one, see trial.py for the other.

A copy is its JSON, then a line with the CRC-32 of it in hexadecimal. `board.json` and `board.last`, two equal copies
too, say what the board has on which pins.
"""

import binascii
import json
import os

from .modules import absent, forget

NEWEST = "config.json"
LAST_GOOD = "config.last"
TRIAL = "config.trial"  # for the next start
AFAR = "config.afar"
TRYING = "config.trying"  # of this start
BOARDS = ("board.json", "board.last")

TRIAL_S = 900  # after which a trial that nobody kept is over
AFAR_S = 2700  # so long a broker may take to serve the unit for ten minutes: a modem, a visit at the console

# Where the configuration in force came from.
FROM_NEWEST = 0
FROM_LAST_GOOD = 1
FROM_DEFAULTS = 2  # no readable copy: the unit watches, but no machine is wired
FROM_TRIAL = 3
FROM_AFAR = 4
FROM_BACK = 5  # the newest copy, after a trial that nobody kept
# What such a unit is called, at its console too.
NAMELESS = {"unit.id": "no-configuration", "unit.name_zh": "没有配置", "unit.name_en": "no configuration"}

_CATALOGUE = ("catalogue.settings", "catalogue.lookup", "catalogue.wiring", "catalogue.printable")


def load(revert=False):
    """(settings, board, where from): every setting with a value, as `settings.check` has it. Bad files never raise.

    `revert`: with the newest copy the unit did not live long; the last good one takes its place.
    """
    brought = absent(*_CATALOGUE)
    try:
        return _load(revert)
    finally:
        forget(*brought)  # 15 KB of a heap, which the rest of a start needs


def _load(revert):
    from .catalogue import settings as catalogue  # here alone: whoever only stores does without the catalogue

    if revert:
        _copy(LAST_GOOD, NEWEST)
    newest = FROM_BACK if _remove(TRYING) else FROM_NEWEST
    trial = FROM_TRIAL if _rename(TRIAL, TRYING) else FROM_AFAR if _rename(AFAR, TRYING) else newest
    for where, name in ((trial, TRYING), (newest, NEWEST), (FROM_LAST_GOOD, LAST_GOOD)):
        values = stored_in(name)
        for copy in BOARDS if values is not None else ():
            board = stored_in(copy)
            full: dict = {}
            if board is not None and all(False for _ in catalogue.check(values, board, full)):
                # Whoever asks later what is stored shall see what is in force.
                if where == FROM_LAST_GOOD:
                    _copy(LAST_GOOD, NEWEST)
                if copy != BOARDS[0]:
                    _copy(copy, BOARDS[0])
                return full, board, where
    full = catalogue.defaults("")
    full.update(NAMELESS)
    return full, {"name": "", "terminals": {}}, FROM_DEFAULTS


def stored():
    """What the newest readable copy holds, unchecked: only what differs from the defaults."""
    for name in (NEWEST, LAST_GOOD):
        values = stored_in(name)
        if isinstance(values, dict):
            return values
    return {}


def in_force(where):
    """What this start took, unchecked. `where`: the third of what `load` returned."""
    if where == FROM_DEFAULTS:
        return NAMELESS
    return stored_in(TRYING) or {} if where in (FROM_TRIAL, FROM_AFAR) else stored()


def text_in_force():
    """The JSON text of what this start took, but for the defaults; None where it is damaged."""
    return unsealed(_read(TRYING)) or newest()


def keep():
    """The trial of this start has proved itself: its copy is the newest one now. OSError where there is none."""
    os.rename(TRYING, NEWEST)


def stored_in(name):
    """What one copy holds, unchecked; None where it is damaged."""
    return _parsed(unsealed(_read(name)))


def lived():
    """The unit has lived long with the newest copy: it is the last good one now."""
    _copy(NEWEST, LAST_GOOD)


def _copy(name, to):
    text = unsealed(_read(name))
    if _parsed(text) is not None and unsealed(_read(to)) != text:
        try:
            _write(to, text)
        except OSError:
            pass  # the file system is full: the other copy stays what it was


def save(values, name=NEWEST):
    """Write a copy; a power cut leaves either the old or the new one. OSError when the file system is full.

    A new `NEWEST` ends a trial, and one trial the other: the later change counts.
    """
    _write(name, json.dumps(values).encode())
    for other in (TRIAL, AFAR):
        if other != name:
            _remove(other)
    if name == NEWEST:
        _remove(TRYING)


def _write(name, text):
    with open(name + ".new", "wb") as f:
        f.write(text)
        f.write(b"\n%08x\n" % binascii.crc32(text))
    os.rename(name + ".new", name)


def _remove(name):
    """Whether there was such a file."""
    try:
        os.remove(name)
    except OSError:
        return False
    return True


def _rename(name, to):
    """Whether there was such a file."""
    try:
        os.rename(name, to)
    except OSError:
        return False
    return True


def unsealed(data):
    """The JSON text of a copy, or None where its checksum does not fit."""
    if data is None or len(data) < 10 or data[-1:] != b"\n" or data[-10:-9] != b"\n":
        return None
    text = data[:-10]
    return text if b"%08x" % binascii.crc32(text) == data[-9:-1] else None


def newest():
    """The JSON text of the newest copy, None where it is damaged."""
    return unsealed(_read(NEWEST))


def _read(name):
    try:
        with open(name, "rb") as f:
            return f.read()
    except OSError:
        return None


def _parsed(data):
    try:
        return json.loads(data) if data else None
    except (ValueError, UnicodeError):
        return None
