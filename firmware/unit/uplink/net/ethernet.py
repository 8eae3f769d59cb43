"""Ethernet, over the ESP32's own controller or a W5500 on SPI; like the networks of net.py."""

from .net import Port

# The chips beside the socket, as `network` calls them after "PHY_": for the ESP32's own controller, and for SPI.
PHYS = ("LAN8720", "LAN8710", "IP101", "RTL8201", "DP83848", "KSZ8041", "KSZ8081", "W5500")
SPI_FROM = 7 << 6
CLOCK_OUT = 32


def start(terminal):
    """Ethernet at a terminal ["ethernet", number, mdc, mdio, clock, power], power -1 where nothing switches it.

    number is the chip's address (0 to 31), plus CLOCK_OUT where the ESP32 gives it the clock, plus 64 times its place
    in PHYS. On SPI the pins are sck, mosi, miso, cs, int instead. OSError, ValueError: this is not how the board is
    wired, or the chip does not answer.
    """
    import network
    from machine import SPI, Pin

    number = terminal[1]
    if number >= SPI_FROM:
        sck, mosi, miso, cs, interrupt = [Pin(pin) for pin in terminal[2:]]
        spi = SPI(1, sck=sck, mosi=mosi, miso=miso)
        port = network.LAN(spi=spi, cs=cs, int=interrupt, phy_type=network.PHY_W5500, phy_addr=0)
        port.active(True)
        return Port(port, "ethernet")
    _, _, mdc, mdio, clock, power = terminal
    port = network.LAN(
        mdc=Pin(mdc),
        mdio=Pin(mdio),
        power=Pin(power) if power >= 0 else None,
        phy_type=getattr(network, "PHY_" + PHYS[number >> 6]),
        phy_addr=number & 31,
        ref_clk=Pin(clock),
        ref_clk_mode=Pin.OUT if number & CLOCK_OUT else Pin.IN,
    )
    port.active(True)
    return Port(port, "ethernet")
