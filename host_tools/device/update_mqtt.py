"""Brings a unit in service a new firmware over MQTT, in pieces, from wherever it broke off.

The unit checks signature and digest, tries the firmware for an hour, and takes the one before again by itself if it
does not get on well. What is reported here is what the unit itself has signed, see `remote.py`.
"""

import base64
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from ..unitkit import pack
from ..unitkit.errors import AnswerIsNo, SurroundingsFailed, both
from ..unitkit.progress import bar, say
from . import remote as remotes
from .refused import Refused

PIECE_BYTES = 531  # with base64, nonce, signature and the rest within the 1024 bytes of a command
WINDOW = 3  # pieces under way at a time: a unit keeps four commands, and one place is for somebody else's
COMES_BACK_S = 300.0  # after the switch, until the unit has restarted and has a broker again
_SINGLY = 3  # so many first pieces go one by one: the unit loads its code, and the traffic is reckoned from them
_SHARE = 0.5  # of a unit's `mqtt.bytes_per_h` that an update may take: the readings go on
_WORDS = {
    "same": ("{unit} 已在用这个程序", "{unit} runs this firmware already"),
    "begin": ("{unit}：{size} 字节，已有 {at} 字节", "{unit}: {size} bytes, of which {at} are there already"),
    "slow": (
        "{unit}：流量上限每小时 {limit} 字节，一半用于升级：约 {hours:.1f} 小时；中断后再运行会接着传",
        "{unit}: at most {limit} bytes an hour, half for this: some {hours:.1f} hours; if it breaks, run it again",
    ),
    "switched": (
        "{unit}：已收到并校验；等它用新程序重新启动 ...",
        "{unit}: arrived and checked; waiting for it to restart with it ...",
    ),
    "trial": (
        "{unit}：已在用新程序，试运行一小时，不合格会自己退回",
        "{unit}: runs the new firmware. It is on trial for an hour; if it does not get on, it goes back",
    ),
    "back": (
        "{unit}：新程序没能运行，已退回原来的；原因见控制台 log",
        "{unit}: the new firmware did not get on, it took back the one before; its console's log says more",
    ),
    "unseen": (
        "{unit}：已收到并校验，但 {minutes} 分钟内没见它用新程序启动；过一会儿再运行一次就知道",
        "{unit}: arrived and checked, but has not shown itself within {minutes} minutes; run this again later to see",
    ),
    "no_digest": (
        "{unit}：已重新启动，但代理只让它发很短的 meta，看不到程序摘要；在控制台用 check 看",
        "{unit}: has restarted, but its broker takes only a short meta without digest; see `check` at its console",
    ),
}


