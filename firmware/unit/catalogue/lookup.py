"""Single entries of the text tables. A module of its own, for on a board most of the unit does without."""

from .tables import ROOT, fields

_END_BYTES = b"\x04"  # begins the line at which a table ends
_PIECE_BYTES = 512  # more than any line, and so little that a full heap has it in one place


def row(name, key):
    """The entry of table `name` whose first field is `key`, as a list of str, or None."""
    found = piece(name, key)
    return entry(found, key) if found else None


def piece(name, key):
    """Bytes of table `name` among which the line of entry `key` is whole, with its neighbours; None without one.

    On a board looking at every line takes many times as long.
    """
    with open(ROOT + name + ".txt", "rb") as f:
        at = f.tell()
        while True:
            data = f.read(_PIECE_BYTES)
            end = data.find(_END_BYTES)
            last = end < 0 and len(data) < _PIECE_BYTES
            if end >= 0:
                data = data[:end]
            if entry(data, key):
                return data
            line = data.rfind(b"\n")
            if end >= 0 or last or line < 1:  # a line that is longer than a piece is none of ours
                return None
            at += line
            f.seek(at)


def entry(data, key):
    """The entry whose first field is `key` in a piece of a table, as a list of str, or None."""
    mark = b"\n" + key.encode()
    at = data.find(mark) if key and not key.startswith("#") else -1
    while at >= 0:
        end = data.find(b"\n", at + 1)
        if end < 0:
            break
        found = fields(str(data[at + 1 : end], "utf-8"))
        if found[0] == key and not ("zh" in found and "en" in found):  # those are the columns' names
            return found
        at = data.find(mark, end)
    return None


def nth(name, index):
    """Entry `index` of table `name`, counted from 0, as a list of str, or None."""
    left = index + 1 or -1  # the first line names the columns
    with open(ROOT + name + ".txt", "rb") as f:
        for line in f:
            if line[:1] == _END_BYTES:
                break
            if line[:1] == b"#" or len(line) < 3:
                continue
            if not left:
                return fields(str(line, "utf-8"))
            left -= 1
    return None


def words(name, key, lang, column=-2):
    """The text of entry `key` (first column) in `lang` ("zh" or "en"); `key` itself where there is none.

    `column` is the place of the Chinese text; the English one stands right after it.
    """
    found = row(name, key)
    return found[column if lang == "zh" else column + 1] if found else key
