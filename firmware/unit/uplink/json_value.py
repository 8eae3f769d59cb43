"""Any value as JSON: for what is seldom written, so that its code need not stay in memory."""

_ESCAPED = b'"\\\n\r\t'
_ESCAPES = b'\\"\\\\\\n\\r\\t'  # in the same order, two bytes each


def write_value(out, value):
    """A str, int, bool, None, or a list or dict of them, as JSON; floats do not occur."""
    if isinstance(value, str):
        out.raw(b'"%s"' % _escaped(value.encode()))
    elif value is True or value is False:
        out.raw(b"true" if value else b"false")
    elif isinstance(value, dict):
        comma = b"{"
        for name in value:
            out.raw(comma)
            comma = b","
            out.name(name)
            out.raw(b":")
            write_value(out, value[name])
        out.raw(b"}" if value else b"{}")
    elif isinstance(value, (list, tuple)):
        comma = b"["
        for item in value:
            out.raw(comma)
            comma = b","
            write_value(out, item)
        out.raw(b"]" if value else b"[]")
    else:
        out.number(value)


def _escaped(data):
    """Byte by byte: MicroPython keeps every single character that a program takes out of a text, for ever."""
    whole = bytearray()
    for byte in data:
        at = _ESCAPED.find(bytes((byte,))) * 2
        if at >= 0:
            whole.extend(_ESCAPES[at : at + 2])
        else:
            whole.append(byte if byte >= 32 else 63)  # "?"
    return bytes(whole)
