"""The line editor: a state machine fed with bytes, so that it never waits and nothing typed can break it.

MicroPython keeps every single character that a program takes out of a str, by an index, a loop or `chr`, for ever. Here
characters come and go as bytes and slices, or whoever types many different ones would use up the heap.
"""

from ...catalogue.printable import is_printable
from ...control.basics import const

# What a byte did.
NOTHING = const(0)
CHANGED = const(1)
ENTER = const(2)
CANCEL = const(3)
COMPLETE = const(4)

_HISTORY = const(8)
_MAX_SEQUENCE = const(8)  # bytes of an escape sequence that are kept
_WIDE_FROM = const(0x1100)

# Ranges of characters that take two columns: East Asian Width W and F of the Unicode standard, annex 11.
_WIDE = (
    (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F),
    (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x20000, 0x3FFFD),
)  # fmt: skip


def width(text):
    """Columns that a text takes on a terminal."""
    columns = 0
    code = left = 0
    data = text.encode()
    if len(data) == len(text):
        return len(text)
    for byte in data:
        if byte & 0xC0 != 0x80:  # a character begins
            columns += 1
            left = 3 if byte >= 0xF0 else 2 if byte >= 0xE0 else 0
            code = byte & (7 if byte >= 0xF0 else 15)
        elif left:
            code = code << 6 | byte & 0x3F
            left -= 1
            if not left and code >= _WIDE_FROM and _wide(code):
                columns += 1
    return columns


def _wide(code):
    return any(low <= code <= high for low, high in _WIDE)


def _written(code):
    """The character with this code."""
    if code < 0x80:
        return str(bytes((code,)), "utf-8")
    last = 0x80 | code & 0x3F
    if code < 0x800:
        return str(bytes((0xC0 | code >> 6, last)), "utf-8")
    third = 0x80 | code >> 6 & 0x3F
    if code < 0x10000:
        return str(bytes((0xE0 | code >> 12, third, last)), "utf-8")
    return str(bytes((0xF0 | code >> 18, 0x80 | code >> 12 & 0x3F, third, last)), "utf-8")


def _editable(code):
    """Combining marks and private characters would break the count of columns."""
    return is_printable(code) and not (0x300 <= code < 0x370 or 0xE000 <= code < 0xF900)


