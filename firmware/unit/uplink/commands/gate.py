"""Who may give commands: looked at before anything of a command is read, or much code comes for it.

Loaded when something arrives, and let go with the code of commands.
"""

from ...control.basics import const
from .. import ticks
from .refusal import MAX_BYTES, count

_MOST_WAITING = const(4)  # commands and answers that wait
_ANSWER_MS = const(10000)  # between two answers to what is not signed
_TOLD = (1, 10, 100, 1000, 10000, 100000)  # at so many the journal has an event


def arrive(up, topic, payload, retained, now):
    """What an `Uplink` gets: a command, or while it looks who else uses its id, a state."""
    up.queue.used_ms = now  # this code too is let go in time
    command = up.root + b"cmd"
    if up.closed and topic != command and payload and payload.startswith(b'{"v":1,"boot":'):
        if retained:
            from ..closed import look

            look(up, payload)
    elif topic is None or topic == command:
        take(up.queue, topic and payload, retained, now)


def take(queue, payload, retained, now=0):
    """Keep what arrived on `cmd` until there is time for it; `payload` None for what is too long to be kept."""
    queue.used_ms = now
    if queue.key is not None and not _is_ours(queue, payload):
        _deny(queue, now)
    elif len(queue.replies) + len(queue.arrived) >= _MOST_WAITING:
        count(queue, "busy")
    else:
        too_long = payload is None or len(payload) > MAX_BYTES
        queue.arrived.append((b"" if too_long else payload, retained, too_long))


def _is_ours(queue, payload):
    from .sign import verify

    return queue.key and payload is not None and verify(queue.key, queue.begun[0], payload)


def _deny(queue, now):
    """Count it, and answer now and then: answers to all would let a stranger spend the traffic of a unit."""
    code, why = ("signature", "no valid signature") if queue.key else ("no_key", "the unit has lost its key")
    count(queue, code)
    times = queue.refused[code]
    if times in _TOLD:
        queue.begun[2]().denied(times)
    full = len(queue.replies) >= _MOST_WAITING
    if full or (queue.denied_at is not None and ticks.diff(now, queue.denied_at) < _ANSWER_MS):
        return
    from .sign import signed

    queue.denied_at = now
    text = b'{"id":null,"ok":false,"code":"%s","why":"%s"}' % (code.encode(), why.encode())
    queue.replies.append([0, signed(queue.key, queue.begun[0], b"reply", text)])
