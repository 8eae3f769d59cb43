"""Ethernet over the ESP32's own controller; like the networks of net.py."""

from .net import Port

# The chips that turn its signals into those of the cable, as `network` calls them after "PHY_".
PHYS = ("LAN8720", "LAN8710", "IP101", "RTL8201", "DP83848", "KSZ8041", "KSZ8081")
CLOCK_OUT = 32


def start(terminal):
    """Ethernet at a terminal ["ethernet", number, mdc, mdio, clock, power], power -1 where nothing switches it.

    number is the chip's address (0 to 31), plus CLOCK_OUT where the ESP32 gives it the clock, plus 64 times its place
    in PHYS. OSError, ValueError: this is not how the board is wired, or the chip does not answer.
    """
    import network
    from machine import Pin

    _, number, mdc, mdio, clock, power = terminal
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
