"""The topics of one unit, `qingxi/v1/<unit id>/...`, as bytes, ready for the session."""

ROOT = "qingxi/v1/"


class Topics:
    """Every topic that a unit uses; `docs/mqtt.md` says what stands in each."""

    def __init__(self, unit_id):
        base = (ROOT + unit_id + "/").encode()
        self.availability = base + b"availability"
        self.meta = base + b"meta"
        self.state = base + b"state"
        self.data = base + b"data"
        self.event = base + b"event"
        self.cmd = base + b"cmd"
        self.reply = base + b"reply"