class Line:
    """The line being typed. `feed` takes a byte; `text` is then what stands there, `cursor` a place in it."""

    def __init__(self, limit=120):
        """`limit`: most characters; what is typed beyond them is dropped."""
        self.limit = limit
        self.text = ""
        self.cursor = 0
        self._history = []
        self._back = 0  # lines back in history, 0: the line being typed
        self._code = 0  # of the character that arrives
        self._need = 0  # bytes that it still lacks
        self._least = 0  # smallest code that may be written with so many bytes
        self._escape = None  # bytes of an escape sequence so far
        self._was_return = False

    def feed(self, byte):
        """Take one byte; returns NOTHING, CHANGED, ENTER, CANCEL or COMPLETE."""
        after_return = self._was_return
        self._was_return = byte == 13
        if self._escape is not None:
            return self._sequence(byte)
        if byte >= 0x80:
            return self._utf8(byte)
        self._need = 0
        if byte >= 32 and byte != 127:
            return self.insert(_written(byte))
        if byte == 10 and after_return:
            return NOTHING  # the second half of one line end
        if byte == 13 or byte == 10:
            return ENTER
        if byte == 3:
            return CANCEL
        if byte == 9:
            return COMPLETE
        if byte == 27:
            self._escape = b""
            return NOTHING
        return self._control(byte)

    def take(self, remember=True):
        """The finished line; the editor is empty again. `remember` keeps it in the history."""
        text = self.text.strip()
        if remember and text and (not self._history or self._history[-1] != text):
            if len(self._history) >= _HISTORY:
                self._history.pop(0)
            self._history.append(text)
        self._set("")
        self._back = 0
        return text

    def insert(self, chars):
        """Put characters in at the cursor as far as there is room."""
        chars = chars[: self.limit - len(self.text)]
        if not chars:
            return NOTHING
        self.text = self.text[: self.cursor] + chars + self.text[self.cursor :]
        self.cursor += len(chars)
        return CHANGED

    def view(self, columns, mask_from=-1):
        """(what to show, how many columns left of its end the cursor stands) in a window of so many columns.

        Characters from the place `mask_from` on are shown as stars.
        """
        text = self.text
        if 0 <= mask_from < len(text):
            text = text[:mask_from] + "*" * (len(text) - mask_from)
        start = 0
        left = width(text[: self.cursor])
        while left > columns:
            left -= width(text[start : start + 1])
            start += 1
        end = len(text)
        right = width(text[self.cursor :])
        while left + right > columns:
            end -= 1
            right -= width(text[end : end + 1])
        return text[start:end], right

    def _set(self, text):
        self.text = text
        self.cursor = len(text)
        return CHANGED

    def _erase(self, start, end):
        if start >= end:
            return NOTHING
        self.text = self.text[:start] + self.text[end:]
        self.cursor = start
        return CHANGED

    def _move(self, cursor):
        self.cursor = max(0, min(len(self.text), cursor))
        return CHANGED

    def _recall(self, step):
        back = self._back + step
        if not 0 <= back <= len(self._history):
            return NOTHING
        self._back = back
        return self._set(self._history[-back] if back else "")

    def _control(self, byte):
        if byte == 8 or byte == 127:
            return self._erase(max(0, self.cursor - 1), self.cursor)
        if byte == 4:
            return self._erase(self.cursor, min(len(self.text), self.cursor + 1))
        if byte == 21:
            return self._erase(0, self.cursor)
        if byte == 11:
            return self._erase(self.cursor, len(self.text))
        if byte == 23:
            start = self.text[: self.cursor].rstrip().rfind(" ") + 1
            return self._erase(start, self.cursor)
        if byte == 1:
            return self._move(0)
        if byte == 5:
            return self._move(len(self.text))
        if byte == 16:
            return self._recall(1)
        if byte == 14:
            return self._recall(-1)
        return CHANGED if byte == 12 else NOTHING

    def _sequence(self, byte):
        """Inside ESC [ ... or ESC O ...; anything else after ESC is dropped."""
        so_far = self._escape
        if byte == 27:
            self._escape = b""
            return NOTHING
        if not so_far and byte in b"[O":
            self._escape = bytes((byte,))
            return NOTHING
        if not so_far or byte < 32 or byte > 126:
            self._escape = None
            return NOTHING
        if byte < 64:
            if len(so_far) < _MAX_SEQUENCE:
                self._escape = so_far + bytes((byte,))
            return NOTHING
        self._escape = None
        key = chr(byte)
        if key == "~":
            key = {b"[1": "H", b"[7": "H", b"[4": "F", b"[8": "F", b"[3": "~"}.get(so_far, "")
        if key == "A":
            return self._recall(1)
        if key == "B":
            return self._recall(-1)
        if key == "C":
            return self._move(self.cursor + 1)
        if key == "D":
            return self._move(self.cursor - 1)
        if key == "H":
            return self._move(0)
        if key == "F":
            return self._move(len(self.text))
        return self._control(4) if key == "~" else NOTHING

    def _utf8(self, byte):
        """One byte of a character of several; whatever is not UTF-8 is dropped."""
        if byte < 0xC0:
            if not self._need:
                return NOTHING
            self._code = self._code << 6 | byte & 0x3F
            self._need -= 1
            if self._need:
                return NOTHING
            code = self._code
            return self.insert(_written(code)) if self._least <= code < 0x110000 and _editable(code) else NOTHING
        if byte < 0xE0:
            self._need, self._code, self._least = 1, byte & 0x1F, 0xA0
        elif byte < 0xF0:
            self._need, self._code, self._least = 2, byte & 0x0F, 0x800
        elif byte < 0xF5:
            self._need, self._code, self._least = 3, byte & 0x07, 0x10000
        else:
            self._need = 0
        return NOTHING
