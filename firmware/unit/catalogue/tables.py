"""The text tables that hold the catalogues: `points.txt`, `settings.txt`, `alarms.txt`, `reasons.txt`, ...

A table is UTF-8 text, one entry a line, fields separated by `|`; the first line that is not a comment names the
columns, and the last two are always the words `zh | en`. It is read line by line, so that on a board the words stay
in flash until somebody has to read them. `lookup.py` finds single entries.
"""

_END = "\x04"  # begins the line at which a table ends: in a pack other files follow
ROOT = __file__.replace("\\", "/").rsplit("/", 1)[0] + "/"


def rows(name):
    """Yield every entry of table `name` as a list of str, in order. OSError if there is no such table."""
    with open(ROOT + name + ".txt", encoding="utf-8") as f:
        header = True
        for line in f:
            if line[0] == _END:
                break
            if line[0] == "#" or len(line) < 3:
                continue
            if header:
                header = False
                continue
            yield fields(line)


def count(name):
    """How many entries table `name` has."""
    return sum(1 for _ in rows(name))


def fields(line):
    return [field.strip() for field in line.split("|")]
