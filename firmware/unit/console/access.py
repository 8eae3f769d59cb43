"""The lock of the console: `unlock PIN`. What a PIN is on a board stands in `unit.pin`."""

from ..pin import count, counted, stored, stretched, wait_s
from .listener import CALM_MS


def cmd_unlock(c, words):
    if not c.has_pin:
        yield c.say("no_pin")
        return
    if len(words) != 1:
        yield c.say("unlock_usage")
        return
    if c.listener.wrong < 0:
        c.listener.wrong = counted()
        c.listener.wait_until_s = wait_s(c.listener.wrong)
    if c.app.now_s < c.listener.wait_until_s:
        yield c.say("unlock_wait", span=c.text.span(c.listener.wait_until_s - c.app.now_s))
        return
    try:
        salt, rounds, wanted = stored()
    except (OSError, ValueError):
        yield c.say("pin_damaged")
        return
    # A try counts as wrong until it proves right, so Ctrl-C in time saves nothing.
    c.listener.wrong += 1
    yield CALM_MS
    count(c.listener.wrong)
    c.listener.wait_until_s = c.app.now_s + wait_s(c.listener.wrong)
    digest = None
    for digest in stretched(salt, rounds, words[0]):
        if digest is None:
            yield None
    if digest == wanted:
        c.listener.wrong = 0
        c.listener.wait_until_s = 0
        yield CALM_MS
        count(0)
        c.unlocked = True
        yield c.say("unlocked", span=c.text.span(c.lock_s))
    elif c.app.now_s < c.listener.wait_until_s:
        yield c.say("unlock_wrong_wait", span=c.text.span(c.listener.wait_until_s - c.app.now_s))
    else:
        yield c.say("unlock_wrong")
