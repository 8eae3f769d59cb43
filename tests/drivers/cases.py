"""A unit's wiring turned into drivers, and the parsers' main cases; runs on CPython and on the MicroPython machine."""

from unit.control.basics import NONE
from unit.control.io import Inputs
from unit.drivers.build import build
from unit.drivers.io import NAMES
from unit.drivers.modbus import crc16

from tests.drivers import hardware

TERMINALS = {
    "relay1": ["relay", 1, 25],
    "relay2": ["relay", 0, 26],
    "k3": ["relay", 0, 0, "pcf8574", 0x24],
    "k4": ["relay", 0, 1, "pcf8574", 0x24],
    "in1": ["input", 0, 4],
    "in2": ["input", 0, 14],
    "in3": ["input", 1, 18],
    "x5": ["input", 0, 5, "pcf8574", 0x22],
    "ai1": ["analog", 100, 34],
    "ai2": ["analog", 150, 2, "ads1115", 0x48],
    "ai3": ["analog", 100, 35],
    "us": ["uart", 1, 17, 16],
    "rs485": ["rs485", 2, 21, 22, 32],
    "i2c": ["i2c", 0, 22, 21],
}
DEFAULTS = {
    "level.signal": 0, "level.mount_height_mm": 0, "level.probe": "hydrostatic-mm", "level.modbus_address": 1,
    "turbidity.signal": 0, "turbidity.probe": "y511", "turbidity.modbus_address": 2, "turbidity.clear_mv": 4200,
    "turbidity.divider_ratio": 2000, "float_high.fitted": 1, "float_high.contact": 0, "float_low.fitted": 1,
    "float_low.contact": 1, "mains.sensed": 1, "inputs.debounce_ms": 200, "inputs.running_ma": 50,
    "wiring.level": "ai1", "wiring.turbidity": "ai2", "wiring.float_high": "in1", "wiring.float_low": "in2",
    "wiring.mains": "in3", "wiring.p1_running": "x5", "wiring.p2_running": "ai3", "wiring.blower_running": "",
    "wiring.energy": "", "energy.pulses_per_kwh": 1000, "energy.probe": "ddsu666", "energy.modbus_address": 3,
    "wiring.p1": "relay1", "wiring.p2": "relay2", "wiring.blower": "k3", "wiring.return": "k4",
}  # fmt: skip


class Output:
    def __init__(self, on):
        self.on = on


def unit(changes=None, terminals=TERMINALS, ticks_ms=lambda: 0):
    machine = hardware.fresh()
    machine.I2C.chips[0x24] = hardware.Registers(b"\xff")
    machine.I2C.chips[0x22] = hardware.Registers(b"\xdf")
    machine.I2C.chips[0x48] = hardware.Ads1115Model([0, 0, 1_200_000, 0])
    machine.ADC.uv[34] = 1_100_000
    machine.ADC.uv[35] = 400_000
    settings = dict(DEFAULTS)
    settings.update(changes or {})
    return build({"terminals": terminals}, settings, machine, ticks_ms)


def scan(io, now_ms=0):
    inputs = Inputs()
    io.scan(inputs, now_ms)
    return inputs


def counted(io):
    """{name: (errors so far, code of the last one)} where there are any."""
    drivers = [(NAMES[i], io.inputs[i]) for i in range(len(NAMES))] + [("inputs", chip) for chip in io.in_chips]
    drivers += [("relays", chip) for chip in io.out_chips] + [("relays", io.relay), ("clock", io.clock)]
    return {name: (driver.errors, driver.last_error) for name, driver in drivers if driver and driver.errors}


def errors(io, name):
    return counted(io)[name]


def test_every_wire_brings_its_signal():
    io = unit()
    assert io.problems == []
    scan(io, 0)
    inputs = scan(io, 1000)
    assert (inputs.level, inputs.turbidity) == (11000, 8000)
    assert (inputs.float_high, inputs.float_low, inputs.mains) == (0, 1, 0)
    assert (inputs.p1_running, inputs.p2_running, inputs.blower_running) == (1, 0, NONE)
    hardware.Pin.made[4].level = 0
    hardware.Pin.made[14].level = 0
    scan(io, 2000)
    inputs = scan(io, 3000)
    assert (inputs.float_high, inputs.float_low) == (1, 0)


