"""A publisher's private key: made, kept under a passphrase, used to sign packs; and signatures checked.

What is signed is the digest of a pack, RSA with PKCS #1 v1.5. The check here is the library's, the unit's its own
(`unit.uplink.commands.signature`): each of the two keeps the other honest.
"""

from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from ..unitkit.errors import BadInput, reading
from ..unitkit.publisher import KEY_BITS, PublicKey

_EXPONENT = 65537
_DIGEST = Prehashed(hashes.SHA256())

PrivateKey = rsa.RSAPrivateKey


def new_key() -> PrivateKey:
    """A key that nobody else has."""
    return rsa.generate_private_key(_EXPONENT, KEY_BITS)


def pem(key: PrivateKey, passphrase: str) -> bytes:
    """The key as a file: PKCS #8, encrypted."""
    locked = serialization.BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)


def load(path: Path, passphrase: str) -> PrivateKey:
    """The key in a file. BadInput where it is none such, or has another passphrase."""
    with reading(path):
        data = path.read_bytes()
    try:
        key = serialization.load_pem_private_key(data, passphrase.encode())
    except TypeError as e:
        raise BadInput.of(
            f"{path}：私钥没有用口令加密；请用 qingxi publisher new 新建一把",
            f"{path}: the key is not encrypted; make one with qingxi publisher new",
        ) from e
    except (ValueError, UnsupportedAlgorithm) as e:
        raise BadInput.of(
            f"{path}：打不开：口令不对，或不是 qingxi publisher new 写的私钥文件",
            f"{path}: does not open: the passphrase is another, or it is no key file of qingxi publisher new",
        ) from e
    if not isinstance(key, rsa.RSAPrivateKey) or (key.key_size, _public(key).e) != (KEY_BITS, _EXPONENT):
        raise BadInput.of(
            f"{path}：应为 {KEY_BITS} 位 RSA 私钥，指数 {_EXPONENT}",
            f"{path}: must be an RSA key of {KEY_BITS} bits with the exponent {_EXPONENT}",
        )
    return key


def public(key: PrivateKey, name: str = "") -> PublicKey:
    """What may be known of it."""
    return PublicKey(name, _public(key).n)


def sign(key: PrivateKey, sha256: str) -> bytes:
    """The signature of the pack with that digest."""
    return key.sign(bytes.fromhex(sha256), padding.PKCS1v15(), _DIGEST)


def signer(keys: list[PublicKey], sha256: str, signature: bytes) -> PublicKey | None:
    """Whose of these publishers the signature of that pack is."""
    for key in keys:
        numbers = rsa.RSAPublicNumbers(_EXPONENT, key.modulus)
        try:
            numbers.public_key().verify(signature, bytes.fromhex(sha256), padding.PKCS1v15(), _DIGEST)
        except InvalidSignature:
            continue
        return key
    return None


def _public(key: PrivateKey) -> rsa.RSAPublicNumbers:
    return key.public_key().public_numbers()
