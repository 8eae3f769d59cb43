"""The Modbus master against pymodbus's RTU server, an independent implementation, over a real serial line."""

import asyncio
import os
import threading
import tty

import pytest
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice
from unit.control.basics import NONE
from unit.drivers import REFUSED, TIMEOUT
from unit.drivers.modbus import Bus, Probe
from unit.drivers.registers import RegisterMap, find

from tests import patience


class Port:
    """`machine.UART`'s interface on one end of a pseudo-terminal."""

    def __init__(self, fd):
        self.fd = fd

    def readinto(self, buffer):
        try:
            data = os.read(self.fd, len(buffer))
        except BlockingIOError:
            return None
        memoryview(buffer)[: len(data)] = data
        return len(data) or None

    def write(self, data):
        return os.write(self.fd, data)


@pytest.fixture
def line():
    """A serial line with a server of three devices at its other end."""
    master, slave = os.openpty()
    tty.setraw(master)
    tty.setraw(slave)
    os.set_blocking(master, False)
    loop = asyncio.new_event_loop()
    started = threading.Event()
    made = []

    async def serve():
        devices = [
            SimDevice(1, simdata=[SimData(0, values=[1, 3, 17, 3, 1234, 0xFF38], datatype=DataType.REGISTERS)]),
            SimDevice(2, simdata=[SimData(0, values=[0x01, 0x0900], datatype=DataType.REGISTERS)]),
            SimDevice(3, simdata=[SimData(0x16, values=[1.875], datatype=DataType.FLOAT32)]),
        ]
        # Meters as their makers describe them, each total a little different.
        devices += [
            SimDevice(11, simdata=[SimData(0x48, values=[1234.56], datatype=DataType.FLOAT32)]),
            SimDevice(12, simdata=[SimData(0x4000, values=[0.25], datatype=DataType.FLOAT32)]),
            SimDevice(13, simdata=[SimData(0x101E, values=[70000.5], datatype=DataType.FLOAT32)]),
            SimDevice(14, simdata=[SimData(0, values=[7133], datatype=DataType.UINT32)]),
        ]
        # On a real line nobody speaks for a device that is not there; pymodbus would.
        known = {device.id for device in devices}
        server = ModbusSerialServer(
            devices,
            framer=FramerType.RTU,
            port=os.ttyname(slave),
            baudrate=9600,
            trace_packet=lambda sending, data: b"" if sending and data[0] not in known else data,
        )
        made.append(server)
        await server.serve_forever(background=True)
        started.set()

    thread = threading.Thread(target=lambda: (loop.create_task(serve()), loop.run_forever()), daemon=True)
    thread.start()
    assert patience.until(started.is_set)
    yield Port(master)
    asyncio.run_coroutine_threadsafe(made[0].shutdown(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    os.close(master)
    os.close(slave)


def register_map(function, register, count, kind, scale, at=0):
    return RegisterMap(["x", "level", "9600", str(function), register, str(count), str(at), kind, scale, "", ""])


def ask(bus, probes, rounds=400):
    """Values of the probes, None for those that failed; the counter runs faster than the clock where nobody answers."""
    values = {}
    silence = threading.Event()
    for i in range(rounds):
        now_ms = i * 20
        for probe in probes:
            value = probe.read(now_ms)
            if value != NONE:
                values[probe] = value
            elif probe.errors:
                values.setdefault(probe, None)
        if len(values) == len(probes):
            break
        silence.wait(0.005)
    return [values.get(probe, "nothing") for probe in probes]


def test_values_of_several_probes_on_one_bus(line):
    bus = Bus(line, 9600)
    probes = [
        Probe(bus, 1, register_map(3, "0004", 1, "s16", "10"), zero=100),
        Probe(bus, 1, register_map(4, "0004", 2, "s16", "1", at=1)),
        Probe(bus, 2, register_map(3, "0000", 2, "u32 abcd", "1")),
        Probe(bus, 3, register_map(3, "0016", 2, "f32 abcd", "1000"), zero=3000, factor=-1),
    ]
    assert ask(bus, probes) == [12440, -200, 0x10900, 1125]
    assert [probe.errors for probe in probes] == [0, 0, 0, 0]


def test_every_kind_of_energy_meter(line):
    bus = Bus(line, 9600)
    kinds = {11: "eastron", 12: "ddsu666", 13: "dtsu666", 14: "dds238"}
    meters = [Probe(bus, address, find(kind), 0, 10) for address, kind in kinds.items()]
    # A float that has been multiplied by 100 keeps 22 bits: 20 Wh at 70,000 kWh.
    seen = ask(bus, meters)
    assert seen[:2] + seen[3:] == [1234560, 250, 71330]
    assert abs(seen[2] - 70_000_500) <= 20
    assert [meter.errors for meter in meters] == [0, 0, 0, 0]


def test_a_probe_that_is_missing_and_one_without_the_register_do_not_disturb_the_third(line):
    bus = Bus(line, 9600)
    probes = [
        Probe(bus, 9, register_map(3, "0000", 1, "u16", "1")),
        Probe(bus, 1, register_map(3, "1000", 1, "u16", "1")),
        Probe(bus, 1, register_map(3, "0004", 1, "u16", "1")),
    ]
    assert ask(bus, probes) == [None, None, 1234]
    assert [probe.last_error for probe in probes] == [TIMEOUT, REFUSED, 0]