def test_relays_follow_whatever_their_polarity():
    io = unit()
    assert (hardware.Pin.made[25].level, hardware.Pin.made[26].level) == (0, 1)
    on, off = Output(1), Output(0)
    io.drive([on, on, off, on])
    chip = hardware.I2C.chips[0x24]
    assert (hardware.Pin.made[25].level, hardware.Pin.made[26].level, chip.bytes[0]) == (1, 0, 0xFD)
    io.drive([off, off, on, off])
    assert (hardware.Pin.made[25].level, hardware.Pin.made[26].level, chip.bytes[0]) == (0, 1, 0xFE)
    io.all_off()
    assert chip.bytes[0] == 0xFF


def test_what_cannot_be_is_left_out_and_named():
    spoilt = dict(TERMINALS)
    spoilt["far"] = ["input", 0, 99]
    spoilt["half"] = ["analog"]
    spoilt["odd"] = ["relay", 1, 0, "max7301", 0x20]
    cases = (
        ({"wiring.level": "nowhere"}, "level", "no_terminal"),
        ({"wiring.level": "relay1"}, "level", "wrong_kind"),
        ({"wiring.level": "rs485"}, "level", "wrong_kind"),  # its signal is said to be a current
        ({"wiring.level": "rs485", "level.signal": 1, "level.probe": "none"}, "level", "no_probe"),
        ({"wiring.level": "rs485", "level.signal": 1, "level.probe": "sen0710"}, "level", "no_probe"),
        ({"wiring.float_high": "far"}, "float_high", "bad_pin"),
        ({"wiring.turbidity": "half"}, "turbidity", "bad_pin"),
        ({"wiring.blower": "odd"}, "blower", "no_chip"),
        ({"wiring.blower": "in1"}, "blower", "wrong_kind"),
        ({"wiring.energy": "x5"}, "energy", "wrong_kind"),
        ({"wiring.energy": "ai1"}, "energy", "wrong_kind"),
        ({"wiring.energy": "rs485", "energy.probe": "y511"}, "energy", "no_probe"),
    )
    for changes, name, code in cases:
        io = unit(changes, spoilt)
        assert io.problems == [(name, code)], (changes, io.problems)
        io.drive([Output(1)] * 4)
        scan(io)
    both = {"wiring.level": "rs485", "level.signal": 1, "wiring.turbidity": "rs485", "turbidity.signal": 1}
    assert unit(both).problems == []
    both["turbidity.probe"] = "sen0710"  # 4800 baud beside 9600
    assert unit(both).problems == [("turbidity", "mixed_baud")]


def test_a_dead_bus_reads_none_and_stops_no_tick():
    io = unit()
    scan(io, 0)
    hardware.I2C.chips.clear()
    for now in (1000, 2000, 3000):
        inputs = scan(io, now)
        io.drive([Output(1)] * 4)
    assert (inputs.turbidity, inputs.p1_running) == (NONE, NONE)
    assert errors(io, "turbidity") == (3, 1)
    assert errors(io, "inputs") == errors(io, "relays") == (3, 1)
    assert inputs.level == 11000
    assert hardware.Pin.made[25].level == 1


def test_ultrasonic_level_hangs_above_the_well():
    io = unit({"wiring.level": "us", "level.signal": 1, "level.mount_height_mm": 3000})
    assert scan(io, 0).level == NONE
    hardware.UART.made[1].incoming = b"\x12\xff\x07\xa1\xa7\xff"
    assert scan(io, 1000).level == 1047
    assert scan(io, 2000).level == NONE


def answer(body):
    crc = crc16(body, 0, len(body))
    return body + bytes((crc & 0xFF, crc >> 8))


