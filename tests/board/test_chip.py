"""The virtual board in a chip's memory: what was measured on the chip happens on it, and only there."""

import sys

import pytest

from host_tools import main
from host_tools.records import unitdocs
from host_tools.unitkit import boards
from sim.board import chips
from sim.board.idf import IdfMemory
from sim.board.shim import wire
from tests import patience

from . import rig

ESP32 = chips.CHIPS["esp32"]
PSRAM = chips.CHIPS["esp32-psram"]

# What the programs on the board begin with. `fill` takes memory up to so many bytes in use, `fails` says how.
TOOLS = """
import esp32, gc, network, socket, sys
kept = []
def fill(bytes_in_use):
    gc.collect()
    n = bytes_in_use - gc.mem_alloc()
    while n > 1500:
        kept.append(bytearray(1000))
        n -= 720
def largest():
    return max([region[2] for region in esp32.idf_heap_info(esp32.HEAP_DATA)])
def fails(what, *more):
    try:
        what(*more)
        return "works"
    except OSError as e:
        return e.args[0]
"""


def said(folder, program, chip="esp32", **options):
    """What the board prints, word by word, up to the line "over"."""
    found = rig.board(folder, TOOLS + program + "\nprint('over')\n", chip=chip, **options)
    return rig.output(found, "over").partition("over")[0].split(), found


# --- the arithmetic


def memory(chip=ESP32):
    return IdfMemory(chip, bytearray(wire.SIZE))


def test_the_heap_takes_what_it_has_or_the_largest_block():
    idf = memory()
    assert idf.grow(1000) == chips.usable(ESP32.heap_bytes)  # as much as it has
    assert idf.largest_bytes == ESP32.internal_bytes - ESP32.heap_bytes
    assert idf.grow(1000) == chips.usable(ESP32.internal_bytes - ESP32.heap_bytes)  # all that is left
    assert idf.largest_bytes == ESP32.piece_bytes
    assert idf.grow(1) == 0


