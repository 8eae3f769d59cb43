"""Publishers for the tests: keys that are made anew each time, and what a unit is told of them."""

import base64
from functools import cache
from pathlib import Path

from host_tools.image import signing
from host_tools.unitkit import pack, publisher

PASSPHRASE = "four plain words here"


@cache
def private(name: str) -> signing.PrivateKey:
    """The key of somebody: a name, a key."""
    return signing.new_key()


def public(name: str = "A") -> publisher.PublicKey:
    return signing.public(private(name), name)


def listed(*names: str) -> bytes:
    """The list of these as a pack holds it."""
    return publisher.in_pack([public(name) for name in names or ("A",)])


def sign(data: bytes, name: str = "A") -> bytes:
    """That publisher's signature of a pack."""
    return signing.sign(private(name), pack.head(data, "pack").sha256)


def sign_text(sha256: str, name: str = "A") -> str:
    """That publisher's signature of the pack with that digest, as a command carries it."""
    return base64.b64encode(signing.sign(private(name), sha256)).decode()


def numbers(name: str = "A") -> str:
    """Modulus and private exponent in hexadecimal."""
    return f"{public(name).modulus:0768x} {private(name).private_numbers().d:x}"


def name_in(folder: Path, text: str, *names: str) -> str:
    """The text of a unit file that names the list of these publishers, which comes to lie beside it; of none, none."""
    if not names:
        return text
    (folder / publisher.FILE).write_bytes(listed(*names))
    return f'{text}\n[update]\npublisher_file = "{publisher.FILE}"\n'