class Pace:
    """Keeps what goes over a link to `bytes_per_h`, 0 for no limit, by waiting after it."""

    def __init__(
        self,
        bytes_per_h: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._bytes_per_h = bytes_per_h
        self._clock, self._sleep = clock, sleep
        self._free_at_s = clock()

    def spend(self, n: int) -> None:
        """`n` bytes went; returns when more may."""
        if self._bytes_per_h:
            self._free_at_s = max(self._free_at_s, self._clock()) + n * 3600 / self._bytes_per_h
            self._sleep(max(0.0, self._free_at_s - self._clock()))


def send(remote: "Remote", data: bytes, lang: str, bytes_per_h: int = 0, signature: bytes = b"") -> int:
    """Bring a pack over, have the unit switch to it, and see it run. Returns how many bytes were sent.

    `bytes_per_h` is the limit of the unit file; the unit's own counts, where it tells it. `signature`: a publisher's,
    of the pack's digest. AnswerIsNo: it does not take it, or it took the one before back; SurroundingsFailed: nobody
    knows.
    """
    sha256 = pack.head(data, "pack").sha256
    limit = remote.bytes_per_h(bytes_per_h)  # after this answer `meta` is known to be of now
    if remote.is_proven and remote.meta.get("firmware_sha256") == sha256:
        say(lang, both(_WORDS["same"], unit=remote.unit_id))
        return 0
    show = bar()
    at = begun = remote.at({"sha256": sha256})
    say(lang, both(_WORDS["begin"], unit=remote.unit_id, size=len(data), at=at))
    pace = Pace(limit * _SHARE)
    before = remote.traffic_bytes
    told = not limit
    for here in remote.bring(sha256, data, at):
        show(here / len(data))
        spent, before = remote.traffic_bytes - before, remote.traffic_bytes
        if not told:
            told = True
            hours = spent * (len(data) - begun) / PIECE_BYTES / (limit * _SHARE)
            say(lang, both(_WORDS["slow"], unit=remote.unit_id, limit=limit, hours=hours))
        pace.spend(spent)
    _switch(remote, sha256, switch_args(sha256, signature), lang)
    return len(data) - begun


def switch_args(sha256: str, signature: bytes) -> dict[str, Any]:
    """What tells a unit to run the firmware that has arrived: a publisher's signature of its digest."""
    return {"sha256": sha256, "switch": True, "signature": base64.b64encode(signature).decode()}


def _switch(remote: "Remote", sha256: str, args: dict[str, Any], lang: str) -> None:
    """Have the unit restart with what has arrived; return once it has itself shown that it runs it."""
    try:
        remote.ask(args)
    except Refused:
        # Its answer may have been lost, and the command come once more after the restart.
        if not remote.is_proven or remote.meta.get("firmware_sha256") != sha256:
            raise
        say(lang, both(_WORDS["trial"], unit=remote.unit_id))
        return
    say(lang, both(_WORDS["switched"], unit=remote.unit_id))
    at_switch = remote.proven_boot
    until = time.monotonic() + COMES_BACK_S
    while remote.await_start(at_switch, until - time.monotonic()):
        remote.prove()  # this `meta` is no record that somebody plays
        if remote.is_proven and remote.meta["boot"] > at_switch:
            runs = remote.meta.get("firmware_sha256")
            if runs is None:
                raise SurroundingsFailed(both(_WORDS["no_digest"], unit=remote.unit_id))
            if runs != sha256:
                raise AnswerIsNo(both(_WORDS["back"], unit=remote.unit_id))
            say(lang, both(_WORDS["trial"], unit=remote.unit_id))
            return
    minutes = round(COMES_BACK_S / 60)
    raise SurroundingsFailed(both(_WORDS["unseen"], unit=remote.unit_id, minutes=minutes))


class Remote(remotes.Remote):
    """One unit at its broker that is brought a firmware."""

    def at(self, args: dict[str, Any]) -> int:
        """Ask about a firmware that arrives; how many bytes of it are there."""
        return self._at(self.ask(args))

    def _at(self, reply: dict[str, Any]) -> int:
        at = reply.get("at")
        if type(at) is not int or not 0 <= at < 1 << 30:
            raise self.malformed("reply")
        return at

    def bring(self, sha256: str, data: bytes, at: int) -> Iterator[int]:
        """Bring over a pack from `at` on, several pieces under way at a time; yields where it stands after each answer.

        A piece that is lost makes the unit answer all behind it with where it stands; then it goes on from there.
        """

        def piece(at: int) -> dict[str, Any]:
            return {"sha256": sha256, "at": at, "data": base64.b64encode(data[at : at + PIECE_BYTES]).decode()}

        flying: deque[tuple[str, int]] = deque()
        singly, in_vain = _SINGLY, 0
        while at < len(data):
            before = at
            if singly:
                at = self.at(piece(at))
                singly -= 1
            else:
                ahead = flying[-1][1] if flying else at
                while len(flying) < WINDOW and ahead < len(data):
                    end = min(ahead + PIECE_BYTES, len(data))
                    flying.append((self.post(piece(ahead)), end))
                    ahead = end
                command_id, end = flying.popleft()
                reply = self._answer(command_id)
                if reply is not None and self._is_yes(reply):
                    at = self._at(reply)
                if at != end:  # what flies behind it is not taken either
                    flying.clear()
                    singly = 1
            in_vain = 0 if at > before else in_vain + 1
            if in_vain >= remotes.TRIES:
                raise self.silent()
            yield at
