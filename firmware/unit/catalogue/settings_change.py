"""A change of settings, checked: the same for the console and for commands from afar.

Apart from `settings`, which a start needs: this comes into memory for one change and is forgotten.
"""

from .settings import allows, broken, decode, default, find
from .tables import rows


def change(stored, wanted, board=None):
    """Put written values, `wanted` by key, into `stored`, which holds what differs from the defaults.

    A generator that yields None between pieces of work, and returns the first problem as `settings.check` has it, or
    None. Every key is in the catalogue. After a problem `stored` is no longer of use.
    """
    for key in wanted:
        row = find(key)
        value = decode(row, wanted[key])
        if value is None or not allows(row, value, board):
            return "value", key, wanted[key] if value is None else value
        if value == default(row):
            stored.pop(key, None)
        else:
            stored[key] = value
        yield None
    for rule in rows("rules"):
        if any(key in rule[0] or key in rule[2] or key in rule[3] for key in wanted):
            # No more than this rule wants: all settings would take 20 KB of a board's heap.
            full = {}
            for name in " ".join(rule[:4]).replace("*", " ").replace("=", " ").split():
                row = find(name) if "." in name else None
                if row:
                    full[name] = stored.get(name, default(row))
                yield None
            problem = broken(rule, full)
            if problem:
                return problem
        yield None
    return None
