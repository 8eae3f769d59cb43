"""What commands from afar may do to a unit. In memory only while there are some."""

from .control.basics import const
from .control.claims import REMOTE
from .journal.cursor import Cursor
from .journal.layout import END, EVENT

_LOG_BACK = const(400)  # records that are searched for events, and
_RECORDS_A_PIECE = const(8)  # how many of them at a stretch


class Actions:
    """What a command may do; see uplink/commands/handler.py."""

    def __init__(self, app):
        self._app = app

    def claim(self, output, on, for_s):
        return self._app.control.command(output, on, for_s, REMOTE)

    def auto(self, output):
        self._app.control.auto(output, REMOTE)

    def acknowledge(self, index):
        self._app.control.acknowledge(index)

    def stored(self):
        """The settings that differ from their defaults, and the board, both as the settings catalogue wants them."""
        from . import config

        return config.stored(), config.stored_in(config.BOARDS[0])

    def change(self, stored, full):
        """Store settings, and take `full`, the same with all defaults, into use; "" or why not."""
        from . import config
        from .assembly import derive

        try:
            config.save(stored)
        except OSError as e:
            return "the file system does not take it: %s" % e
        derive(full, full)
        self._app.control.configure(full)
        self._app.recorder.interval_s = full["readings.interval_s"]
        self._app.kept = config.kept(full)
        return ""

    def events(self):
        """The newest events, (t, uptime_s, code, a, b), oldest first, not further back than _LOG_BACK records.

        A generator that yields None now and then, to give way.
        """
        journal = self._app.recorder.journal
        cursor = Cursor(journal)
        cursor.seek(max(1, journal.next_seq - _LOG_BACK))
        count = 0
        kind = cursor.next()
        while kind != END:
            if kind == EVENT:
                yield cursor.t, cursor.uptime_s, cursor.code, cursor.a, cursor.b
            count += 1
            if count % _RECORDS_A_PIECE == 0:
                yield None
            kind = cursor.next()

    def t(self):
        return self._app.clock.utc_s
