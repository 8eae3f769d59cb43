"""Switches, analog inputs, chips and the clock against models of their registers."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.control.basics import NONE
from unit.drivers import RANGE
from unit.drivers.ads1115 import Ads1115
from unit.drivers.analog import Current, PinVolts
from unit.drivers.build import curve
from unit.drivers.current_switch import CurrentSwitch
from unit.drivers.ds3231 import Ds3231
from unit.drivers.expander import Hc595, Pcf8574, Tca9554
from unit.drivers.falling import FallingTurbidity
from unit.drivers.io import Io
from unit.drivers.pulses import PulseCounter
from unit.drivers.switch import Switch

from tests.drivers import hardware


@pytest.fixture
def machine():
    return hardware.fresh()


def test_a_switch_waits_until_the_contact_has_settled(machine):
    pin = machine.Pin(4, value=1)
    switch = Switch(pin, 0, 200)
    assert switch.read(0) == 0
    pin.level = 0
    assert switch.read(1000) == 0
    pin.level = 1
    assert switch.read(1050) == 0
    pin.level = 0
    assert switch.read(1100) == 0
    assert switch.read(1250) == 0
    assert switch.read(1300) == 1


def test_a_switch_counts_across_the_wrap_of_the_clock(machine):
    pin = machine.Pin(4, value=0)
    switch = Switch(pin, 1, 200)
    switch.read(2**30 - 100)
    pin.level = 1
    assert switch.read(2**30 - 50) == 0
    assert switch.read(150) == 1


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 150)), max_size=30))
def test_no_bounce_shorter_than_the_debounce_time_gets_through(bounces):
    pin = hardware.fresh().Pin(4, value=0)
    switch = Switch(pin, 1, 200)
    now = 0
    switch.read(now)
    for level, ms in bounces:
        pin.level = level
        switch.read(now)
        now += ms
        pin.level = 0
        assert switch.read(now) == 0


def test_a_motor_runs_when_its_transformer_says_so(machine):
    running = CurrentSwitch(Current(PinVolts(machine.ADC(machine.Pin(34))), 100), 5000)
    for ua, state in ((4000, 0), (5000, 1), (4900, 1), (4800, 0), (4900, 0), (0, NONE), (4100, 0)):
        machine.ADC.uv[34] = ua * 100
        assert running.read(0) == state, ua


def test_pulses_are_counted_once_each(machine):
    now = [0]
    pin = machine.Pin(4)
    counter = PulseCounter(pin, pin.IRQ_FALLING, lambda: now[0], 1000)
    for ms in (0, 5, 100, 119, 120, 2**30 + 200):
        now[0] = ms % 2**30
        pin.handler(pin)
    assert counter.read(0) == 4
    assert counter.read(0) == 4


@pytest.mark.parametrize("per_kwh", [1, 400, 1000, 1600, 6400, 20000])
def test_no_pulse_is_lost_to_rounding_or_to_the_wrap_of_the_count(machine, per_kwh):
    now = [0]
    pin = machine.Pin(4)
    counter = PulseCounter(pin, pin.IRQ_FALLING, lambda: now[0], per_kwh)
    counter._total = counter._taken = 0xFFFFF - 30  # so many have been counted and read
    before_wh = 0
    for pulses in range(1, 7001):
        now[0] += 60
        pin.handler(pin)
        if pulses % 7 == 0:
            wh = counter.read(now[0])
            assert wh == pulses * 1000 // per_kwh >= before_wh
            before_wh = wh


def test_a_day_without_a_look_at_the_count_stays_a_small_number(machine):
    pin = machine.Pin(4)
    now = [0]
    counter = PulseCounter(pin, pin.IRQ_FALLING, lambda: now[0], 20000)
    counter._rest = 19999
    counter._total = 0xFFFFF
    assert counter.read(0) == (0xFFFFF * 1000 + 19999) // 20000
    assert 0xFFFFF * 1000 + 19999 < 1 << 30  # of a 32-bit board
    now[0] = 1000
    pin.handler(pin)
    assert counter._total == 0  # the count begins again


@given(st.integers(0, 24500))
def test_loop_current_over_a_shunt(ua):
    machine = hardware.fresh()
    machine.ADC.uv[34] = ua * 100
    assert Current(PinVolts(machine.ADC(machine.Pin(34))), 100).read(0) == ua


def test_a_converter_that_raised_leaves_no_old_samples(machine):
    adc = machine.ADC(machine.Pin(34))
    samples = iter([3_000_000] * 15)
    adc.read_uv = lambda: next(samples)
    volts = PinVolts(adc)
    with pytest.raises(StopIteration):
        volts.read_uv(0)
    samples = iter([1_000_000] * 16)
    assert volts.read_uv(1000) == 1_000_000


def test_channels_of_one_ads1115_take_turns_and_are_never_mixed_up(machine):
    machine.I2C.chips[0x48] = hardware.Ads1115Model([400_000, 2_000_000, 0, -5000])
    chip = Ads1115(machine.I2C(0), 0x48)
    channels = [chip.channel(i) for i in (0, 1, 3)]
    seen = [set(), set(), set()]
    for now in range(0, 300, 3):
        for channel, values in zip(channels, seen, strict=True):
            values.add(channel.read_uv(now))
    assert seen == [{NONE, 400_000}, {NONE, 2_000_000}, {NONE, -5000}]
    del machine.I2C.chips[0x48]
    with pytest.raises(OSError):
        channels[0].read_uv(1000)


def test_turbidity_falls_with_the_voltage(machine):
    machine.ADC.uv[35] = 2_100_000
    sensor = FallingTurbidity(PinVolts(machine.ADC(machine.Pin(35))), curve("ts300b"), 4200, 2000)
    assert sensor.read(0) == 0
    readings = []
    for uv in range(2_200_000, 1_000_000, -10_000):
        machine.ADC.uv[35] = uv
        readings.append(sensor.read(0))
    assert readings == sorted(readings)
    assert readings[-1] == 9990
    machine.ADC.uv[35] = 0
    assert (sensor.read(0), sensor.last_error) == (NONE, RANGE)


def test_expanders_put_out_and_take_in(machine):
    chip = machine.I2C.chips[0x24] = hardware.Registers(b"\xff")
    pcf = Pcf8574(machine.I2C(0), 0x24)
    bit = pcf.bit(3)
    assert bit.value() == NONE
    bit.value(0)
    pcf.flush()
    assert chip.bytes[0] == 0xF7
    pcf.fetch()
    assert (bit.value(), pcf.bit(2).value()) == (0, 1)
    tca_registers = machine.I2C.chips[0x20] = hardware.Registers(b"\x00\xff\x00\xff")
    tca = Tca9554(machine.I2C(0), 0x20)
    tca.bit(7).value(1)
    tca.flush()
    assert tca_registers.bytes == bytearray((0, 0x80, 0, 0))
    machine.I2C.chips.clear()
    for talk in (pcf.fetch, pcf.flush, tca.flush):
        with pytest.raises(OSError):
            talk()


def test_a_shift_register_gets_its_last_line_first():
    lines = {"data": [], "level": 0}

    class Line:
        def __init__(self, act):
            self.value = act

    def clock(level):
        if level:
            lines["data"].append(lines["level"])

    chip = Hc595(Line(lambda level: lines.update(level=level)), Line(clock), Line(lambda level: None), 8)
    chip.bit(0).value(1)
    chip.bit(6).value(1)
    chip.flush()
    assert lines["data"] == [0, 1, 0, 0, 0, 0, 0, 1]


@given(st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2099, 12, 31, 23, 59, 59)))
def test_the_clock_keeps_every_time_of_its_century(time):
    machine = hardware.fresh()
    chip = machine.I2C.chips[0x68] = hardware.Registers(bytes(15) + b"\x80")
    clock = Ds3231(machine.I2C(0))
    assert not clock.fetch()  # it has stood still
    day = (time.date() - datetime.date(2000, 1, 1)).days
    second = time.hour * 3600 + time.minute * 60 + time.second
    assert clock.set(day, second)
    assert chip.bytes[:3].hex() == time.strftime("%S%M%H")
    assert chip.bytes[4:7].hex() == time.strftime("%d%m%y")
    assert clock.fetch()
    assert (clock.day, clock.second) == (day, second)
    chip.bytes[15] |= 0x80
    assert not clock.fetch()
    assert clock.last_error == RANGE


@given(st.binary(min_size=7, max_size=7))
def test_no_registers_of_the_clock_give_a_day_that_is_none(registers):
    machine = hardware.fresh()
    machine.I2C.chips[0x68] = hardware.Registers(registers + bytes(9))
    clock = Ds3231(machine.I2C(0))
    if clock.fetch():
        date = datetime.date(2000, 1, 1) + datetime.timedelta(clock.day)
        assert date.strftime("%d%y") == bytes((registers[4], registers[6])).hex()
        assert 0 <= clock.second < 86400


class Babbler:
    """A chip that answers every read with whatever comes, and now and then not at all."""

    def __init__(self, answers):
        self.answers = iter(answers)

    def write(self, register, buffer):
        pass

    def read(self, register, buffer):
        for i in range(len(buffer)):
            byte = next(self.answers, None)
            if byte is None:
                raise OSError(19)
            buffer[i] = byte


@given(st.binary(max_size=40), st.sampled_from([50, 100, 150, 250]))
def test_whatever_an_ads1115_answers_is_a_voltage_it_can_have_or_none(data, shunt_ohm):
    machine = hardware.fresh()
    machine.I2C.chips[0x48] = Babbler(data)
    channel = Ads1115(machine.I2C(0), 0x48).channel(0)
    io = Io()
    io.inputs[0] = Current(channel, shunt_ohm)
    for now_ms in range(0, 400, 20):
        got = io.read(0, now_ms)
        assert got == NONE or abs(got) <= 4_096_000 // shunt_ohm + 1


@given(st.integers(-1_000_000, 6_000_000), st.integers(500, 6000), st.integers(1000, 4000))
def test_any_voltage_is_a_turbidity_within_the_sensors_range_or_none(uv, clear_mv, divider_ratio):
    machine = hardware.fresh()
    machine.ADC.uv[35] = uv
    got = FallingTurbidity(PinVolts(machine.ADC(machine.Pin(35))), curve("ts300b"), clear_mv, divider_ratio).read(0)
    assert got == NONE or 0 <= got <= 10_000


@given(st.lists(st.binary(min_size=1, max_size=1), max_size=20))
def test_whatever_an_expander_answers_is_a_level_or_none(answers):
    machine = hardware.fresh()
    machine.I2C.chips[0x24] = Babbler(b"".join(answers))
    machine.I2C.chips[0x20] = Babbler(b"".join(answers))
    for chip in (Pcf8574(machine.I2C(0), 0x24), Tca9554(machine.I2C(0), 0x20)):
        io = Io()
        io.in_chips.append(chip)
        for _ in range(25):
            io.fetch()
            assert {chip.bit(i).value() for i in range(8)} <= {0, 1, NONE}
