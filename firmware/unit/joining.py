"""What an uplink begins with: who the unit is, its network, its account, its certificates.

Needed once a start, and forgotten before the uplink itself comes into memory.
"""

import hashlib
import os
from binascii import hexlify

from . import config, firmware
from .control.basics import const

_WIFI = const(0)  # network.kind
_ETHERNET = const(1)
_CREDENTIALS = "credentials.txt"
_WIFI_FILE = "wifi.txt"
_SIM_FILE = "sim.txt"
_TLS_FILES = ("ca.pem", "client.pem", "client.key")


def join(settings, terminal, boot):
    """(what `wanted` says, identity, network, account as of `_account`, TLS context or None).

    OSError, ValueError: a file is missing or wrong.

    `settings`: those of `unit`, `mqtt` and `network`. `terminal`: that of `wiring.network`, None without one.
    """
    tls = None
    if settings["mqtt.tls"]:
        from .uplink.tls import context

        own = _TLS_FILES[1:] if _exists(_TLS_FILES[1]) else ("", "")
        tls = context(_TLS_FILES[0], *own)
    account = _account(settings["mqtt.keyed"])
    return wanted(settings), _identity(settings, boot), _network(settings, terminal), account, tls


def _account(keyed):
    """(user, password, key): key is None where commands need no signature, b"" where they do and it is lost."""
    account = (None, None, None)
    from .uplink import credentials

    if _exists(_CREDENTIALS):
        try:
            account = credentials.broker(_CREDENTIALS)
        except ValueError as e:
            if not keyed:
                raise
            print("MQTT:", e)  # no reason to be silent; the broker decides who that is
    user, password, key = account
    if key is not None:
        return user, password, key.encode() if credentials.is_key(key) else b""
    return user, password, b"" if keyed else None


def wanted(settings):
    """What an `Uplink` wants of the settings, in its order."""
    names = "mqtt.broker mqtt.port mqtt.keepalive_s mqtt.state_s mqtt.discovery mqtt.bytes_per_h mqtt.batch_s " \
        "network.ntp network.dns"  # fmt: skip
    return [settings[name] for name in names.split()]


class Identity:
    """Who this is, for the topic `meta`. Without a function, which would keep all of this module in memory."""

    unit_id: str
    lang: str
    name: str
    boot: int
    firmware: str
    firmware_sha256: str
    config_sha256: str
    nonce: str


def _identity(settings, boot):
    made = Identity()
    made.unit_id = settings["unit.id"]
    made.lang = "en" if settings["unit.language"] else "zh"
    made.name = settings["unit.name_" + made.lang]
    made.boot = boot
    made.firmware, made.firmware_sha256 = firmware.stamp()
    made.config_sha256 = str(hexlify(hashlib.sha256(config.text_in_force() or b"").digest()), "utf-8")
    made.nonce = str(hexlify(os.urandom(8)), "utf-8")
    return made


def _network(settings, terminal):
    """The network of this unit; of the three kinds, only its own is loaded. OSError, ValueError: it cannot be had."""
    kind = settings["network.kind"]
    if kind == _WIFI:
        from .uplink import credentials
        from .uplink.net import wifi

        networks = credentials.pairs(_WIFI_FILE) if _exists(_WIFI_FILE) else []
        if not networks:
            raise ValueError("network.wifi_file: no Wi-Fi network is known")
        return wifi.start(networks)
    if kind == _ETHERNET:
        from .uplink.net import ethernet

        return ethernet.start(terminal)
    from .uplink import credentials
    from .uplink.net import cellular

    account = credentials.sim(_SIM_FILE) if _exists(_SIM_FILE) else None
    return cellular.start(terminal, settings["network.apn"], account)


def _exists(name):
    try:
        open(name, "rb").close()
    except OSError:
        return False
    return True
