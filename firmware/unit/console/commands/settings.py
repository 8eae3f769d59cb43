"""The commands of the settings: show, set, keep. The next start tries a change; it lasts if somebody keeps it."""

from ...catalogue.tables import rows
from ...modules import forget
from ..listener import CALM_MS

# Modules are imported where they are needed, a slice of time for each: see `console`.

_YES = ("y", "yes", "是")
_NOT_HERE = ("unit.board", "unit.process")


def _hidden(row):
    """Settings of the simulator and files of the PC are on no board."""
    return "s" in row[5] or "p" in row[5]


def _stored(app):
    """What is stored of what is in force, and for the next start, None where that is the same. Leaves no module."""
    from ... import config

    found = config.in_force(app.config_from), config.stored_in(config.TRIAL)
    forget("config")
    return found


def cmd_show(c, words):
    if not words:
        for section in rows("sections"):
            if section[0] != "plant":
                yield "%s.*  %s" % (section[0], c.text.of(section, 1))
        yield c.say("show_usage")
        return
    yield CALM_MS
    stored, next_start = _stored(c.app)
    from ...catalogue import settings as catalogue

    yield None
    from ...catalogue import settings_words

    yield None
    wanted = words[0].rstrip("*")
    found = False
    for row in catalogue.entries():
        yield None
        if _hidden(row) or not row[0].startswith(wanted):
            continue
        found = True
        value = stored.get(row[0], catalogue.default(row))
        yield "%s = %s  %s" % (row[0], settings_words.show(row, value) or '""', c.text.of(row, 6))
        if row[0] == wanted:
            yield "  " + c.say("allowed", allowed=settings_words.allowed(row, c.text.lang))
        if next_start is not None and next_start.get(row[0], catalogue.default(row)) != value:
            later = settings_words.show(row, next_start.get(row[0], catalogue.default(row)))
            yield "  " + c.say("from_next_start", value=later)
    if not found:
        yield c.say("show_unknown", key=wanted[:40])


def cmd_set(c, words):
    # What is used is forgotten before the next comes: all of it at once is more than a chip has beside a console.
    from ...catalogue import settings as catalogue

    yield None
    if len(words) < 2:
        yield c.say("set_usage")
        return
    yield None
    key = words[0]
    row = catalogue.find(key)
    if row is None or _hidden(row):
        yield c.say("show_unknown", key=key[:40])
        return
    if key.startswith("wiring.") or key in _NOT_HERE:
        yield c.say("set_wiring", key=key)
        return
    yield CALM_MS
    in_force, stored = _stored(c.app)
    if stored is None:
        stored = in_force
    old = stored.get(key, catalogue.default(row))
    yield None
    from ...catalogue.settings_change import change

    yield None
    problem = yield from change(stored, {key: " ".join(words[1:])})
    del change
    forget("catalogue.settings_change")
    if problem:
        from ...catalogue.settings_problems import sentence

        yield CALM_MS
        yield sentence(problem, c.text.lang)
        return
    from ...catalogue import settings_words

    yield CALM_MS
    value = stored.get(key, catalogue.default(row))
    yield "%s: %s -> %s" % (key, settings_words.show(row, old), settings_words.show(row, value))
    yield "  " + c.say("allowed", allowed=settings_words.allowed(row, c.text.lang))
    del catalogue, settings_words
    forget("catalogue.settings", "catalogue.settings_words")
    if "a" in row[5]:
        yield c.say("set_risky")
        answer = yield (c.say("sure"),)
        if answer.lower() not in _YES:
            yield c.say("left")
            return
    from ... import config

    yield CALM_MS
    config.save(stored, config.TRIAL)
    yield c.say("set_done", span=c.text.span(config.TRIAL_S))
    answer = yield (c.say("set_restart"),)
    if answer.lower() not in _YES:
        yield c.say("set_later")
        return
    yield c.say("rebooting")
    yield None  # until the wire has taken it
    c.app.restart()


def cmd_keep(c, words):
    """The settings on trial last from now on."""
    from ... import config

    yield CALM_MS
    if c.app.config_from not in (config.FROM_TRIAL, config.FROM_AFAR):
        yield c.say("keep_nothing")
        return
    try:
        config.keep()
    except OSError:  # changed from afar meanwhile
        yield c.say("keep_nothing")
        return
    c.app.config_from = config.FROM_NEWEST
    c.app.trial_ends_s = 0
    yield c.say("kept")
