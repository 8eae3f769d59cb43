"""What memory a chip has, in its own bytes, and what the network takes of it.

Measured with unmodified images (MicroPython 1.26.1 ESP32_GENERIC, 1.27.0 with SPIRAM) on an emulated ESP32 with Wi-Fi.
What was not measured by itself is marked as the model's.
"""

from dataclasses import dataclass

SCALE_PERMILLE = 690  # bytes of the chip's heap for a thousand of the virtual machine's, whose words have 64 bits
USABLE_OF_128 = 125  # of a heap's bytes, the rest being the collector's tables
WIFI_BYTES = 21_024  # together with one socket 23,072, measured; how much of it is the socket's is the model's
SOCKET_BYTES = 2_048
CONNECTION_BYTES = 4_096  # the least block for a new socket or a look-up: 1,900 was too little, 30,500 enough
TLS_BYTES = 28_600  # a connection over TLS
NAME_BYTES = 7  # of a table of names, each
MOST_NAMES = 620  # that the tables hold which are counted here
APART_BYTES = 4_096  # the model's: what a TLS connection gives back comes in two pieces; the next finds no room


@dataclass(frozen=True)
class Chip:
    """`--chip NAME`. All figures at the bare prompt, before anything was imported."""

    name: str
    heap_bytes: int  # MicroPython's heap, tables included
    internal_bytes: int  # ESP-IDF's largest free block within the chip
    pieces_bytes: int  # what else of it is free, in pieces,
    piece_bytes: int  # of which this is the largest
    psram_bytes: int  # largest free block outside the chip, out of which the heap then grows; 0: there is none
    most_heap_bytes: int  # up to which the virtual machine has memory for it


CHIPS = {
    "esp32": Chip("esp32", 57_344, 110_592, 4_200, 1_700, 0, 57_344 + 110_592),
    # 4.04 MB free and 112,000 within the chip were measured with Wi-Fi, TLS and a console: these are the sums.
    "esp32-psram": Chip("esp32-psram", 57_344, 163_672, 4_200, 1_700, 4_100_000, 16 * 57_344),
}


@dataclass(frozen=True)
class Measured:
    """A state of the firmware on the chip without PSRAM: bytes in use after a collection, `mem_free`, largest block."""

    used_bytes: int
    mem_free_bytes: int
    largest_bytes: int


MEASURED = {
    "bare": Measured(1_300, 165_296, 110_592),
    "unit": Measured(56_800, 108_480, 53_572),
    "console": Measured(72_800, 92_496, 53_572),
    "broker": Measured(96_200, 48_500, 30_500),
    "both": Measured(116_000, 29_700, 1_700),
}


def usable(heap_bytes: int) -> int:
    """What of a heap is not tables."""
    return heap_bytes * USABLE_OF_128 // 128


def scaled(vm_bytes: int) -> int:
    """Bytes of the chip's heap for what takes so many of the virtual machine's."""
    return vm_bytes * SCALE_PERMILLE // 1000


def tables_bytes(names: int) -> int:
    """What the tables of so many names take: each holds twice as many as the one before (py/qstr.c)."""
    room, table = 0, 20
    while room < min(names, MOST_NAMES):
        room += table
        table *= 2
    return room * NAME_BYTES


def unscaled(chip_bytes: int) -> int:
    """Bytes of the virtual machine's heap for what takes so many of the chip's."""
    return chip_bytes * 1000 // SCALE_PERMILLE


def vm_heap_bytes(chip: Chip) -> int:
    """The virtual machine's heap in which that of the chip has room at its largest, tables included."""
    return unscaled(usable(chip.most_heap_bytes)) * 128 // 126
