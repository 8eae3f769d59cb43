"""A serial port: whether it can be used, and if not, why and what helps."""

import errno
import getpass
import os
import stat
from collections.abc import Iterable
from pathlib import Path

import serial
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from ..unitkit.errors import SurroundingsFailed, told

_BAUD = 115200
_WORDS = {
    "none": (
        "没有串口 {port}。插好 USB 线；现有串口：{ports}",
        "there is no port {port}. Plug the USB cable in; ports there are: {ports}",
    ),
    "no_board": (
        "没有找到控制板的串口：插好能传数据的 USB 线，或用 --port 指明",
        "no board's serial port is there: plug in a USB cable that carries data, or name the port with --port",
    ),
    "which": ("有几个串口，用 --port 指明一个：{ports}", "there are several ports, name one with --port: {ports}"),
    "nothing": ("一个也没有（换一根能传数据的 USB 线）", "none (use a USB cable that carries data)"),
    "no_port": ("{port} 不是串口", "{port} is not a serial port"),
    "forbidden": (
        "没有权限打开 {port}。运行：sudo usermod -aG {group} {user}，然后注销再登录",
        "{port} may not be opened by you. Run: sudo usermod -aG {group} {user}, then log out and in again",
    ),
    "busy": ("{port} 正被占用：{who}。关掉它再试", "{port} is in use by {who}. Close it and try again"),
    "another": ("另一个程序", "another program"),
    "broken": ("{port} 打不开：{why}", "{port} cannot be opened: {why}"),
}


def find(lang: str, ports: Iterable[ListPortInfo] | None = None) -> str:
    """The one port with a USB device behind it. SurroundingsFailed where there is none or more than one."""
    usb = sorted(p.device for p in (list_ports.comports() if ports is None else ports) if p.vid is not None)
    if len(usb) == 1:
        return usb[0]
    raise _failure("which" if usb else "no_board", lang, ports=", ".join(usb))


def check(port: str, lang: str) -> None:
    """Return if `port` can be used now. SurroundingsFailed names the cause and the mend."""
    if os.name == "posix":
        try:
            mode = os.stat(port).st_mode
        except OSError as e:
            if e.errno == errno.EACCES:
                raise _failure("broken", lang, port=port, why=e.strerror) from None
            ports = ", ".join(sorted(p.device for p in list_ports.comports()))
            raise _failure("none", lang, port=port, ports=ports or told(_WORDS["nothing"], lang)) from None
        if not stat.S_ISCHR(mode):
            raise _failure("no_port", lang, port=port)
        if not os.access(port, os.R_OK | os.W_OK):
            raise _failure("forbidden", lang, port=port, group=_group(port), user=getpass.getuser())
        if who := holders(port):
            raise _failure("busy", lang, port=port, who=", ".join(who))
    try:
        serial.Serial(port, exclusive=True).close()
    except serial.SerialException as e:
        if e.errno in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK) or "lock" in str(e):
            raise _failure("busy", lang, port=port, who=told(_WORDS["another"], lang)) from None
        raise _failure("broken", lang, port=port, why=e) from None


def opened(port: str, lang: str, write_timeout_s: int = 5) -> serial.Serial:
    """The port of a board that runs, opened for its console. SurroundingsFailed names the cause and the mend."""
    try:
        return serial.serial_for_url(port, _BAUD, timeout=0.05, write_timeout=write_timeout_s, exclusive=True)
    except (serial.SerialException, OSError, ValueError) as e:
        check(port, lang)  # knows the cause and the mend of most failures
        raise _failure("broken", lang, port=port, why=e) from e


def holders(port: str) -> list[str]:
    """Programs that have the port open, as "name (process number)"; only those that this user may look at."""
    device = os.path.realpath(port)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            opened = [os.readlink(fd) for fd in (process / "fd").iterdir()]
            if device in opened:
                found.append(f"{(process / 'comm').read_text().strip()} ({process.name})")
        except OSError:
            continue  # gone, or somebody else's
    return found


def _group(port: str) -> str:
    """The group that may open the port: `dialout` or `uucp`, by distribution."""
    import grp

    try:
        return grp.getgrgid(os.stat(port).st_gid).gr_name
    except KeyError:
        return "dialout"


def _failure(code: str, lang: str, **fill: object) -> SurroundingsFailed:
    return SurroundingsFailed(told(_WORDS[code], lang, **fill))
