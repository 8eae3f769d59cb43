"""How a command is refused, and the checks that every command needs."""

from ...control.basics import const

MAX_BYTES = const(1024)  # of a command


class Refusal(Exception):
    """code, why: the command is not carried out. A third is `t`, what the unit's clock shows, in Unix seconds."""


def count(queue, code):
    """One more refusal."""
    queue.refused[code] = queue.refused.get(code, 0) + 1


def is_int(value):
    """Whether a JSON value is a whole number; `true` is not."""
    return isinstance(value, int) and not isinstance(value, bool)


def only(args, names):
    """Refuse members of `args` that are not in `names`."""
    for name in args:
        if name not in names:
            raise Refusal("args", "args may hold " + (", ".join(names) or "nothing"))
