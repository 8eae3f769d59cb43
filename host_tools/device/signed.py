"""What a unit and whoever commands it sign: HMAC-SHA-256 under the unit's command key, as docs/mqtt.md has it.

A signed payload ends in `,"sig":"<64 hex digits>"}`. The signature covers every byte before that comma, and before them
who it is from: of a command the unit's id, of what a unit says its id and topic, so that nothing said is a command.
"""

import hmac
import json
import re
from typing import Any

_TAIL = re.compile(rb',"sig":"([0-9a-f]{64})"}\Z')


def command(key: bytes, unit_id: str, members: dict[str, Any]) -> bytes:
    """The payload of a command with these members."""
    body = json.dumps(members, separators=(",", ":")).encode()[:-1]
    return body + b',"sig":"' + _signature(key, unit_id, body) + b'"}'


def said(key: bytes, unit_id: str, topic: str, payload: bytes) -> bytes | None:
    """What a unit said on its `topic` (`meta`, `reply`, ...), without the signature; None where that is not right."""
    tail = _TAIL.search(payload[-80:])
    if tail is None:
        return None
    body = payload[: len(payload) - len(tail[0])]
    return body + b"}" if hmac.compare_digest(_signature(key, f"{unit_id}/{topic}", body), tail[1]) else None


def is_signed(payload: bytes) -> bool:
    """Whether there is a signature at all, right or wrong."""
    return _TAIL.search(payload[-80:]) is not None


def _signature(key: bytes, of: str, body: bytes) -> bytes:
    return hmac.new(key, of.encode() + b"\n" + body, "sha256").hexdigest().encode()
