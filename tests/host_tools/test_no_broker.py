"""What answers at the broker's address speaks no MQTT, or stops to: a sentence and exit code 3, never a traceback."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools import main
from host_tools.device import broker_check, remote
from host_tools.verbs import update
from tests.vm import ROOT

CONNACK = {"update": b"\x20\x02\0\0", "delivery": b"\x20\x03\0\0\0"}
ANSWERS = (
    b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\xff\xff\xff\xff\x7f", b"\x20\x02\0\x05",
    b"\x20\0", b"\x20\x02\0\xee", b"\x20\x03\0\xee\0", b"\xff" * 64, b"\0" * 64, b"\x20\x7f\0\0\x7b" + b"\xff" * 123,
)  # fmt: skip
LATER = (
    b"\x90\0", b"\x90\x03\0\x01\x77", b"\x90\x04\0\x01\0\xee", b"\x30\x04\0\x09xx", b"\x30\x04\0\x02\xff\xfe",
    b"\x36\x02\0\0",
)  # fmt: skip


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(update, "_signature", lambda *_: b"signed")
    monkeypatch.setattr(remote, "ANSWER_S", 2.0)
    monkeypatch.setattr(broker_check, "_ANSWER_S", 2.0)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def serve(server: socket.socket, *answers: bytes) -> None:
    """Answer each thing that a client says, on each connection, by the next of these."""

    def one(connection: socket.socket) -> None:
        with connection:
            try:
                for answer in answers:
                    connection.recv(4096)
                    connection.sendall(answer)
                connection.recv(4096)
            except OSError:
                pass

    def all_of_them() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=all_of_them, daemon=True).start()


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("verb", CONNACK)
@pytest.mark.parametrize("answers", [(a,) for a in ANSWERS] + [(None, a) for a in LATER])
def test_it_is_a_sentence(verb: str, answers: tuple, server: socket.socket, tmp_path: Path, capsys):
    serve(server, *(CONNACK[verb] if answer is None else answer for answer in answers))
    (tmp_path / "key.txt").write_text("command_key = 0f1e2d3c4b5a69788796a5b4c3d2e1f0\n")
    text = (ROOT / "boards/esp32/units/qiaotou.toml").read_text(encoding="utf-8")
    path = tmp_path / "unit.toml"
    path.write_text(text.replace('credentials_file = ""', 'credentials_file = "key.txt"'), encoding="utf-8")
    found = main.main([verb, "--broker", f"127.0.0.1:{server.getsockname()[1]}", "--unit", str(path)])
    shown = capsys.readouterr().err
    assert found == 3 or (found == 1 and verb == "delivery" and answers[0] is None), shown  # it says what is not kept
    assert "Traceback" not in shown and shown.strip()