def test_what_the_largest_block_could_not_hold_takes_nothing():
    idf = memory()
    assert idf.grow(ESP32.internal_bytes) == 0
    assert idf.heap_bytes == ESP32.heap_bytes
    assert idf.grow(ESP32.internal_bytes * 9 // 10) == chips.usable(ESP32.internal_bytes * 9 // 10 * 525 // 512)


def test_wifi_finds_no_memory_where_the_heap_has_it_all():
    idf = memory()
    idf.grow(1000)
    idf.grow(1000)
    assert not idf.wifi_begins()
    assert memory().wifi_begins()


def test_what_the_network_takes_is_what_was_measured():
    idf = memory()
    idf.grow(1000)
    assert idf.wifi_begins() and idf.may_connect()
    idf.socket_opened(5)
    assert abs(idf.largest_bytes - chips.MEASURED["broker"].largest_bytes) < 1024
    assert abs(idf.free_bytes - 34_800) < 1024
    assert idf.may_secure()
    idf.secured(1)
    assert abs(idf.free_bytes - 6_100) < 1024 and abs(idf.largest_bytes - 1_900) < 1024


def test_with_psram_the_heap_and_the_network_do_not_meet():
    idf = memory(PSRAM)
    assert idf.wifi_begins()
    for _ in range(3):
        assert idf.grow(1000)
    for connection in range(3):
        assert idf.may_connect() and idf.may_secure()
        idf.secured(connection)
    for connection in range(3):
        idf.unsecured(connection)
    assert idf.may_secure()


# --- the machine in it


def test_mem_free_counts_what_is_not_the_heaps(tmp_path):
    words, _ = said(tmp_path, "gc.collect(); print(gc.mem_alloc(), gc.mem_free(), largest())", boot="")  # as measured
    used, free, block = map(int, words)
    measured = chips.MEASURED["bare"]
    assert block == measured.largest_bytes
    assert used < 6000  # of it 1,300 on the chip; the rest is this test's
    assert abs(used + free - measured.used_bytes - measured.mem_free_bytes) < 1024


def test_the_heap_grows_once_and_then_has_the_chips_size(tmp_path):
    words, found = said(tmp_path, "fill(100000); gc.collect(); print(gc.mem_alloc(), gc.mem_free() - largest())")
    used, room = map(int, words)
    assert abs(used + room - 111_708) < 1024
    assert found.memory.chip_figures().heap_growths == 1
    assert found.memory.chip_figures().heap_most_used >= used > 95_000


FILLED = """
w = network.WLAN()
fill(100000)
before = fails(socket.socket), fails(socket.getaddrinfo, "127.0.0.1", 1)
gc.collect()
kept.append(bytearray(20000))
print(*before, fails(socket.socket), fails(socket.getaddrinfo, "127.0.0.1", 1), largest())
kept.clear()
gc.collect()
print(fails(socket.socket))
"""


def test_one_failed_allocation_empties_the_networks_memory_for_good(tmp_path):
    words, found = said(tmp_path, FILLED)
    assert words == ["works", "works", "-203", "-202", str(ESP32.piece_bytes), "-203"]
    assert found.memory.chip_figures().heap_growths == 2


def test_with_psram_it_does_not(tmp_path):
    words, _ = said(tmp_path, FILLED, chip="esp32-psram")
    assert words[2:4] == ["works", "works"] and words[5] == "works"
    assert int(words[4]) > 3_000_000


def test_a_hard_reset_gives_it_back_and_a_soft_one_does_not(tmp_path):
    program = """
import machine
rtc = machine.RTC()
start = len(rtc.memory())
rtc.memory(bytes(start + 1))
if start == 0:
    w = network.WLAN()
    fill(100000)
    kept.append(bytearray(20000))
print(fails(socket.socket))
if start == 0:
    machine.soft_reset()
if start == 1:
    machine.reset()
"""
    words, found = said(tmp_path, program, boot="")  # the firmware's own counts in that memory
    assert [word for word in words if word in ("-203", "works")] == ["-203", "-203", "works"]
    assert found.starts == 3
    assert found.memory.chip_figures().heap == ESP32.heap_bytes


def test_wifi_raises_where_the_heap_has_taken_all(tmp_path):
    words, _ = said(tmp_path, "fill(100000); kept.append(bytearray(20000)); print(fails(network.WLAN))")
    assert words == ["12"]


def test_what_has_no_room_anywhere_is_a_memory_error_and_takes_nothing(tmp_path):
    program = """
try:
    bytearray(200000)
except MemoryError:
    print(largest(), gc.mem_free() > 150000)
"""
    words, _ = said(tmp_path, program)
    assert words == [str(ESP32.internal_bytes), "True"]


SECURED = """
import ssl
w = network.WLAN()
fill(60000)  # so that the heap has grown
listening = socket.socket()
listening.bind(socket.getaddrinfo("127.0.0.1", 0)[0][-1])
listening.listen(9)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.verify_mode = ssl.CERT_NONE
def secure():
    plain = socket.socket()
    plain.setblocking(False)
    stream = context.wrap_socket(plain, do_handshake_on_connect=False)
    print(largest())
    stream.close()
    plain.close()
listening.close()
print(fails(secure), fails(secure), fails(socket.socket))
"""


def test_without_psram_tls_succeeds_once(tmp_path):
    words, _ = said(tmp_path, SECURED)
    left, *rest = words
    assert rest == ["works", "12", "works"]
    assert abs(int(left) - 1_900) < 1024


def test_with_psram_tls_succeeds_again(tmp_path):
    words, _ = said(tmp_path, SECURED, chip="esp32-psram")
    assert words[2:] == ["works", "works", "works"]


@pytest.mark.parametrize("chip", ["", "esp32"])
def test_without_a_reference_voltage_an_adc_raises(tmp_path, chip):
    program = "import machine; adc = machine.ADC(machine.Pin(36)); print(fails(adc.read_uv), adc.read())"
    found = rig.board(tmp_path, TOOLS + program + "\nprint('over')\n", vref=False, chip=chip)
    assert rig.output(found, "over").split()[0] == "-258"


def test_without_a_chip_nothing_is_taken_and_nothing_grows(tmp_path):
    program = "w = network.WLAN(); a = [socket.socket() for _ in range(9)]; print(largest(), fails(socket.socket))"
    found = rig.board(tmp_path, TOOLS + program + "\nprint('over')\n")
    assert rig.output(found, "over").split()[:2] == ["4128768", "works"]
    assert not any(found.memory.chip_figures())


IN_PROCESS = """
import ctypes, mmap, platform
MACHINE
import micropython_run
from sim.board import chip_memory, vm
from sim.board.shim import wire
memory = mmap.mmap(-1, wire.SIZE)
at = ctypes.addressof(ctypes.c_char.from_buffer(memory))
kept = chip_memory.surround("esp32", at)
micropython_run.run_main(["micropython", "-X", f"heapsize={vm.chip_heap_bytes('esp32')}", "-c", '''
import gc, uctypes
memory = uctypes.bytearray_at(%d, %d)
gc.disable()
memory[%d] = 1
gc.mem_free()
reserve = uctypes.bytearray_at(int.from_bytes(memory[%d:%d], "little"), 16)
gc.enable()
big = bytearray(100000)
gc.collect()
print(gc.mem_alloc() > 65000, int.from_bytes(memory[%d:%d], "little"))
''' % (at, wire.SIZE, wire.CHIP_ASKS, wire.RESERVE_AT, wire.RESERVE_AT + 8, wire.HEAP_GROWTHS, wire.HEAP_GROWTHS + 4)])
"""


@pytest.mark.parametrize("machine", ["", "platform.machine = lambda: 'another'"])
def test_a_processor_whose_code_is_not_known_asks_for_each_allocation(machine):
    command = [sys.executable, "-c", IN_PROCESS.replace("MACHINE", machine)]
    done = patience.run(command, 60, cwd=rig.ROOT)
    assert done.stdout.split() == ["True", "1"], done.stdout + done.stderr


def test_a_heap_of_ones_own_or_another_chip_is_refused(tmp_path, capsys):
    unit = tmp_path / "s3.toml"
    unit.write_text(unitdocs.new_file(boards.load("esp32s3-relay-6ch"), "u1"), encoding="utf-8")
    words = ["sim", "board", "--chip", "esp32", "--flash", str(tmp_path / "flash"), "--port", str(tmp_path / "tty")]
    assert main.main([*words, "--heap", "200000", "--unit", str(unit)]) == 2
    said = capsys.readouterr().err
    assert "--heap: not with --chip" in said and "esp32s3" in said
