"""A unit that runs in one of the worlds, for the tests to talk to."""

import json
import threading
from typing import Any

from tests import patience
from tests.uplink.worlds import start


class Running:
    """`unit_main.py` as a process. `lines` is what it has printed so far.

    On a busy machine a `speed` is as much less.
    """

    def __init__(self, world: str, heap: str = "1m", **options: Any):
        if "speed" in options:
            options["speed"] = int(patience.speed(options["speed"]))
        text = json.dumps(options)
        # MicroPython makes each argument a name, and those have at most 255 bytes.
        self.process = start(world, "unit_main.py", *(text[i : i + 200] for i in range(0, len(text), 200)), heap=heap)
        self.lines: list[str] = []
        self.changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait("boot")
        self.boot = int(self.lines[0].split()[1])

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()

    def wait(self, beginning: str, times: int = 1, timeout_s: float = 20) -> str:
        """The newest line that begins so, once there are `times` of them. AssertionError with all lines otherwise."""

        def found() -> list[str]:
            return [line for line in self.lines if line.startswith(beginning)]

        with self.changed:
            patience.until(lambda: len(found()) >= times or not self._reader.is_alive(), timeout_s, self.changed)
            assert len(found()) >= times, "\n".join(self.lines[-40:])
            return found()[-1]

    def say(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def figures(self) -> dict[str, Any]:
        """The unit's figures of this moment."""
        with self.changed:
            before = sum(line.startswith("{") for line in self.lines)
        self.say("figures")
        return json.loads(self.wait("{", before + 1))

    def live_ms(self, ms: int) -> None:
        """Let so much time pass by the uplink's clock."""
        begun = self.figures()["now_ms"]
        assert patience.until(lambda: self.figures()["now_ms"] - begun >= ms, 60), "\n".join(self.lines[-40:])

    def quit(self) -> dict[str, Any]:
        """End it politely; its last figures."""
        if self.process.poll() is None:
            self.say("quit")
        return self.end()

    def end(self) -> dict[str, Any]:
        """Wait for its end; its last figures."""
        assert patience.until(lambda: self.process.poll() is not None), "\n".join(self.lines[-40:])
        self._reader.join()
        assert self.process.returncode == 0, "\n".join(self.lines[-40:])
        return json.loads(self.lines[-1])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
