"""Machines by the names that people type."""

from ...control.io import OUTPUT_NAMES


def find(c, word):
    """The index of the output that is called so, `p1` or in the words of the moment; -1 for none."""
    for i, name in enumerate(OUTPUT_NAMES):
        if word.lower() in (name, c.say(name)):
            return i
    return -1


def names(c):
    """What may be typed, and what it means where that is something else: p1 (pump 1)."""
    shown = []
    for name in OUTPUT_NAMES:
        means = c.say(name)
        shown.append(name if means == name else "%s (%s)" % (name, means))
    return ", ".join(shown)
