"""`network`: a link that is up when the plant says so; the sockets themselves are the computer's."""

import wire
from host import link
from machine import Pin
from micropython import const

try:
    from ppp import PPP  # noqa: F401  a name of this module
except ImportError:
    pass  # no modem is wired: its names would lie in the heap, where a chip has them in its flash

STA_IF = const(0)
AP_IF = const(1)
STAT_IDLE = const(1000)
STAT_CONNECTING = const(1001)
STAT_GOT_IP = const(1010)
STAT_NO_AP_FOUND = const(201)
PHY_LAN8710 = const(0)
PHY_LAN8720 = const(1)
PHY_IP101 = const(2)
PHY_RTL8201 = const(3)
PHY_DP83848 = const(4)
PHY_KSZ8041 = const(5)
PHY_KSZ8081 = const(6)
PHY_W5500 = const(102)

_host_name = "mpy-esp32"


class _Interface:
    def __init__(self):
        self._active = False
        self._asked = False

    def active(self, on=None):
        if on is not None:
            self._active = bool(on)
            if not on:
                self._asked = False
        return self._active

    def isconnected(self):
        return bool(self._active and self._asked and link.memory[wire.LINK_UP])

    def ifconfig(self, parts=None):
        if self.isconnected():
            return ("192.168.4.20", "255.255.255.0", "192.168.4.1", "127.0.0.1")
        return ("0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")

    def config(self, *names, **values):
        if names == ("mac",):
            return bytes(link.memory[wire.UNIQUE_ID : wire.UNIQUE_ID + 6])
        if values or names in (("pm",), ("reconnects",), ("txpower",)):
            return None
        raise ValueError("unknown config param")


class WLAN(_Interface):
    IF_STA = const(0)
    IF_AP = const(1)
    PM_NONE = const(0)

    def __init__(self, interface=STA_IF):
        super().__init__()

    def connect(self, ssid=None, key=None, **options):
        if not self._active:
            raise OSError("Wifi Internal State Error")
        self._asked = True

    def disconnect(self):
        self._asked = False

    def status(self, what=None):
        if what == "rssi":
            return -67
        if not self._asked:
            return STAT_IDLE
        return STAT_GOT_IP if self.isconnected() else STAT_NO_AP_FOUND

    def scan(self):
        return []


class LAN(_Interface):
    """Ethernet of the chip's own, or a W5500; as there, what is wired otherwise is refused."""

    def __init__(
        self, id=None, *, phy_addr, phy_type, mdc=None, mdio=None, reset=None, power=None,
        ref_clk_mode=-1, ref_clk=None, spi=None, cs=None, int=None,
    ):  # fmt: skip
        super().__init__()
        if phy_type == PHY_W5500:
            self._install(spi.pins + (cs.id, int.id, phy_addr, phy_type))
            return
        if link.memory[wire.CHIP]:
            raise ValueError("invalid phy type")
        if not 0 <= phy_addr <= 31:
            raise ValueError("invalid phy address")
        if not PHY_LAN8710 <= phy_type <= PHY_KSZ8081:
            raise ValueError("invalid phy type")
        if mdc is None or mdio is None:
            raise ValueError("mdc and mdio must be specified")
        at = -1 if power is None else power.id
        self._install((mdc.id, mdio.id, at, ref_clk.id, ref_clk_mode, phy_addr, phy_type))
        if power is not None:
            power.init(Pin.OUT, value=1)

    def _install(self, wanted):
        if bytes(n & 255 for n in wanted) != bytes(link.memory[wire.LAN : wire.LAN + len(wanted)]):
            raise OSError("esp_eth_driver_install failed")

    def active(self, on=None):
        self._asked = self._asked or bool(on)
        return super().active(on)

    def status(self):
        return STAT_GOT_IP if self.isconnected() else STAT_CONNECTING


def hostname(name=None):
    global _host_name
    if name is not None:
        _host_name = name
    return _host_name


def country(code=None):
    return code or "XX"
