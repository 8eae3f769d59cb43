"""What a board's memory lets a unit do at once: without a broker, over plain MQTT, over TLS.

Measured on an emulated ESP32 with unmodified MicroPython 1.26.1 and 1.27.0. Without PSRAM a handshake, which wants some
30 KB of ESP-IDF's memory, succeeded once, and after one restart of the broker never again; MQTT and an open console
do not stand in memory together. With PSRAM all of it does. An ESP32-S3 without PSRAM has not been measured: it has not
much more memory, so the same is said of it.
"""

from collections.abc import Iterator, Mapping

from .boards import Board, load, names
from .errors import Both

ALL, TURNS, NO = "all", "turns", "no"
# Ways to report -> (words, what a module without PSRAM can do of it); with PSRAM it is ALL of each.
WAYS = {
    "no_broker": (Both("不联网", "without a broker"), ALL),
    "mqtt": (Both("MQTT，不加密", "plain MQTT"), TURNS),
    "tls": (Both("MQTT，TLS 加密", "MQTT over TLS"), NO),
}
ANSWERS = {
    ALL: Both("全部功能同时可用", "everything at once"),
    TURNS: Both(
        "可以，和控制台轮流：有人用控制台时离开服务器，用完自己连回，其间的读数留在板上",
        "yes, taking turns with the console: while somebody is at it the broker is left, and comes back after the "
        "visit; readings wait on the board",
    ),
    NO: Both(
        "不行：握手要约 30 KB 内存，断线以后再也连不上",
        "no: a handshake wants some 30 KB of memory, and after a break none succeeds",
    ),
}


def allows(board: Board) -> dict[str, str]:
    """For each of `WAYS` one of `ANSWERS`."""
    return {way: ALL if board.psram_mb else without for way, (_, without) in WAYS.items()}


def way_of(settings: Mapping[str, int | str]) -> str:
    """The one of `WAYS` that a unit with these settings goes."""
    if not settings.get("mqtt.broker"):
        return "no_broker"
    return "tls" if settings.get("mqtt.tls") else "mqtt"


def too_much(settings: Mapping[str, int | str], board: Board) -> Iterator[tuple[str, str, str]]:
    """Yield, as `settings.check` does its problems, what the board has no memory for."""
    if allows(board)[way_of(settings)] == NO:
        yield "memory", "mqtt.tls", board.name


def why(board: Board) -> Both:
    """Why TLS is refused on that board, and what to do."""
    able = ", ".join(name for name in names() if allows(load(name))["tls"] == ALL)
    return Both(
        f"mqtt.tls = true：控制板 {board.name} 没有 PSRAM，TLS 握手要约 30 KB 内存，断线以后再也连不上。"
        f"改用有 PSRAM 的控制板（{able}）；或写 tls = false 和服务器不加密的端口，命令用签名"
        "（credentials_file 里的 command_key）",
        f"mqtt.tls = true: board {board.name} has no PSRAM; a TLS handshake wants some 30 KB of memory, and after a "
        f"break none succeeds. Take a board with PSRAM ({able}), or say tls = false with the broker's port for plain "
        "MQTT, and sign commands (command_key in credentials_file)",
    )
