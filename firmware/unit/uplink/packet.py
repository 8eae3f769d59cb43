"""What all that builds and reads packets of MQTT shares."""

# States of a session.
IDLE = 0
OPENING = 1
GREETING = 2
UP = 3

HEAD_SEEN = 48  # bytes that are looked at of a retained message too long for the buffer


def sized(data):
    """A string of MQTT: its length in two bytes comes first."""
    return bytes((len(data) >> 8, len(data) & 255)) + data


def length(n):
    """The remaining length, up to 16383, in as few bytes as it takes."""
    return bytes((n,)) if n < 128 else bytes((n & 127 | 128, n >> 7))
