"""The topics of one unit, `qingxi/v1/<unit id>/...`, as bytes, ready for the session."""

ROOT = "qingxi/v1/"
_ALL = "/availability /meta /state /data /event /cmd /reply"  # one text: each by itself would take as much of a heap


class Topics:
    """Every topic that a unit uses; `docs/mqtt.md` says what stands in each."""

    def __init__(self, unit_id):
        topics = _ALL.replace("/", ROOT + unit_id + "/").encode().split()
        self.availability, self.meta, self.state, self.data, self.event, self.cmd, self.reply = topics
