"""What a terminal shows: enough of a VT100 for the console, with characters that are two columns wide.

Runs on CPython and on MicroPython alike.
"""

from unit.console.terminal.line import width


class Screen:
    """Feed it the bytes of the serial port; `lines` is then all that was shown, the line with the cursor last.

    ValueError for bytes that would spoil a terminal: a control character or a sequence that the console never sends.
    """

    def __init__(self, columns=80):
        self.columns = columns
        self.lines = [""]
        self.column = 0
        self.bytes = 0
        self._held = b""  # an end that waits for the rest of its character or sequence

    def write(self, data):
        """Show some bytes."""
        self.bytes += len(data)
        data = self._held + data
        end = len(data)
        while end and data[end - 1] >= 0x80 and not _whole(data[:end]):
            end -= 1
        escape = data[:end].rfind(b"\x1b")
        if escape >= 0 and not any(chr(c).isalpha() for c in data[escape + 1 : end]):
            end = escape
        self._held = data[end:]
        text = data[:end].decode()
        i = 0
        while i < len(text):
            i = self._escape(text, i + 1) if text[i] == "\x1b" else self._char(text, i)

    def _char(self, text, i):
        char = text[i]
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self.lines.append("")
        elif char < " " or char == "\x7f":
            raise ValueError("the terminal was sent " + repr(char))
        else:
            wide = width(char)
            if self.column + wide > self.columns:  # a terminal goes on in the next line
                self.lines.append("")
                self.column = 0
            line = self.lines[-1]
            before = _cut(line, self.column)
            after = line[len(_cut(line, self.column + wide)) :]
            self.lines[-1] = before + " " * (self.column - width(before)) + char + after
            self.column += wide
        return i + 1

    def _escape(self, text, i):
        end = i + 1
        while not text[end].isalpha():
            end += 1
        if text[i] != "[" or text[end] not in "KD":
            raise ValueError("the terminal was sent the sequence " + repr(text[i : end + 1]))
        if text[end] == "K":
            self.lines[-1] = _cut(self.lines[-1], self.column)
        else:
            self.column -= int(text[i + 1 : end] or "1")
        return end + 1


def _cut(line, columns):
    """The beginning of a line, so many columns of it."""
    if width(line) == len(line):
        return line[:columns]
    end = 0
    taken = 0
    while end < len(line):
        taken += width(line[end])
        if taken > columns:
            break
        end += 1
    return line[:end]


def _whole(data):
    try:
        data.decode()
    except UnicodeError:
        return False
    return True
