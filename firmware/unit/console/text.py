"""Words for people at the console: from the tables, in the language of the moment, filled in and broken into lines."""

from ..catalogue.lookup import entry, nth, piece
from ..catalogue.printable import printable
from ..control.basics import NONE, const
from .terminal.line import width

_SETTLED_S = const(6)
_PIECES = const(4)  # that are kept: in so many stands all that status says
COLUMNS = const(79)  # of 80: a full last column makes some terminals wrap

LABEL = const(11)  # columns of the word at the head of a line
_CLAUSE_ENDS = "，。；：、？）"
_STEPS = (86400, 3600, 60, 1)


class Text:
    """`lang` is "zh" or "en"; `utf8` False asks for plain ASCII in drawings. The listener remembers both."""

    def __init__(self, listener):
        self._listener = listener
        self.lang = listener.lang
        self.utf8 = listener.utf8
        self._pieces = []  # of console.txt, around the words said last: what is said next mostly stands there too

    def choose(self, lang, utf8):
        """Speak and draw like this from now on."""
        self.forget()
        self.lang = self._listener.lang = lang
        self.utf8 = self._listener.utf8 = utf8

    def forget(self):
        """Let go of the words of this command."""
        self._pieces.clear()

    def say(self, entry_key, **values):
        """The text `entry_key` of console.txt with its `{name}`s filled in."""
        entry_key = entry_key.rstrip()  # see host_tools/unitkit/shrink/pad.py
        found = None
        for known in self._pieces:
            found = found or entry(known, entry_key)
        if not found:
            more = piece("console", entry_key)
            if not more:
                return entry_key
            if len(self._pieces) >= _PIECES:
                self._pieces.pop(0)
            self._pieces.append(more)
            found = entry(more, entry_key)
        text = self.of(found, 1)
        for name in values:
            text = text.replace("{" + name + "}", str(values[name]))
        return text

    def of(self, row, zh):
        """The text of a table's row in the language of the moment; the Chinese one stands in column `zh`."""
        return row[zh if self.lang == "zh" else zh + 1]

    def span(self, seconds):
        """A length of time as a crew says it, with its two largest units: 2小时5分, 2h 5min."""
        names = self.say("units").split(" ")
        seconds = max(0, seconds)  # at a start some machines have rested since "later"
        blank = "" if self.lang == "zh" else " "
        for i in range(3):
            step = _STEPS[i]
            if seconds >= step:
                smaller = seconds % step // _STEPS[i + 1]
                text = "%d%s" % (seconds // step, names[i])
                return text + ("%s%d%s" % (blank, smaller, names[i + 1]) if smaller else "")
        return "%d%s" % (seconds, names[3])

    def reason(self, number, control, output):
        """Why `output` of `control` is as it is, in a sentence with its figures."""
        text = self.of(nth("reasons", number), 1)
        if "{" not in text:
            return text
        if "{level_mm}" in text and not control.well.level_ok:
            return self.say("blind")  # a level that nobody knows explains nothing
        lift = control.process.lift
        guard = output.guard
        now_s = control.now_s
        for name, value in (
            ("level_mm", control.well.level_mm),
            ("lift.stop_level_mm", lift.stop_level_mm),
            ("lift.start_level_mm", lift.start_level_mm),
            ("lift.assist_level_mm", lift.assist_level_mm),
        ):
            text = text.replace("{" + name + "}", "%d mm" % value)
        if "{" in text:
            until_s = max(0, output.claims.until_s - now_s)
            wait_s = guard.wait_s(now_s, number)
            text = text.replace("{cycle}", self.span(control.process.aeration.left_s()))
            text = text.replace("{until}", self.span(until_s)).replace("{wait}", self.span(wait_s))
            text = text.replace("{command.max_lease_s}", self.span(control.max_lease_s))
        return text

    def past_reason(self, number):
        """The same for an entry of the log: without figures, which nobody knows any more."""
        text = nth("reasons", number)
        if text is None:
            return "?"
        kept = []
        text = self.of(text, 1)
        mark = "，" if self.lang == "zh" else ", "
        for clause in text.replace("；", "，").replace("; ", ", ").split(mark):
            if "{" not in clause:
                kept.append(clause)
            elif "{level_mm}" in clause:
                kept.append(clause[: clause.rfind("{lift")].replace("{level_mm} ", "").strip())
        return mark.join(kept)

    def alarm(self, index):
        """(what is wrong, what to do) in row `index` of alarms.txt."""
        row = nth("alarms", index)
        return self.of(row, 7), self.of(row, 9)


def contrary(output, now_s):
    """Whether the feedback contradicts the command, and has had the time that a contactor needs."""
    return output.running not in (NONE, output.on) and now_s - output.guard.since_s > _SETTLED_S


def unproven(c, output):
    """Words behind what is said of a machine that was told to run and whose running nothing shows."""
    return c.say("no_feedback") if output.on and output.running == NONE else ""


def label(c, key):
    """The word `key` as the head of a line."""
    return pad(c.say(key), LABEL)


def pad(text, columns):
    """The text with blanks up to so many columns."""
    return text + " " * (columns - width(text))


def _may_break(text, place):
    """Latin words stay whole; Chinese may break anywhere but before a mark that ends a clause."""
    before = text[place - 1 : place]
    return text[place : place + 1] not in _CLAUSE_ENDS and (before == " " or ord(before) > 0x2E80)


def wrap(text, indent=0):
    """Yield the lines of a text, none wider than the terminal; all but the first begin with `indent` blanks.

    Whatever a command shows comes through here, names and errors from outside too: none of it reaches a terminal raw.
    """
    text = printable(text)
    line = ""
    while _wider(line + text, COLUMNS):
        end = 0
        left = COLUMNS - width(line)
        while left > 1:  # so many at once as fit if all of them are wide
            part = text[end : end + left // 2]
            end += len(part)
            left -= width(part)
        if left and width(text[end : end + 1]) == 1:
            end += 1
        cut = end
        while cut and not _may_break(text, cut):
            cut -= 1
        cut = cut or end
        yield line + text[:cut].rstrip()
        text = text[cut:].lstrip()
        line = " " * indent
    yield line + text


def _wider(text, columns):
    """Whether a text takes more columns. A wide character is three bytes or more, so most need not be looked at."""
    characters = len(text)
    return characters + (len(text.encode()) - characters) // 2 > columns and width(text) > columns
