"""docs/boards.md: which board to buy for which unit, and what each can do at once: tables from the board files."""

from collections.abc import Callable

from ..unitkit import boards, memory, variants
from ..unitkit.boards import Board

# What a unit may need: (Chinese, English, whether a board has it).
_NEEDS: list[tuple[str, str, Callable[[Board], bool]]] = [
    ("只记录，不联网", "records only, no broker", lambda b: memory.allows(b)["no_broker"] != memory.NO),
    (
        "MQTT，不加密；维护人员来访时暂停上报",
        "plain MQTT, which pauses while the crew is at the console",
        lambda b: memory.allows(b)["mqtt"] != memory.NO,
    ),
    (
        "MQTT，不加密；控制台和上报同时",
        "plain MQTT and the console at once",
        lambda b: memory.allows(b)["mqtt"] == memory.ALL,
    ),
    ("MQTT 加密（TLS）", "MQTT over TLS", lambda b: memory.allows(b)["tls"] == memory.ALL),
    ("以太网", "Ethernet", lambda b: _count(b, "ethernet") > 0),
    ("4G 模块", "a cellular modem", lambda b: _count(b, "uart") > 0),
    ("RS-485 探头、电表", "probes and meters on RS-485", lambda b: _count(b, "rs485") > 0),
    (
        "两个浮球、市电检测，再加两泵和风机的运行反馈",
        "two floats and mains sensing, and running feedback of pumps and blower",
        lambda b: _count(b, "input") >= 6,
    ),
]
# Modules that a board may carry: (marking, chip, MB of flash, MB of PSRAM).
_MODULES = [
    ("ESP32-WROOM-32, -32D, -32E-N4", "esp32", 4, 0),
    ("ESP32-WROOM-32E-N4R2", "esp32", 4, 2),
    ("ESP32-WROVER-E-N4R8", "esp32", 4, 8),
    ("ESP32-S3-WROOM-1-N8", "esp32s3", 8, 0),
    ("ESP32-S3-WROOM-1-N4R2", "esp32s3", 4, 2),
    ("ESP32-S3-WROOM-1-N16R8", "esp32s3", 16, 8),
]
_SHORT = {memory.ALL: "● 同时 at once", memory.TURNS: "◐ 轮流 in turns", memory.NO: "○ 不行 no"}


def _count(board: Board, kind: str) -> int:
    return sum(terminal[0] == kind for terminal in board.terminals.values())


def page() -> str:
    """The page: Chinese and English."""
    found = [boards.load(name) for name in boards.names()]
    lines = [_HEAD, "| 站点要 | the unit needs | 控制板 boards |", "|---|---|---|"]
    for zh, en, has in _NEEDS:
        able = [f"`{board.name}`" for board in found if has(board)]
        lines.append(f"| {zh} | {en} | {'全部 all' if len(able) == len(found) else ', '.join(able)} |")
    lines += [_BOARDS, _row("控制板 board", "芯片 chip", "闪存 flash", "PSRAM", "MicroPython", *map(_way, memory.WAYS))]
    lines.append("|---" * (5 + len(memory.WAYS)) + "|")
    for board in found:
        does = [_SHORT[answer] for answer in memory.allows(board).values()]
        link = f"[{board.name}](wiring-{board.name}.md) {board.title_zh} {board.title_en}"
        size = f"{board.flash_mb} MB"
        lines.append(_row(link, board.chip, size, _psram(board.psram_mb), f"`{board.micropython}`", *does))
    kinds = ("relay", "input", "analog", "rs485", "ethernet", "uart")
    heads = ("继电器 relays", "输入 inputs", "4-20 mA", "RS-485", "网口 Ethernet", "4G 串口 modem")
    lines += ["", _row("控制板 board", *heads, "维护键 service button"), "|---" * (2 + len(heads)) + "|"]
    for board in found:
        button = f"GPIO{board.service}" if board.service >= 0 else "–"
        lines.append(_row(f"`{board.name}`", *(str(_count(board, kind) or "–") for kind in kinds), button))
    lines += ["", _ANSWERS]
    lines += [f"- {_SHORT[answer]}: {words.zh}。 {words}." for answer, words in memory.ANSWERS.items()]
    lines += [_MODULE, _row("模组 module", "闪存 flash", "PSRAM", "MicroPython", "TLS"), "|---|---|---|---|---|"]
    for marking, chip, flash_mb, psram_mb in _MODULES:
        builds = ", ".join(f"`{name}`" for name in variants.fitting(chip, psram_mb))
        tls = _SHORT[memory.ALL if psram_mb else memory.WAYS["tls"][1]]
        lines.append(_row(marking, f"{flash_mb} MB", _psram(psram_mb), builds, tls))
    lines += [_FOOT]
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _way(way: str) -> str:
    words = memory.WAYS[way][0]
    return f"{words.zh} {words}"


