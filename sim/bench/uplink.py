"""Uplink: acknowledged readings a second and bytes a reading, draining 30 days to mosquitto, beside other ways."""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path

import paho.mqtt.client as paho

from host_tools.unitkit import upackages
from host_tools.unitkit.errors import SurroundingsFailed
from host_tools.unitkit.places import ROOT

BACKLOG = 30 * 24 * 60  # one reading a minute
RUNS = 3
SHORT = 60  # readings
PACKET_BYTES = 40  # TCP and IPv4 headers of a segment
SEGMENT_BYTES = 1460

WAYS = (
    ("qingxi, batches from the journal (VM)", "drain", BACKLOG),
    ("qingxi's session, a reading a message (VM)", "session", 20000),
    ("raw socket, one message in flight (VM)", "raw", 20000),
    ("umqtt.simple used plainly, QoS 1 (VM)", "plain", 60),
    ("paho-mqtt, a reading a message (CPython)", "paho", 20000),
)

Figures = tuple[float, float, float, float]  # readings, seconds, messages, bytes of MQTT


def main(args: Namespace) -> None:
    runs_each = 1 if args.short else RUNS
    found: dict[str, list[Figures]] = {}
    with tempfile.TemporaryDirectory() as folder:
        broker, port = mosquitto(Path(folder))
        try:
            # Turn by turn, so that what else the computer does meets all alike.
            for _ in range(runs_each):
                for name, way, most in WAYS:
                    n = min(most, SHORT) if args.short else most
                    figures = _paho(port, n) if way == "paho" else _on_vm(way, port, n)
                    found.setdefault(name, []).append(figures)
        finally:
            broker.terminate()
            broker.wait()
    print(f"{'':45}{'readings/s':>12}{'messages/s':>12}{'bytes/reading':>15}   median of {runs_each}")
    rates = {}
    for name, runs in found.items():
        rate = statistics.median(n / s for n, s, _, _ in runs)
        messages = statistics.median(m / s for _, s, m, _ in runs)
        readings, _, sent, size = runs[0]
        rates[name] = rate, messages
        # Every message and every acknowledgement in segments of its own: an upper bound.
        wire = size + PACKET_BYTES * sent * (2 + size / sent // SEGMENT_BYTES)
        print(f"{name:45}{rate:12,.0f}{messages:12,.0f}{size / readings:8.1f} ({wire / readings:.0f} with TCP/IP)")
    ours, alone, raw, plain, other = rates.values()
    by_plain, by_paho, by_raw = (ours[0] / way[0] for way in (plain, other, raw))
    print(f"readings: {by_plain:,.0f} x umqtt.simple, {by_paho:.1f} x paho, {by_raw:.2f} x raw")
    print(f"messages: the session alone {alone[1] / raw[1]:.2f} x raw")


def _on_vm(way: str, port: int, n: int) -> Figures:
    path = f"{ROOT / 'firmware'}:{ROOT}:{upackages.ensure()}:.frozen"
    command = [Path(sys.executable).with_name("micropython"), "-X", "heapsize=16m", "sim/bench/vm/uplink_steps.py"]
    done = subprocess.run(
        [*map(str, command), way, str(port), str(n)],
        env=dict(os.environ, MICROPYPATH=path), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    readings, seconds, messages, size = map(float, done.stdout.split())
    return readings, seconds, messages, size


def _paho(port: int, n: int) -> Figures:
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="paho")
    client.max_queued_messages_set(0)
    client.connect("127.0.0.1", port)
    client.loop_start()
    topic = "qingxi/v1/bench/data"
    began = time.perf_counter()
    size = 0
    for i in range(n):
        payload = '{"t":%d,"q":0,"v":[%d,12.3,45,60,0,30,12,25,5]}' % (1777836800 + 60 * i, 600 + i % 37)
        last = client.publish(topic, payload, 1)
        size += len(payload) + len(topic) + 6 + 4
    last.wait_for_publish(120)
    took = time.perf_counter() - began
    client.disconnect()
    client.loop_stop()
    return n, took, n, size


def mosquitto(folder: Path, port: int = 0) -> tuple[subprocess.Popen, int]:
    """A broker that lets everybody in, and its port: a free one, unless it is given."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if not program:
        what = "mosquitto; on Debian: apt-get install mosquitto"
        raise SurroundingsFailed.of(f"缺少 {what}", f"missing: {what}")
    if not port:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
    (folder / "conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n")
    command = [program, "-c", str(folder / "conf")]
    broker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return broker, port
        except OSError:
            time.sleep(0.05)
    raise SurroundingsFailed.of("mosquitto 没有开始监听", "mosquitto does not listen")
