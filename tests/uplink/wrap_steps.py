"""argv[2] QoS 1 publishes in one session with the broker at port argv[1]; prints how many were acknowledged, once."""

import sys

from tests.uplink.session_steps import Told, connect, publish, until


class Counting(Told):
    """Every packet id that is acknowledged must be the next one: in order, none twice, none left out."""

    def on_ack(self, packet_id, ok):
        self.acks += 1
        if packet_id != (self.acks - 1) % 65535 + 1:
            raise ValueError("id %d at acknowledgement %d" % (packet_id, self.acks))


def main(port, n):
    told = Counting()
    session = connect(port, told, b"wrap")
    for i in range(n):
        publish(session, b"wrap", b"%d" % i)
    until(session, lambda: told.acks == n)
    print("acknowledged", told.acks, "last id", session.pid)
    session.stop("done", polite=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