def _psram(mb: int) -> str:
    return f"{mb} MB" if mb else "–"


_HEAD = """# 买哪块板 · Which board to buy

内存决定一块板同时能做多少事：控制和记录每块板都行，联网、控制台、加密要内存。**拿不准就买有 PSRAM 的。**
Memory decides how much a board does at once. Every board controls and records; network, console and encryption want
memory. **If in doubt, buy one with PSRAM.**

```
qingxi config check xiacun.toml      # 这个站点在这块板上行不行 · what fits on this unit's board
qingxi config boards docs/boards.md  # 由控制板文件写出本页 · writes this page from the board files
```

## 先看站点要什么 · First, what the unit needs
"""

_BOARDS = """
每块板都接得下两台泵、风机、污泥回流和两路 4-20 mA（有的板要外接 ADS1115 模块，见接线页）。
Every board has room for two pumps, blower, sludge return and two 4-20 mA signals (some over an ADS1115 module: see the
wiring page).

## 每块板同时能做什么 · What each board does at once
"""

_ANSWERS = """没有 PSRAM 的 ESP32 是在仿真芯片上用原版 MicroPython 量的；没有 PSRAM 的 ESP32-S3 没有量过，按同样的规矩。
An ESP32 without PSRAM was measured on an emulated chip with unmodified MicroPython; an ESP32-S3 without was not, and is
treated alike.
"""

_MODULE = """
不加密也能防伪造：凭据文件里写 `command_key`，站点只听签名的命令（[mqtt.md](mqtt.md)）；读数本身看得见。
Without TLS commands can still not be forged: with `command_key` in the credentials file a unit obeys signed ones alone
([mqtt.md](mqtt.md)). Readings can be read by others.

## 看模组上的字 · What to look for on the module

金属罩上印着型号。**N 后面是闪存 MB，R 后面是 PSRAM MB；没有 R 就没有 PSRAM**：N4 是 4 MB、没有 PSRAM；
N4R2 是 4 MB 加 2 MB；N16R8 是 16 MB 加 8 MB。老型号不写 N、R：WROOM-32 没有 PSRAM，WROVER 有。
The marking stands on the metal can. **Behind N are the MB of flash, behind R those of PSRAM; without an R there is
none**: N4 is 4 MB and none; N4R2 4 MB and 2 MB; N16R8 16 MB and 8 MB. Old ones say neither: a WROOM-32 has no PSRAM,
a WROVER has.
"""

_FOOT = """
- 商品名只写“ESP32”的，问卖家模组全名；同名的板也换过模组，以实物为准。
  Where the shop says "ESP32" alone, ask for the module's full name; boards of one name have changed modules, and what
  counts is what is on the board.
- ESP32-S3 的 R2 是四线，R8、R16 是八线，要 SPIRAM_OCT 版的 MicroPython；装了别的版本照样运行，只是不用 PSRAM。
  On an ESP32-S3 R2 is quad and R8, R16 octal, which wants the build SPIRAM_OCT; with the other one the board runs and
  leaves its PSRAM unused.
- 反过来，SPIRAM_OCT 版在没有八线 PSRAM 的模组上会占用 GPIO33 到 37，`qingxi image build` 和 `flash` 都拒绝。
  The other way round SPIRAM_OCT takes GPIO33 to 37 of a module without octal PSRAM: `qingxi image build` and `flash`
  refuse it.
- WROVER 的 PSRAM 占用 GPIO16、17。 A WROVER takes GPIO16 and 17 for its PSRAM.
- 烧好后核对：在 MicroPython 提示符输入 `import gc; gc.mem_free()`，大于 1000000 就是在用 PSRAM。
  To be sure, after flashing: `import gc; gc.mem_free()` at MicroPython's prompt says more than 1000000 where PSRAM is
  used.

怎么取得、导入映像 · how to get and import an image: [flash.md](flash.md).
"""
