"""Two slots for the firmware, a pack in each: the one in force is mounted at /fw, the other is the way back.

This module lies outside the slots, so that a firmware that does not work cannot take its own way back with it. A new
firmware is on trial until it has lived a healthy hour, which it says itself by `trust()`; after `_TRIES` starts that
came to nothing, or an hour after which it is not trusted, the slot before is in force again.

Of two packs the sound one is taken; where none is sound, one whose head is readable: most of it may work.
"""

import binascii
import os
import sys

import machine
import pack
from micropython import const
from unit.pack_head import COUNT_AT, DIGEST_AT, ENTRY_BYTES, HEAD_BYTES, MAGIC, SIZE_AT, VERSION_AT

PACKS = ("a.pack", "b.pack")

# What has happened, told by the firmware that finds it; 0 is nothing.
ON_TRIAL = 1
BACK = 2  # the firmware on trial failed
DAMAGED = 3  # the pack in force was damaged

_MOUNT = "/fw"
_STATE = "slot.state"
_STATE_NEW = "slot.new"
_STATE_BYTES = const(4)
_USE = const(0)
_TRIAL = const(1)
_MQTT = const(2)
_TELL = const(3)
_TRIES = const(3)
_HOUR_S = const(3600)
_GRACE_S = const(60)
_PIECE_BYTES = const(1024)

_watch = None  # the task that waits for the deadline


def start():
    """Mount the firmware in force. Called once a start, before anything of it is imported."""
    import vfs

    state = load()
    if state[_TRIAL]:
        _count(state)
    found = ""
    for use in (state[_USE], 1 - state[_USE]):
        places = _places(PACKS[use])
        sound = places and _is_sound(PACKS[use])
        if sound or (places and not found):
            found, pack.places = PACKS[use], places
        if sound:
            break
    if not found:
        return
    if found != PACKS[state[_USE]]:
        _keep(bytearray((1 - state[_USE], 0, 0, DAMAGED)))
    pack.name = "/" + found
    vfs.mount(pack, _MOUNT)
    sys.path.append(_MOUNT)


def _places(name):
    """The places of the files of that pack, empty if there is none, or its head is no head."""
    try:
        with open(name, "rb") as f:
            head = f.read(HEAD_BYTES)
            if len(head) < HEAD_BYTES or int.from_bytes(head[:SIZE_AT], "little") != MAGIC:
                return b""
            n = int.from_bytes(head[COUNT_AT:], "little") * ENTRY_BYTES
            places = f.read(n)
            return places if len(places) == n else b""
    except OSError:
        return b""


def checking(name):
    """Yields None as often as it takes to look at a piece of a pack, then whether every byte is what it was."""
    import hashlib

    found = hashlib.sha256()
    with open(name, "rb") as f:
        head = f.read(VERSION_AT)
        while piece := f.read(_PIECE_BYTES):
            found.update(piece)
            yield None
        size = f.tell()
    yield size == int.from_bytes(head[SIZE_AT:DIGEST_AT], "little") and found.digest() == head[DIGEST_AT:]


def _is_sound(name):
    check = checking(name)
    while (sound := next(check)) is None:
        pass
    return sound


def _count(state):
    """One more start on trial, unless it is one too many."""
    if state[_TRIAL] > _TRIES:
        back(state)
    else:
        state[_TRIAL] += 1
        _keep(state)


def watch(unit):
    """Have `unit` restarted with the firmware before, should this one, on trial, not be trusted in time."""
    global _watch
    if load()[_TRIAL]:
        import asyncio

        _watch = asyncio.create_task(_deadline(unit))


async def _deadline(unit):
    import asyncio

    await asyncio.sleep(_HOUR_S + _GRACE_S)
    state = load()
    if not state[_TRIAL]:
        return
    back(state)
    try:
        unit.restart()
    finally:
        machine.reset()


def back(state):
    """The firmware before is in force at the next start, and starts count anew."""
    state[:] = bytearray((1 - state[_USE], 0, 0, BACK))
    _keep(state)
    machine.RTC().memory(b"")


def trust():
    """The firmware in force has proved itself."""
    _keep(bytearray((load()[_USE], 0, 0, 0)))


def told():
    """What had happened is recorded."""
    state = load()
    if state[_TELL]:
        state[_TELL] = 0
        _keep(state)


def spare():
    """Name of the pack that is not in force: where a new one is received. "" while it is the way back of a trial."""
    state = load()
    return "" if state[_TRIAL] else PACKS[1 - state[_USE]]


def switch(mqtt):
    """The spare pack is in force, and on trial, from the next start on. OSError where that cannot be written down.

    `mqtt`: whether a broker serves the unit now, so that it must again.
    """
    _save(bytearray((1 - load()[_USE], 1, mqtt, ON_TRIAL)))


def load():
    """The state, a bytearray: slot in force; starts on trial and one, 0 if trusted; broker wanted; what to tell."""
    try:
        with open(_STATE, "rb") as f:
            data = f.read()
        if len(data) == _STATE_BYTES + 4 and _sealed(data[:_STATE_BYTES]) == data:
            return bytearray(data[:_STATE_BYTES])
    except OSError:
        pass
    return bytearray(_STATE_BYTES)


def _sealed(state):
    return state + binascii.crc32(state).to_bytes(4, "little")


def _save(state):
    """Write the state; a power cut leaves either the old or the new one. OSError where the file system does not."""
    with open(_STATE_NEW, "wb") as f:
        f.write(_sealed(state))
    os.rename(_STATE_NEW, _STATE)


def _keep(state):
    try:
        _save(state)
    except OSError:
        pass  # the file system takes nothing: this start goes on, and the next one decides again
