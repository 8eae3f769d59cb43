"""What host and virtual machine agree on: the places in the memory they share and the numbers of the requests.

Both sides import this file. The memory carries whatever one side may look at without asking: pins, ADC readings,
received bytes. A request goes over a socket pair, one packet each way, and carries what has to happen in order.
"""

SIZE = 65536

# One byte each.
MODE = 0  # VIRTUAL or WALL
RESET_CAUSE = 1
LINK_UP = 2  # the network has a link (Wi-Fi associated, cable plugged in)
SKIP_MAIN = 3  # a soft reset from the raw REPL does not start main.py, as on the ESP32
FREQ_MHZ = 4
UNIQUE_ID = 8  # six bytes
CHIP = 14  # 0 ESP32, 1 ESP32-S3

NOW_US = 16  # 8 bytes: virtual time of the last answer, or of the last request but ADVANCE
START_US = 24  # 8 bytes: virtual time at which this machine was started
WALL_BASE_US = 32  # 8 bytes: CLOCK_MONOTONIC at virtual time 0, for WALL
SPEED_PERMILLE = 40  # 4 bytes, for WALL
TICKS_START_MS = 44  # 4 bytes: what ticks_ms says at START_US
RTC_OFFSET_S = 48  # 8 bytes, signed: seconds since 2000 at virtual time 0
WDT_TIMEOUT_MS = 56  # 4 bytes, 0 while not started
WDT_FED_US = 64  # 8 bytes
SHIM_HEAP = 76  # 4 bytes: what the modules of this directory take of the heap
BROKER = 80  # 4 bytes: an IPv4 address that the network reaches besides the computer's own
LAN = 96  # 7 bytes: the Ethernet chip's mdc, mdio, power, clock, its mode (or sck, mosi, miso, cs, int), address, type
WIFI_ON = 104  # Wi-Fi has taken its memory
TLS_ENDED = 105  # a TLS connection has given back its memory, in pieces
NO_VREF = 106  # the chip's eFuse holds no reference voltage
CHIP_ASKS = 107  # what `chip` wants of the process that the machine runs in; a look at the heap brings it there
STEPS = 108  # 4 bytes: allocations of this machine, where they are counted: see `stepped` of the host
HORIZON_US = 88  # 8 bytes, for VIRTUAL: before this nothing happens to the machine, so it may pass time by itself
PIN_LOG_COUNT = 72  # 4 bytes: entries written since the power came on

N_PINS = 64
PIN_IN = 128  # a byte a pin: the level that the outside drives, FLOATING where nothing does
PIN_OUT = 192  # a byte a pin: the level in the output register
PIN_MODE = 256  # a byte a pin: 0 untouched, 1 input, 3 output, 7 open drain
ADC_RAW = 320  # 2 bytes a pin: the 12-bit count
ADC_MV = 448  # 2 bytes a pin: the same after the chip's own calibration, mV
PIN_EDGES = 576  # 2 bytes a pin: how often the outside has made it fall, and rise; both count round
# A chip's memory, in the chip's bytes, where the machine plays one; 4 bytes each.
HEAP_BYTES = 704  # MicroPython's heap as it is now, 0 before the first start
HEAP_GROWTHS = 708  # how often it has grown since the reset
HEAP_MOST = 712  # the most that was in use after a collection
IDF_FREE = 716  # of ESP-IDF's memory within the chip: what is free,
IDF_LARGEST = 720  # the largest block of that,
IDF_LEAST = 724  # and the least that ever was free
PSRAM_FREE = 728
RESERVE_AT = 736  # 8 bytes: address of the part of the virtual machine's heap that stands for what is not the heap's
CHIP_WORDS = 40  # bytes, all these together
RTC_MEMORY = 1024  # 2 bytes of length, then 2048 bytes
PIN_LOG = 4096  # a ring of PIN_LOG_ENTRIES pairs (pin, level | mode << 1)
PIN_LOG_ENTRIES = 1024
UART_RX = 8192  # rings of received bytes, one a UART
UART_RX_STRIDE = 2048  # 2 bytes written, 2 bytes read (both count up, 16 bits), then the bytes
UART_RX_SIZE = 1024
N_UARTS = 3
DATA = 16384  # payload of a request or an answer
DATA_SIZE = 8192

TICKING_MS = 8000  # the watchdog's time while the firmware ticks; while it starts, it is longer
NOTHING, RESERVE, WIFI, LOOK_UP, YES, NO = 0, 1, 2, 3, 4, 5  # CHIP_ASKS

VIRTUAL = 0
WALL = 1
FLOATING = 2

# A request: op, sequence, 2 bytes free, a (4), b (8). An answer: sequence, 3 bytes free, result (4, signed).
REQUEST = "<BBHIq"
REQUEST_SIZE = 16
ANSWER = "<BBHi"
ANSWER_SIZE = 8

ADVANCE = 1  # b: virtual time to wait for, us; answered there or at the first thing that happens before it
PROGRAM = 2  # a: flash address, b: bytes in DATA
ERASE = 3  # a: flash address of a 4 KiB block
RESET = 4  # a: reset cause of the next start; not answered
UART_WRITE = 5  # a: UART, b: bytes in DATA
UART_INIT = 6  # a: UART, b: baud rate
I2C = 7  # a: bus << 16 | address << 8 | STOP; b: bytes written << 16 | bytes to read, in DATA
STARTED = 8  # boot.py and main.py have been through; the REPL comes next
RTC_SET = 9  # b: RTC offset, s
GIVE_BACK = 11  # b: bytes in DATA, for the terminal that they came from
LISTENS = 10  # boot.py comes next: from here on what is typed reaches the machine
