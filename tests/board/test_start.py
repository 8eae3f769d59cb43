"""From power-on to the prompt: outputs first, time as on an ESP32, resets and their causes."""

import os
import signal

import pytest

from host_tools.unitkit import partitions
from sim.board.shim import wire

from . import rig

_RELAYS = {terminal[2]: 1 - terminal[1] for terminal in rig.unit().board.terminals.values() if terminal[0] == "relay"}


def test_every_relay_is_opened_before_any_other_pin_is_touched(tmp_path):
    found = rig.board(tmp_path, plant=True)
    found.run(5)
    first = found.memory.pin_log()[: len(_RELAYS)]
    assert {pin: level for pin, _, level in first} == _RELAYS
    assert all(mode == 3 for _, mode, _ in first)


def test_nothing_comes_before_the_relays_but_what_cannot_fail_nor_jump():
    """A Ctrl-C strikes at a jump: without one before the `try`, none leaves a relay as it was."""
    source = (rig.ROOT / "firmware/boot.py").read_text(encoding="utf-8")
    before = source.partition("RELAYS = ()")[0]
    lines = [line.partition("  #")[0] for line in before.splitlines() if line and not line.startswith("#")]
    assert lines == ["from machine import Pin", "from micropython import kbd_intr", "kbd_intr(-1)"]


def test_the_plant_is_run_by_the_real_firmware(tmp_path):
    found = rig.board(tmp_path, plant=True)
    found.run(8 * 3600)
    world = found.plant.world
    assert found.starts == 1
    assert world.plant.lifted_m3 > 0.5 and world.plant.overflow_m3 == 0
    assert world.plant.blower.run_s > 3600


def test_two_runs_are_the_same(tmp_path):
    ends = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        found = rig.board(tmp_path / name, plant=True)
        found.run(2 * 3600)
        ends.append((found.plant.world.plant.lifted_m3, found.memory.pin_log(), found.requests))
    assert ends[0] == ends[1]


def test_ticks_wrap_at_30_bits_and_the_epoch_is_2000(tmp_path):
    main = """
import time
a = time.ticks_ms()
time.sleep_ms(2000)
b = time.ticks_ms()
print(a > b, time.ticks_diff(b, a))
print(time.mktime((2000, 1, 1, 0, 0, 0, 0, 0)), time.gmtime(0)[:3], time.time() < 100)
for day in range(0, 40000, 7):
    s = day * 86400 + day
    assert time.mktime(time.gmtime(s)) == s
print(time.gmtime(803520000))
"""
    lines = rig.output(rig.board(tmp_path, main, ticks_start_ms=(1 << 30) - 1000)).splitlines()
    assert lines == ["True 2000", "0 (2000, 1, 1) True", "(2025, 6, 18, 0, 0, 0, 2, 169)"]


def test_asyncio_sleeps_right_across_the_wrap(tmp_path):
    main = """
import asyncio
async def tick(name, ms, n):
    for i in range(n):
        await asyncio.sleep_ms(ms)
        print(name, i)
async def late():
    await asyncio.sleep_ms(3600000)
    print("late")
async def run():
    asyncio.create_task(late())
    asyncio.create_task(tick("a", 400, 6))
    await tick("b", 1000, 3)
    try:
        await asyncio.wait_for_ms(tick("c", 5000, 1), 100)
    except asyncio.TimeoutError:
        print("timeout")
    await asyncio.sleep_ms(3600000)
asyncio.run(run())
"""
    lines = rig.output(rig.board(tmp_path, main, boot="", ticks_start_ms=(1 << 30) - 1500)).splitlines()
    assert lines == ["a 0", "a 1", "b 0", "a 2", "a 3", "b 1", "a 4", "a 5", "b 2", "timeout", "late"]


def test_resets_tell_their_cause(tmp_path):
    main = """
import machine, time
kept = machine.RTC().memory()
machine.RTC().memory(kept + bytes((machine.reset_cause(),)))
if len(kept) == 0:
    machine.reset()
if len(kept) == 1:
    machine.WDT(timeout=500)
    time.sleep(2)
if len(kept) == 2:
    machine.soft_reset()
print(list(machine.RTC().memory()))
"""
    assert "[1, 2, 3, 5]" in rig.output(rig.board(tmp_path, main, boot=""), "]")


def test_a_power_cut_clears_pins_rtc_memory_and_the_chips_clock(tmp_path):
    found = rig.board(tmp_path)
    found.memory.put_u64(wire.RTC_OFFSET_S, 800_000_000)
    found.memory.bytes[wire.RTC_MEMORY : wire.RTC_MEMORY + 2] = b"\x04\x00"
    found.memory.bytes[wire.PIN_MODE + 25] = 3
    found.power_cut()
    assert found.memory.bytes[wire.RTC_MEMORY : wire.RTC_MEMORY + 2] == b"\x00\x00"
    assert not found.memory.drives(25, 0)
    assert found.memory.u64(wire.RTC_OFFSET_S) == 0


def test_the_partition_table_is_a_real_one(tmp_path):
    found = rig.board(tmp_path)
    table = partitions.decode(found.flash.read(partitions.TABLE_AT, 0xC00))
    assert [(p.name, p.at, p.size) for p in table if p.name in ("vfs", "journal")] == [
        ("vfs", 0x200000, 640 * 1024),
        ("journal", 0x2A0000, 1408 * 1024),
    ]


def test_a_machine_that_hangs_is_bitten_by_its_watchdog(tmp_path):
    main = """
import machine
if machine.reset_cause() == machine.WDT_RESET:
    print("bitten")
else:
    machine.WDT(timeout=500)
    while True:
        pass
"""
    assert "bitten" in rig.output(rig.board(tmp_path, main, boot=""), "bitten")


_FED = """
import machine, time
watchdog = machine.WDT(timeout=500)
while True:
    watchdog.feed()
    time.sleep_ms(10)
"""


@pytest.mark.parametrize("hangs", ["while True: pass", "time.sleep(1000)", "while True: machine.Pin(25)", "input()"])
def test_one_that_hangs_at_the_clocks_speed_is_bitten_too(tmp_path, hangs):
    main = f"if machine.reset_cause() == machine.WDT_RESET:\n    print('bitten')\nelse:\n    {hangs}"
    main = f"import machine, time\nmachine.WDT(timeout=500)\n{main}"
    assert "bitten" in rig.output(rig.board(tmp_path, main, boot="", speed=1.0), "bitten")


def test_one_that_the_computer_had_no_time_for_is_not(tmp_path):
    found = rig.board(tmp_path, _FED, boot="", speed=1.0)
    with rig.running(found):
        rig.until(lambda: found.memory.u32(wire.WDT_TIMEOUT_MS))
        os.kill(found._process.pid, signal.SIGSTOP)
        stopped_us = found.now_us
        rig.until(lambda: found.now_us > stopped_us + 2_000_000)
        os.kill(found._process.pid, signal.SIGCONT)
        rig.until(lambda: found.memory.u64(wire.WDT_FED_US) > stopped_us + 2_000_000)
    assert found.starts == 1
