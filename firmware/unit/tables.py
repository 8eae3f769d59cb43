"""The text tables that hold the catalogues: `points.txt`, `settings.txt`, `alarms.txt`, `reasons.txt`, ...

A table is UTF-8 text, one entry a line, fields separated by `|`; the first line that is not a comment names the
columns, and the last two are always the words `zh | en`. It is read line by line, so that on a board the words stay
in flash until somebody has to read them.
"""

_END, _END_BYTES = "\x04", b"\x04"  # begin the line at which a table ends: in a pack other files follow
_PIECE_BYTES = 512
_ROOT = __file__.replace("\\", "/").rsplit("/", 1)[0] + "/"


def rows(name):
    """Yield every entry of table `name` as a list of str, in order. OSError if there is no such table."""
    with open(_ROOT + name + ".txt", encoding="utf-8") as f:
        header = True
        for line in f:
            if line[0] == _END:
                break
            if line[0] == "#" or len(line) < 3:
                continue
            if header:
                header = False
                continue
            yield [field.strip() for field in line.split("|")]


def columns(name):
    """Names of the columns of table `name`, a list of str."""
    with open(_ROOT + name + ".txt", encoding="utf-8") as f:
        for line in f:
            if line[0] == _END:
                break
            if line[0] != "#" and len(line) >= 3:
                return [field.strip() for field in line.split("|")]
    return []


def row(name, key):
    """The entry of table `name` whose first field is `key`, as a list of str, or None."""
    if not key or key.startswith("#"):
        return None
    mark = b"\n" + key.encode()
    data = b""
    with open(_ROOT + name + ".txt", "rb") as f:
        over = False
        # Piece by piece: on a board looking at every line takes five times as long.
        while True:
            more = b"" if over else f.read(_PIECE_BYTES)
            over = _END_BYTES in more
            data += more.split(_END_BYTES, 1)[0]
            at = data.find(mark)
            while at >= 0:
                end = data.find(b"\n", at + 1)
                if end < 0 and more:
                    break  # its end comes with the next piece
                line = str(data[at + 1 : end if end > 0 else len(data)], "utf-8")
                fields = [field.strip() for field in line.split("|")]
                names = "zh" in fields and "en" in fields  # of the columns, which are no entry
                if fields[0] == key and not names:
                    return fields
                at = data.find(mark, at + 1)
            if not more:
                return None
            data = data[at:] if at >= 0 else data[-len(mark) :]


def words(name, key, lang, column=-2):
    """The text of entry `key` (first column) in `lang` ("zh" or "en"); `key` itself where there is none.

    `column` is the place of the Chinese text; the English one stands right after it.
    """
    found = row(name, key)
    return found[column if lang == "zh" else column + 1] if found else key
