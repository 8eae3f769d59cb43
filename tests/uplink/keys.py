"""What a platform does with a unit's key, written anew from docs/mqtt.md: not with the code of the firmware."""

import hashlib
import hmac
import json
from typing import Any

KEY = "00112233445566778899aabbccddeeff"
OTHER_KEY = "ffeeddccbbaa99887766554433221100"
_TAIL_BYTES = len(',"sig":""}') + 64


def command(unit_id: str, body: dict[str, Any], key: str = KEY) -> bytes:
    """The payload of a signed command."""
    text = json.dumps(body).encode()[:-1]
    digest = hmac.new(key.encode(), unit_id.encode() + b"\n" + text, hashlib.sha256).hexdigest()
    return text + b',"sig":"' + digest.encode() + b'"}'


def is_from(unit_id: str, topic: str, payload: bytes, key: str = KEY) -> bool:
    """Whether the unit itself has said this under `topic`, such as `meta`."""
    body, tail = payload[:-_TAIL_BYTES], payload[-_TAIL_BYTES:]
    digest = hmac.new(key.encode(), f"{unit_id}/{topic}\n".encode() + body, hashlib.sha256).hexdigest()
    return tail == b',"sig":"' + digest.encode() + b'"}'
