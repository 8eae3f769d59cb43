"""The lowest version of a firmware that a unit takes from afar: it only grows, and lies outside the packs.

So an older firmware, whose faults are known, does not come back by a true signature of its time. Whoever stands at
the unit with the cable may bring it.
"""

import os
from binascii import crc32

_FILE = "version.lowest"  # the version, and four bytes of its CRC-32
_NEW = "version.new"
_MOST_BYTES = 26


def numbers(version):
    """A version as what can be compared: the integers between its dots, none for what is no such version."""
    found = []
    for part in version.split("."):
        if not part.isdigit():
            return []
        found.append(int(part))
    while found and not found[-1]:
        found.pop()
    return found


def lowest(running):
    """The lowest version that is taken where the trusted firmware in force has the version `running`."""
    kept = _kept()
    return kept if numbers(kept) > numbers(running) else running


def raise_to(version):
    """A firmware of that version is trusted. What the file system does not take waits for the next start."""
    if numbers(version) <= numbers(_kept()):
        return
    data = version.encode()
    try:
        with open(_NEW, "wb") as f:
            f.write(data + crc32(data).to_bytes(4, "little"))
        os.rename(_NEW, _FILE)
    except OSError:
        pass


def _kept():
    """What the file holds; "" where it is damaged or missing, so that the firmware in force alone decides."""
    try:
        with open(_FILE, "rb") as f:
            data = f.read(_MOST_BYTES + 1)
        if len(data) <= _MOST_BYTES and crc32(data[:-4]).to_bytes(4, "little") == data[-4:]:
            return str(data[:-4], "utf-8")
    except (OSError, ValueError):
        pass
    return ""
