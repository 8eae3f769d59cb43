"""The alarms catalogue's code: what control needs of alarms.txt; the words stay in the table."""

from .tables import rows


def definitions():
    """Rows for `Controller`: a list of (code, on_delay_s, off_delay_s, latch) in the catalogue's order."""
    return [(row[0], int(row[2]), int(row[3]), 1 if row[4] == "y" else 0) for row in rows("alarms")]
