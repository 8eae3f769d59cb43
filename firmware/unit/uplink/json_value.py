"""Any value as JSON: for what is seldom written, so that its code need not stay in memory."""


def write_value(out, value):
    """A str, int, bool, None, or a list or dict of them, as JSON; floats do not occur."""
    if isinstance(value, str):
        out.text(value)
    elif value is True or value is False:
        out.raw(b"true" if value else b"false")
    elif isinstance(value, dict):
        out.raw(b"{")
        first = True
        for name in value:
            out.key(name, first)
            write_value(out, value[name])
            first = False
        out.raw(b"}")
    elif isinstance(value, (list, tuple)):
        out.raw(b"[")
        first = True
        for item in value:
            if not first:
                out.raw(b",")
            write_value(out, item)
            first = False
        out.raw(b"]")
    else:
        out.number(value)
