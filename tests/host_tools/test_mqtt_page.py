"""The example of docs/mqtt.md, run: what it signs the firmware obeys, and what a unit signs it believes."""

import json
import re

from unit.uplink.commands import sign

from host_tools.device import signed
from tests.vm import ROOT

KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
META = {"boot": 12, "nonce": "0123456789abcdef"}


def example() -> dict:
    """The functions of the page."""
    page = (ROOT / "docs/mqtt.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict = {}
    exec(code, names)
    return names


def test_what_it_signs_is_obeyed():
    payload = example()["command"](KEY, "qiaotou", META, "a1", "run", {"output": "p1", "for_s": 600}, 7)
    assert sign.verify(KEY.encode(), "qiaotou", payload)
    assert not sign.verify(KEY.encode(), "xiacun", payload) and len(payload) < 1024
    command = json.loads(payload)
    assert set(command) == {"id", "boot", "nonce", "op", "args", "ctr", "expires", "sig"}


def test_what_a_unit_signs_is_believed_and_nothing_else():
    believed = example()["believed"]
    body = b'{"id":"a1","ok":true'
    sig = sign.hmac_sha256(KEY.encode(), b"qiaotou/reply\n", body).hex().encode()
    payload = body + b',"sig":"' + sig + b'"}'
    assert believed(KEY, "qiaotou", "reply", payload) == {"id": "a1", "ok": True}
    assert signed.said(KEY.encode(), "qiaotou", "reply", payload) == body + b"}"
    assert believed(KEY, "qiaotou", "meta", payload) is None and believed(KEY, "xiacun", "reply", payload) is None
    altered = payload.replace(b"true", b"null")
    for wrong in (b"", b"{}", body + b"}", payload[:-1], altered, payload + b" ", payload[1:]):
        assert believed(KEY, "qiaotou", "reply", wrong) is None
        assert signed.said(KEY.encode(), "qiaotou", "reply", wrong) is None
    command = example()["command"](KEY, "qiaotou", META, "a1", "run", {}, 7)
    assert believed(KEY, "qiaotou", "reply", command) is None
