"""Asks for the time, and judges the answer. In memory only while a question is open.

Nobody signs an NTP answer, so whoever sits on the way can say any time. Believed is what the unit's own records do not
contradict; what they do contradict is counted, and told once a start. The crew can set any time at the console.
"""

from ..control.basics import NONE, const
from ..control.events import TIME_REFUSED
from ..journal.layout import EPOCH_UNIX_S
from ..modules import forget
from ..released import RELEASED_S
from .questions import questions

_AGAIN_MS = const(21600000)  # six hours
_RETRY_MS = const(30000)
_DAY_S = const(86400)
_YEAR_S = const(31556952)
_LIFE_YEARS = const(20)  # nobody runs a firmware that is older; a unit whose journal holds no time has no better bound


def ask(keeper, now, up):
    """A slice of the question of a `clock.Clock`; `up` is the `Uplink`."""
    if not keeper.question:
        host = keeper.servers[keeper.failures % len(keeper.servers)]
        keeper.question = questions().TimeAt(host, keeper.port, up.resolver(), now)
        return
    unix_s = keeper.question.poll(now)
    if unix_s is None:
        return
    forget("uplink.asking", "released")
    keeper.question = None
    keeper.since = now
    keeper.wait_ms = _AGAIN_MS
    if not unix_s or not _took(unix_s - EPOCH_UNIX_S, up):
        keeper.failures += 1
        keeper.wait_ms = _RETRY_MS


def _took(utc_s, up):
    """Set the unit's clock, unless it is right to the second. False if this time is not believed."""
    newest = up.newest
    newest.update()
    clock, uptime_s = newest.clock, newest.uptime_s
    if clock.begun_s == NONE and clock.utc_s != NONE:  # from now on the journal holds a time
        clock.begun_s = clock.utc_s - uptime_s
    if not believed(utc_s, clock.begun_s, uptime_s):
        if not clock.refused:
            up.drain.journal.event(uptime_s, TIME_REFUSED, utc_s // _YEAR_S + 2020, 0)
        clock.refused += 1
        return False
    if clock.utc_s == NONE or not -2 < utc_s - clock.utc_s < 2:
        clock.set(utc_s)
    if clock.begun_s == NONE:
        clock.begun_s = utc_s - uptime_s
    return True


def believed(utc_s, begun_s, uptime_s):
    """Whether it can be `utc_s` now, `uptime_s` after a start that knew of `begun_s`: s since 2020, the latter or NONE.

    Never before the firmware's own date. Where the journal holds a time: not more than a day before, for a clock drifts
    and is set by hand; not more than a year later than the time that has passed since, for a unit may have been off.
    Held against the start, not against the last answer, or a liar could go on year by year.
    """
    if utc_s < RELEASED_S:
        return False
    if begun_s == NONE:
        return utc_s < RELEASED_S + _LIFE_YEARS * _YEAR_S
    known_s = begun_s + uptime_s
    return known_s - _DAY_S <= utc_s <= max(known_s, RELEASED_S) + _YEAR_S
