"""The alarms catalogue's code: what control needs of alarms.txt; the words stay in the table."""

from .tables import rows

_BOTH = 128  # added to the second of two alarms that only together explain a third


def definitions():
    """Rows for `Controller`: a list of (code, on_delay_s, off_delay_s, latch, a_day, under) in the catalogue's order.

    `under` is bytes: the places of the alarms that explain this one, `_BOTH` added where it takes the one before too.
    """
    places = {row[0]: i for i, row in enumerate(rows("alarms"))}
    found = []
    for row in rows("alarms"):
        under = bytearray()
        for roots in row[6].split():
            for i, root in enumerate(roots.split("+")):
                under.append(places[root] + _BOTH * i)
        found.append((row[0], int(row[2]), int(row[3]), 1 if row[4] == "y" else 0, int(row[5]), bytes(under)))
    return found
