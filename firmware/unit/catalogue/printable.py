"""Text from outside, made safe for a terminal: names from afar, answers, error texts, what a file or a board says.

Such text must not move the cursor, colour the screen, type into it, or be read in another order than it is written.
The same on board and PC. Bytes, not characters: MicroPython keeps every single character that is taken out of a str.
"""

# Control characters (C0, DEL, C1), joiners and marks without width, line and paragraph separators, marks that turn the
# direction of writing, halves of surrogate pairs, annotations and tags that nobody sees. All but the first below 0x20.
_HIDDEN = (
    (0, 0x1F), (0x7F, 0x9F), (0x61C, 0x61C), (0x180E, 0x180E), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F),
    (0xD800, 0xDFFF), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0xE0000, 0xE007F),
)  # fmt: skip


def is_printable(code):
    """Whether the character with this code shows as itself and does nothing else."""
    if 0x20 <= code < 0x7F or 0x2FFF < code < 0xD800:
        return True  # nearly always
    return not any(low <= code <= high for low, high in _HIDDEN)


def printable(text, allowed=b""):
    """The text with `?` for every character that is not printable, but for the control characters `allowed`."""
    data = text.encode("utf-8", "surrogatepass")
    made = None
    code = left = begun = 0  # bytes that the character lacks, and where it began
    for at, byte in enumerate(data):
        if byte < 0x80:
            code = byte
            begun = at
            left = 0
        elif byte >= 0xC0:
            left = 3 if byte >= 0xF0 else 2 if byte >= 0xE0 else 1
            code = byte & 0x3F >> left
            begun = at
        elif left:
            code = code << 6 | byte & 0x3F
            left -= 1
        else:  # no character of UTF-8 at all; MicroPython does not look
            code = 0
            begun = at
        if left or is_printable(code) or (code < 0x20 and code in allowed):
            continue
        if made is None:
            made = bytearray(data)
        made[begun : at + 1] = b"?" + bytes(at - begun)  # as long as before; the rest of it goes at the end
    return text if made is None else str(bytes(made).replace(b"\0", b""), "utf-8")