def test_probe_answers_are_taken_on_the_next_tick_and_silence_is_counted():
    io = unit({"wiring.level": "rs485", "level.signal": 1, "level.mount_height_mm": 100})
    uart = hardware.UART.made[2]
    uart.answer = b"\x00" + answer(b"\x01\x03\x02\x02\x58")
    assert scan(io, 0).level == NONE
    assert hardware.Pin.made[32].level == 0  # back to receiving
    assert scan(io, 1000).level == 700
    assert uart.sent == 2
    uart.answer = b""
    assert scan(io, 2000).level == 700
    assert scan(io, 3000).level == NONE
    assert errors(io, "level") == (1, 2)
    uart.answer = answer(b"\x01\x83\x02")
    scan(io, 4000)
    scan(io, 5000)
    assert errors(io, "level")[1] == 5


def test_no_meter_says_nothing():
    assert scan(unit()).energy_wh == NONE


def test_a_pulse_meter_counts_from_the_start_in_wh():
    now = [0]
    for terminal, trigger in (("in1", hardware.Pin.IRQ_FALLING), ("in3", hardware.Pin.IRQ_RISING)):
        changes = {"wiring.energy": terminal, "wiring.float_high": "", "wiring.mains": ""}
        changes["energy.pulses_per_kwh"] = 1600
        io = unit(changes, ticks_ms=lambda: now[0])
        assert io.problems == [] and scan(io, 0).energy_wh == 0
        pin = hardware.Pin.made[TERMINALS[terminal][2]]
        assert pin.trigger == trigger
        for _ in range(1601):
            now[0] = (now[0] + 100) & 0x3FFFFFFF
            pin.handler(pin)
        assert scan(io, 1000).energy_wh == 1000
        for _ in range(7):
            now[0] = (now[0] + 100) & 0x3FFFFFFF
            pin.handler(pin)
        assert scan(io, 2000).energy_wh == 1005


def test_a_modbus_meter_is_asked_every_ten_seconds_and_says_wh():
    io = unit({"wiring.energy": "rs485", "energy.modbus_address": 7})
    uart = hardware.UART.made[2]
    uart.answer = answer(b"\x07\x03\x04\x43\x00\x80\x00")  # 128.5 kWh
    seen = [scan(io, second * 1000).energy_wh for second in range(25)]
    assert seen == [NONE] + [128500] + 9 * [NONE] + [128500] + 9 * [NONE] + [128500] + 3 * [NONE]
    assert uart.sent == 3
    uart.answer = b""
    assert [scan(io, second * 1000).energy_wh for second in range(25, 45)] == 20 * [NONE]
    assert errors(io, "energy")[1] == 2


def test_a_steady_scan_allocates_nothing():
    try:
        from micropython import heap_lock, heap_unlock
    except ImportError:
        return  # a figure of the MicroPython machine
    changes = (
        {},
        {"wiring.turbidity": "ai3", "turbidity.signal": 1, "wiring.p2_running": ""},
        {"wiring.level": "us", "level.signal": 1, "level.mount_height_mm": 3000},
        {"wiring.level": "rs485", "level.signal": 1, "wiring.turbidity": "rs485", "turbidity.signal": 1},
        {"wiring.energy": "in1", "wiring.float_high": ""},
        {"wiring.energy": "rs485", "energy.modbus_address": 1, "energy.probe": "dds238"},
    )
    outputs = [Output(1), Output(0), Output(1), Output(0)]
    inputs = Inputs()
    for change in changes:
        io = unit(change)
        for uart in hardware.UART.made.values():
            uart.answer = answer(b"\x01\x03\x02\x02\x58")
            uart.incoming = b"\xff\x07\xa1\xa7" * 3
        io.scan(inputs, 0)
        io.drive(outputs)
        now_ms = 1000
        while now_ms < 6000:
            heap_lock()
            try:
                io.scan(inputs, now_ms)
                io.drive(outputs)
            finally:
                heap_unlock()
            now_ms += 1000
        assert inputs.float_low == 1
