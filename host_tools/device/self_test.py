"""What a board says of itself when it is asked to check itself: the console's `check`, read and put into sentences.

Some checks must pass for a unit to be one. The others tell of what is connected to it: on a desk there are no sensors
and often no network, so they are shown and recorded, and do not fail.
"""

import re
from dataclasses import dataclass

from unit.catalogue.lookup import words
from unit.catalogue.printable import printable

from ..unitkit.errors import Both

OK, BAD, NONE = "ok", "bad", "-"
_LINE = re.compile(r"([a-z][a-z0-9_]*) +(ok|bad|-)(?: +(.*))?")
_SEQUENCE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

# What a check is called; one that is not here has the name that the console gives it.
NAMES = {
    "unit": ("站点", "unit"),
    "micropython": ("MicroPython", "MicroPython"),
    "config": ("配置", "configuration"),
    "version": ("程序版本", "firmware version"),
    "firmware": ("程序", "firmware"),
    "uptime": ("控制程序在运行", "control runs"),
    "journal": ("记录区可写", "journal takes records"),
    "level": ("液位计", "level sensor"),
    "turbidity": ("浊度计", "turbidity sensor"),
    "return": ("回流泵", "return pump"),
    "wiring": ("接线设置", "wiring"),
    "errors": ("传感器和继电器的出错次数", "errors of sensors and relays"),
    "clock": ("时钟", "clock"),
    "network": ("网络", "network"),
    "broker": ("服务器", "broker"),
    "memory": ("空闲内存", "free memory"),
    "alarms": ("报警", "alarms"),
}
# What to do about a check that must pass.
MUST = {
    "config": ("板子没有用上这份配置：重新烧录", "the board does not use this configuration: flash it again"),
    **dict.fromkeys(
        ("version", "firmware"), ("板上程序不完整：重新烧录", "the firmware on the board is not whole: flash it again")
    ),
    "uptime": ("控制程序没有运行：按 EN，再看 qingxi console", "control does not run: press EN, then: qingxi console"),
    "journal": ("记录区写不进：闪存坏了，换板", "the journal takes nothing: the flash is worn out, take another board"),
    "wiring": ("改站点文件的 [wiring]", "correct [wiring] in the unit file"),
}
# What to do about one that need not pass on a desk.
LOOK_AT = {
    **dict.fromkeys(("level", "turbidity"), ("接上传感器再看", "connect the sensor and look again")),
    "mains": ("市电检测没有信号", "mains sensing gives no signal"),
    **dict.fromkeys(
        ("p1", "p2", "blower", "return"),
        ("反馈与命令不符，查接线", "feedback contradicts the command: look at the wiring"),
    ),
    "errors": ("查接线和地址；次数不再增加则不用管", "look at wiring and address; an old count needs nothing"),
    "clock": ("联网后自动对时，或用 time 命令", "set by the network, or with the command time"),
    "network": ("查无线网名和密码、信号", "see to the Wi-Fi's name, password and signal"),
    "broker": ("查服务器地址、端口、账号", "see to the broker's address, port and account"),
    "alarms": ("现场处理后在控制台确认", "deal with the cause, then acknowledge at the console"),
}


@dataclass(frozen=True)
class Check:
    """One line of the board's report."""

    name: str
    state: str
    detail: str

    @property
    def title(self) -> tuple[str, str]:
        """(Chinese, English) name of the check; a newer firmware has some that have none but their own."""
        named = NAMES.get(self.name)
        return named or (words("console", self.name, "zh"), words("console", self.name, "en"))

    @property
    def mend(self) -> tuple[str, str]:
        """(Chinese, English): what to do; empty where nothing is wrong."""
        if self.state != BAD:
            return "", ""
        return MUST.get(self.name) or LOOK_AT.get(self.name) or ("", "")

    def sentence(self) -> Both:
        """What is wrong with it and what to do."""
        zh, en = self.title
        more = f" {self.detail}" if self.detail else ""
        return Both(f"自检：{zh}不正常{more}。{self.mend[0]}", f"self-test: {en}: bad{more}. {self.mend[1]}")


@dataclass(frozen=True)
class SelfTest:
    """A whole report. `failed` must not be: without those the board is no unit."""

    checks: tuple[Check, ...]

    def __getitem__(self, name: str) -> Check:
        """The check of that name; one that the board did not make counts as bad."""
        return next((check for check in self.checks if check.name == name), Check(name, BAD, ""))

    @property
    def failed(self) -> list[Check]:
        return [self[name] for name in MUST if self[name].state != OK]

    @property
    def to_look_at(self) -> list[Check]:
        return [check for check in self.checks if check.state == BAD and check.name not in MUST]

    @property
    def uptime_s(self) -> int:
        seconds = self["uptime"].detail.split(" ")[0]
        return int(seconds) if seconds.isdecimal() and len(seconds) <= 10 else 0

    @property
    def is_connecting(self) -> bool:
        """A broker is set up and not reached, so far."""
        return self["broker"].state == BAD

    @property
    def gave_way(self) -> bool:
        """Its memory is too small for its broker and this visit together: it connects when the visit is over."""
        return self["broker"].detail.startswith("visit")


def parse(shown: str) -> SelfTest | None:
    """The newest whole report in what a board showed; None if there is none."""
    shown = printable(_SEQUENCE.sub("", shown), b"\r\n")  # some of it was set from afar, and goes on to pages and files
    lines = [line.strip() for line in re.split(r"[\r\n]+", shown)]
    newest = None
    checks: list[Check] = []
    for line in lines:
        if match := _LINE.fullmatch(line):
            if match[1] == "unit":
                checks = []
            checks.append(Check(match[1], match[2], match[3] or ""))
        elif line == "end" and checks and checks[0].name == "unit":
            newest = SelfTest(tuple(checks))
            checks = []
    return newest
