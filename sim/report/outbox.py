"""The books of the uplink in the simulator: what was recorded, delivered, lost or delivered twice.

A model of the firmware's journal and session, not the code itself (that runs on the virtual board): a reading waits in
the flash until the broker acknowledged it; when the flash is full the oldest is overwritten; what was on its way when
the line fell silent is sent again.
"""

CAPACITY = 43_200  # readings that the flash holds at least: 30 days of one a minute
BATCH = 50  # readings in one message
MESSAGES_PER_S = 1  # one message in flight; a cellular link answers within about a second


class Outbox:
    """Counts of readings; `duplicated` are second copies, which a subscriber drops by their sequence number."""

    def __init__(self) -> None:
        self.recorded = 0
        self.delivered = 0
        self.lost = 0
        self.duplicated = 0
        self.waiting = 0  # in the flash, not acknowledged
        self._in_flight = 0
        self._sent_s = 0
        self._resend = 0

    def record(self, t_s: int, up: bool) -> None:
        """A new reading at second `t_s`; `up`: network and broker both answer."""
        self.recorded += 1
        if self.waiting == CAPACITY:
            self.lost += 1
        else:
            self.waiting += 1
        self.exchange(t_s, up)

    def exchange(self, t_s: int, up: bool) -> None:
        """Let the session do what it had time for since the last call. Call it also when the line changes."""
        if not up:
            if self._in_flight and t_s - self._sent_s < 1:
                # The broker has it, the acknowledgement never came: it goes out once more.
                self._resend = self._in_flight
            self._in_flight = 0
            self._sent_s = t_s
            return
        time_s = max(1, t_s - self._sent_s)
        sent = min(self.waiting, BATCH * MESSAGES_PER_S * time_s)
        self.duplicated += self._resend
        self._resend = 0
        self.waiting -= sent
        self.delivered += sent
        self._in_flight = min(sent, BATCH)
        self._sent_s = t_s
