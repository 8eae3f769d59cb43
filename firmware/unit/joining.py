"""What an uplink begins with: who the unit is, its network, its account, its certificates.

Needed once a start, and forgotten before the uplink itself comes into memory.
"""

import hashlib
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
    """(what `wanted` says, identity, network, (user, password, key), TLS context or None).

    OSError, ValueError: a file is missing or wrong.

    `settings`: those of `unit`, `mqtt` and `network`. `terminal`: that of `wiring.network`, None without one.
    """
    account = (None, None, None)
    tls = None
    if _exists(_CREDENTIALS):
        from .uplink import credentials

        account = credentials.broker(_CREDENTIALS)
    if settings["mqtt.tls"]:
        from .uplink.tls import context

        own = _TLS_FILES[1:] if _exists(_TLS_FILES[1]) else ("", "")
        tls = context(_TLS_FILES[0], *own)
    return wanted(settings), _identity(settings, boot), _network(settings, terminal), account, tls


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


def _identity(settings, boot):
    made = Identity()
    made.unit_id = settings["unit.id"]
    made.lang = "en" if settings["unit.language"] else "zh"
    made.name = settings["unit.name_" + made.lang]
    made.boot = boot
    made.firmware, made.firmware_sha256 = firmware.stamp()
    made.config_sha256 = str(hexlify(hashlib.sha256(config.newest() or b"").digest()), "utf-8")
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
