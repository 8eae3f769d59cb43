"""A resolver and a time server on loopback, for the questions that a unit asks over UDP."""

import socket
import struct
import threading


class UdpServer:
    """Answers every datagram with what `answer` makes of it; None keeps silent. `asked` counts them."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.asked = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def answer(self, question: bytes) -> bytes | None:
        raise NotImplementedError

    def _serve(self) -> None:
        while True:
            question, peer = self._socket.recvfrom(512)
            self.asked += 1
            reply = self.answer(question)
            if reply is not None:
                self._socket.sendto(reply, peer)


class Resolver(UdpServer):
    """Knows `hosts`, name to address; "" for an address means silence."""

    def __init__(self, **hosts: str) -> None:
        self.hosts = {name.replace("_", "."): address for name, address in hosts.items()}
        super().__init__()

    def answer(self, question: bytes) -> bytes | None:
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += question[at] + 1
        address = self.hosts.get(".".join(labels))
        if address == "":
            return None
        asked = question[12 : at + 5]
        if address is None:
            return question[:2] + b"\x81\x83\0\x01\0\0\0\0\0\0" + asked  # no such name
        # An alias first, as big services have it, then the address.
        alias = b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x04\x01x\xc0\x0c"
        found = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04" + socket.inet_aton(address)
        return question[:2] + b"\x81\x80\0\x01\0\x02\0\0\0\0" + asked + alias + found


class TimeServer(UdpServer):
    """Says `unix_s`; `stratum` 0 is a server that refuses, `forged` one that did not see the question."""

    def __init__(self, unix_s: int, stratum: int = 2, forged: bool = False) -> None:
        self.unix_s, self.stratum, self.forged = unix_s, stratum, forged
        super().__init__()

    def answer(self, question: bytes) -> bytes | None:
        origin = bytes(8) if self.forged else question[40:48]
        seconds = struct.pack("!I", (self.unix_s + 2208988800) & 0xFFFFFFFF)
        return bytes([0x24, self.stratum]) + bytes(22) + origin + bytes(8) + seconds + bytes(4)
