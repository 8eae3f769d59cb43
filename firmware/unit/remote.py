"""What commands from afar may do to a unit. In memory only while there are some."""

import gc

from .control.basics import NONE, const
from .control.claims import REMOTE
from .control.events import COMMANDS_DENIED
from .journal.layout import END, EPOCH_UNIX_S, EVENT
from .modules import forget

_LOG_BACK = const(400)  # records that are searched for events, and
_RECORDS_A_PIECE = const(8)  # how many of them at a stretch
_ROWS_A_PIECE = const(4)
_AT_STARTS = ("mqtt.", "network.", "plant.")  # settings that are looked at only then


class Actions:
    """What a command may do; see uplink/commands/handler.py."""

    def __init__(self, app):
        self._app = app
        self.changed = False  # settings were, which `take_up` is still to take into use

    def claim(self, output, on, for_s):
        return self._app.control.command(output, on, for_s, REMOTE)

    def auto(self, output):
        self._app.control.auto(output, REMOTE)

    def acknowledge(self, index):
        self._app.control.acknowledge(index)

    def denied(self, times):
        """So many commands were not signed."""
        self._app.control.events.add(COMMANDS_DENIED, times, 0)

    def stored(self):
        """The settings that differ from their defaults, as the settings catalogue wants them.

        Where some are to be tried from the next start on, these.
        """
        from . import config

        forget("config")
        waiting = config.stored_in(config.AFAR)
        return config.stored() if waiting is None else waiting

    def change(self, stored, on_trial=False):
        """Store settings, or have the next start try them; "" or why not, and whether they are on trial.

        What is stored behind settings that are to be tried is tried with them.
        """
        from . import config

        forget("config")
        on_trial = on_trial or config.stored_in(config.AFAR) is not None
        try:
            config.save(stored, config.AFAR if on_trial else config.NEWEST)
        except OSError as e:
            return "the file system does not take it: %s" % e, on_trial
        self.changed = not on_trial
        return "", on_trial

    def tries(self):
        """Whether settings from afar are on trial in this start: one change after the other."""
        from . import config

        forget("config")
        return self._app.config_from == config.FROM_AFAR

    def has_password(self):
        """Whether this unit proves to a broker who it is by a password."""
        return self._app.reporting.account[1] is not None

    def take_up(self):
        """Take the stored settings into use: a generator that gives way. It begins when nothing else is in memory."""
        stored = self.stored()
        yield
        from .catalogue import settings as catalogue

        yield
        texts: dict = {}  # in two, for a table of all is more than a full heap has in one piece
        numbers: dict = {}
        count = 0
        for row in catalogue.entries():
            if row[0].startswith(_AT_STARTS):
                continue
            value = stored.get(row[0], catalogue.default(row))
            if value is not None:
                (texts if isinstance(value, str) else numbers)[row[0]] = value
            count += 1
            if count % _ROWS_A_PIECE == 0:
                gc.collect()  # so that what stays lies close together; see catalogue/settings.py
                yield
        del catalogue, stored
        forget("catalogue.settings", "catalogue.lookup")
        gc.collect()
        yield
        from .assembly import derive
        from .kept import kept

        yield
        derive(texts, numbers)
        self._app.control.configure(numbers)
        self._app.recorder.interval_s = numbers["readings.interval_s"]
        self._app.kept = kept(texts, numbers)
        forget("kept", "assembly", "control.configure")

    def events(self):
        """The newest events, (unix_s, uptime_s, code, a, b), oldest first, not further back than _LOG_BACK records.

        A generator that yields None now and then, to give way.
        """
        from .journal.cursor import Cursor

        yield None
        journal = self._app.recorder.journal
        cursor = Cursor(journal)
        cursor.seek(max(1, journal.next_seq - _LOG_BACK))
        count = 0
        kind = cursor.next()
        while kind != END:
            if kind == EVENT:
                yield _unix(cursor.t), cursor.uptime_s, cursor.code, cursor.a, cursor.b
            count += 1
            if count % _RECORDS_A_PIECE == 0:
                yield None
            kind = cursor.next()

    def unix_s(self):
        return _unix(self._app.clock.utc_s)


def _unix(t):
    return t if t == NONE else t + EPOCH_UNIX_S
