"""Files with secrets: one `name = value` a line, `#` begins a comment line. They never leave the board."""


def pairs(path):
    """The (name, value) of every line, in order. OSError if there is no such file, ValueError for a bad line."""
    found = []
    number = 0
    with open(path, encoding="utf-8") as f:
        for line in f:
            number += 1
            line = line.strip()
            if line and line[0] != "#":
                name, equals, value = line.partition("=")
                if not equals or not name.strip():
                    raise ValueError("%s: line %d: write name = value" % (path, number))
                found.append((name.strip(), value.strip()))
    return found


def broker(path):
    """(user, password, command key) of an `mqtt.credentials_file`, None for what it leaves out.

    ValueError, naming file and name, for a name that has no meaning there.
    """
    known = {"user": None, "password": None, "command_key": None}
    for name, value in pairs(path):
        if name not in known:
            raise ValueError("%s: %s: must be one of user, password, command_key" % (path, name))
        known[name] = value
    if known["user"] is not None and known["password"] is None:
        known["password"] = ""
    return known["user"], known["password"], known["command_key"]


def is_key(text):
    """Whether a `command_key` cannot be guessed: 16 random bytes at least, 32 characters in hexadecimal."""
    return len(text) >= 32 and len(set(text.encode())) >= 8


def sim(path):
    """("pap" or "chap", user, password) of a `network.sim_file`. ValueError as with `broker`."""
    known = {"auth": "pap", "user": "", "password": ""}
    for name, value in pairs(path):
        if name not in known or (name == "auth" and value not in ("pap", "chap")):
            raise ValueError("%s: %s: must be one of user, password, auth (pap or chap)" % (path, name))
        known[name] = value
    return known["auth"], known["user"], known["password"]
