"""A real mosquitto on a free loopback port, started, stopped, frozen and killed by the tests."""

import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from tests import patience

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Broker:
    """mosquitto with `lines` added to its configuration; it keeps nothing on disk unless they say so."""

    def __init__(self, folder: Path, *lines: str, port: int = 0):
        self.port = port or free_port()
        self.folder = folder
        self.config = folder / f"mosquitto-{self.port}.conf"
        own = ["user root", f"listener {self.port} 127.0.0.1", "max_queued_messages 0", "max_inflight_messages 0"]
        if not any(line.startswith("allow_anonymous") for line in lines):
            own.append("allow_anonymous true")
        self.config.write_text("\n".join([*own, *lines]) + "\n")
        self.process: subprocess.Popen | None = None
        self.start()

    def start(self) -> None:
        with open(self.config.with_suffix(".log"), "a") as log:
            self.process = subprocess.Popen([MOSQUITTO, "-c", str(self.config)], stdout=log, stderr=log)
        for port in re.findall(r"^listener (\d+)", self.config.read_text(), re.MULTILINE):
            self._await(int(port))

    def _await(self, port: int) -> None:
        assert self.process
        process = self.process

        def listens() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"mosquitto ended: {self.config.with_suffix('.log').read_text()}")
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0

        if not patience.until(listens):
            raise RuntimeError("mosquitto does not listen")

    def freeze(self) -> None:
        """It accepts connections (the kernel does) and says nothing."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """No goodbye, and nothing kept."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.thaw()
            self.process.terminate()
            self.process.wait()
