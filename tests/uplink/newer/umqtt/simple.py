"""What newer versions of umqtt.simple do otherwise than 1.3.4: up to 1.8; an image of MicroPython 1.26.1 freezes 1.6.

They cannot be had from the registry, so their differences, as far as a session meets them, are written down here anew,
over 1.3.4: `connect` closes what was open and sets a timeout, `subscribe` writes its packet in other pieces, and
`wait_msg` returns what it met.
"""

import sys

for _folder in sys.path:
    if _folder.endswith("upackages"):
        with open(_folder + "/umqtt/simple.py") as _f:
            exec(_f.read(), globals())

_Older = MQTTClient  # type: ignore[name-defined]  # noqa: F821


class MQTTClient(_Older):  # type: ignore[no-redef, misc, valid-type]
    def connect(self, clean_session=True, timeout=None):
        if self.sock:
            self.sock.close()
        self.sock = socket.socket()  # type: ignore[name-defined]  # noqa: F821
        self.sock.settimeout(timeout)
        return super().connect(clean_session)

    def subscribe(self, topic, qos=0):
        self.pid += 1
        self.sock.write(bytearray((0x82, 5 + len(topic), 0, 0)), 2)
        self.sock.write(self.pid.to_bytes(2, "big"), 2)
        self._send_str(topic)
        self.sock.write(bytes((qos,)))
        while True:
            if self.wait_msg() == 0x90:
                self.sock.read(4)
                return

    def wait_msg(self):
        read, first = self.sock.read, []

        def noting(n):
            data = read(n)
            first.append(data)
            return data

        self.sock.read = noting
        try:
            super().wait_msg()
        finally:
            self.sock.read = read
        return first[0][0] if first and first[0] else None
