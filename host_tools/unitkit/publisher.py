"""Publishers: whose signature makes a unit take a firmware from afar. Their public keys, and signatures, as files.

The list of the keys lies in every pack (`FILE`), so the firmware in force says who may sign the next one; the unit
checks it (`unit.uplink.commands.signature`). The private keys are `image/signing.py`'s, and on no unit.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from .errors import Both, Problems, reading

FILE = "publisher.txt"  # in a pack
KEY_BITS = 3072
MOST_KEYS = 4
SIGNATURES = "signatures.txt"  # beside the list of keys, unless said otherwise
NAME = re.compile(r"[A-Za-z0-9._-]{1,32}")
_HEX_DIGITS = KEY_BITS // 4
_FINGERPRINT_DIGITS = 16


@dataclass(frozen=True)
class PublicKey:
    """An RSA key of `KEY_BITS` with the exponent 65537."""

    name: str
    modulus: int

    @property
    def fingerprint(self) -> str:
        """What two people compare on the telephone: the first 16 digits of the SHA-256 of the modulus."""
        return hashlib.sha256(self.modulus.to_bytes(KEY_BITS // 8, "big")).hexdigest()[:_FINGERPRINT_DIGITS]

    @property
    def line(self) -> str:
        """Its line in a list."""
        return f"{self.name} {self.modulus:0{_HEX_DIGITS}x}\n"


@dataclass(frozen=True)
class Signature:
    """A publisher's, of the pack with that digest."""

    sha256: str
    version: str
    signature: bytes

    @property
    def line(self) -> str:
        """Its line in a file."""
        return f"{self.sha256} {self.version} {base64.b64encode(self.signature).decode()}\n"


def keys(path: Path) -> list[PublicKey]:
    """The keys of a list. BadInput names file and line of each that is none, of a second one, and of one too many."""
    found: dict[int, PublicKey] = {}
    problems = Problems()
    for number, words in _lines(path):
        wrong = _wrong_key(words)
        if wrong is None:
            key = PublicKey(words[0], int(words[1], 16))
            if key.modulus in found:
                wrong = Both("这把公钥前面已经有了", "this key stands above already")
            else:
                found[key.modulus] = key
        if wrong is not None:
            problems.note(f"{path}：第 {number} 行：{wrong.zh}", f"{path}: line {number}: {wrong}")
    if not problems and not 1 <= len(found) <= MOST_KEYS:
        problems.note(
            f"{path}：有 {len(found)} 把公钥；应为 1 到 {MOST_KEYS} 把，每行一把",
            f"{path}: holds {len(found)} keys; it must be from 1 to {MOST_KEYS}, one a line",
        )
    problems.refuse()
    return list(found.values())


def in_pack(found: list[PublicKey]) -> bytes:
    """The list as a pack holds it: without comments, so that they change no digest."""
    return "".join(key.line for key in found).encode()


def signatures(path: Path) -> dict[str, Signature]:
    """The signatures of a file, by digest; a later one counts. BadInput names file and line of what is none."""
    found = {}
    problems = Problems()
    for number, words in _lines(path):
        signature = _signature(words)
        if signature is None:
            problems.note(
                f"{path}：第 {number} 行：应为 程序摘要 版本 签名（由 qingxi publisher sign 写入）",
                f"{path}: line {number}: must be digest, version and signature, as qingxi publisher sign writes them",
            )
        else:
            found[signature.sha256] = signature
    problems.refuse()
    return found


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """(number, words) of each line that says something."""
    with reading(path):
        text = path.read_bytes().decode("utf-8-sig")
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1)]
    return [(number, words) for number, words in lines if words and not words[0].startswith("#")]


def _wrong_key(words: list[str]) -> Both | None:
    if len(words) != 2 or not NAME.fullmatch(words[0]) or not re.fullmatch(f"[0-9a-fA-F]{{{_HEX_DIGITS}}}", words[1]):
        return Both(
            f"应为 名称 公钥：名称 1 到 32 个字母、数字或 . _ -，公钥 {_HEX_DIGITS} 位十六进制数"
            "（由 qingxi publisher new 写入 .pub 文件）",
            f"must be a name of 1 to 32 letters, digits, . _ or -, and a key of {_HEX_DIGITS} hexadecimal digits, as "
            "qingxi publisher new writes it to its .pub file",
        )
    modulus = int(words[1], 16)
    if modulus.bit_length() != KEY_BITS or not modulus & 1:
        return Both(
            f"不是 {KEY_BITS} 位 RSA 公钥；重新复制 .pub 文件里的那一行",
            f"is no RSA key of {KEY_BITS} bits; copy the line of the .pub file anew",
        )
    return None


def _signature(words: list[str]) -> Signature | None:
    if len(words) != 3 or not re.fullmatch("[0-9a-f]{64}", words[0]):
        return None
    try:
        signature = base64.b64decode(words[2], validate=True)
    except (ValueError, binascii.Error):
        return None
    return Signature(words[0], words[1], signature) if len(signature) == KEY_BITS // 8 else None
