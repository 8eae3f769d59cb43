"""The command check: what a board can test by itself, without a crew and without moving water.

A line a check, `name state detail`, in words that a program reads too (`host_tools/device/self_test.py`). State is
`ok`, `bad` or `-` for what the unit file does not have. It ends with a line `end`.
"""

import gc
import sys

from ...catalogue.lookup import nth
from ...control.basics import FAILURE, NONE
from ..text import contrary

_BLOCKS, _BLOCK_BYTES = 4, 5  # requests of a block device
_ERRORS = ("", "no_device", "timeout", "checksum", "range", "refused")  # by the codes of `drivers`


def cmd_check(c, words):
    app = c.app
    yield c.say("check_begin")
    from ... import config

    yield None
    from ... import firmware

    yield _line("unit", True, c.unit_id)
    yield _line("micropython", True, "%d.%d.%d" % tuple(sys.implementation.version[:3]))
    yield _line("config", app.config_from == config.FROM_NEWEST, _sha256(config.newest() or b""))
    version, sha256 = firmware.stamp()
    yield _line("version", bool(version), version)
    yield _line("firmware", bool(sha256), sha256)
    yield _line("uptime", app.now_s > 0, "%d s" % app.now_s)
    yield _journal(app.recorder.journal)
    yield from _inputs(app.control)
    yield _line("wiring", not app.io.problems, " ".join(["%s=%s" % problem for problem in app.io.problems]))
    yield _errors(app.io)
    yield _line("clock", app.clock.tod_s >= 0, "" if app.clock.utc_s == NONE else str(app.clock.utc_s))
    name, up, served, why = app.reporting.link() if app.reporting else ("", None, None, "")
    if c.listener.reports_rest():
        why = "visit " + why
    yield _line("network", up, name)
    yield _line("broker", served, why)
    gc.collect()
    yield _line("memory", True, str(gc.mem_free()) if hasattr(gc, "mem_free") else "")
    yield None
    raised = ""
    for index, state in enumerate(app.control.alarms.state):
        if state:
            raised += nth("alarms", index)[0] + " "
            yield None
    yield _line("alarms", not raised, raised)
    yield "end"


def _line(name, good, detail=""):
    """`good` is None for what there is not."""
    return "%-9s %-3s %s" % (name, "-" if good is None else "ok" if good else "bad", detail)


def _errors(io):
    """What raised or came garbled since the start: how often, and what it was last."""
    drivers = [(name, io.inputs[i]) for i, name in enumerate(io.names)]
    drivers += [("inputs", chip) for chip in io.in_chips]  # which several inputs share
    drivers += [("relays", chip) for chip in io.out_chips]
    drivers += [("relays", io.relay), ("clock", io.clock)]
    found = ["%s=%d:%s" % (name, d.errors, _ERRORS[d.last_error]) for name, d in drivers if d and d.errors]
    return _line("errors", not found, " ".join(found))


def _journal(journal):
    size = journal.device.ioctl(_BLOCKS, 0) * journal.device.ioctl(_BLOCK_BYTES, 0)
    return _line("journal", journal.next_seq > 1 and not journal.failed, "%d %d" % (size, journal.next_seq))


def _inputs(control):
    well = control.well
    for name, signal in (("level", well.level), ("turbidity", control.turbidity)):
        fitted = name == "level" or control.supervision.turbidity_wired
        yield _line(name, signal.quality != FAILURE if fitted else None, str(signal.value) if fitted else "")
    for name, switch in (("float_high", well.float_high), ("float_low", well.float_low)):
        yield _line(name, None if switch.value == NONE else True, "" if switch.value == NONE else str(switch.value))
    yield _line("mains", bool(control.mains_on))
    for output in control.outputs:
        yield _line(output.name, not contrary(output, control.now_s), "on" if output.on else "off")


def _sha256(data):
    import hashlib
    from binascii import hexlify

    return str(hexlify(hashlib.sha256(data).digest()), "utf-8")
