"""What goes together at a board's terminals; part of the check of `settings`, which tells a board's compact form."""

from .tables import rows

_BAUD = 2  # column of probes.txt


def is_board(board):
    """Whether `board` is a board's compact form: a board's file may have rotted, and must not stop the unit."""
    if not isinstance(board, dict) or not isinstance(board.get("name"), str):
        return False
    terminals = board.get("terminals")
    return isinstance(terminals, dict) and all(_is_terminal(terminal) for terminal in terminals.values())


def _is_terminal(terminal):
    if not isinstance(terminal, list) or len(terminal) < 3 or not isinstance(terminal[0], str):
        return False
    numbers = terminal[1:3] + terminal[4:] if isinstance(terminal[3:4] and terminal[3], str) else terminal[1:]
    return all(isinstance(number, int) for number in numbers)


def pins(terminal):
    """The GPIO numbers that a terminal of a board takes; none if it is a line of a chip, whose name stands fourth."""
    if len(terminal) > 3 and isinstance(terminal[3], str):
        return []
    return [pin for pin in terminal[2:] if pin >= 0]


def counts(terminal):
    """Whether an energy meter can be at this terminal: the line of an expander would miss its pulses."""
    return terminal[0] == "rs485" or (terminal[0] == "input" and pins(terminal) != [])


def check(full, terminals):
    """Yield the problems of settings whose values are good one by one, as `settings.check` does."""
    yield from _pins_once(full, terminals)
    yield from _signals(full, terminals)
    yield from _shared_bus(full, terminals)
    yield from _network(full, terminals)
    energy = terminals.get(full.get("wiring.energy", ""))
    if energy and not counts(energy):
        yield "pulses", "wiring.energy", full["wiring.energy"]


def _pins_once(full, terminals):
    taken: dict = {}  # GPIO number, or line of a chip -> key
    for key in sorted(key for key in full if key.startswith("wiring.")):
        name = full[key]
        if name not in terminals:
            continue
        for pin in pins(terminals[name]) or [tuple(terminals[name][2:])]:
            other = taken.setdefault(pin, key)
            # Several sensors share an RS-485 bus by their addresses.
            if other != key and not (terminals[name][0] == "rs485" and full[other] == name):
                yield "twice", key, name, other, pin
                break


def _signals(full, terminals):
    """A sensor with a direct value speaks over a serial line, one with a current sits at an analog terminal."""
    for sensor in ("level", "turbidity"):
        name = full.get("wiring." + sensor)
        if name not in terminals or sensor + ".signal" not in full:
            continue
        direct = full[sensor + ".signal"]
        kind = terminals[name][0]
        # The TS-300B is both: a voltage that stands for a value.
        if direct != (kind != "analog") and not (direct and sensor == "turbidity"):
            yield "signal", sensor + ".signal", name


def _network(full, terminals):
    """Ethernet has its own kind of terminal, a modem sits at a uart; Wi-Fi needs none."""
    name = full.get("wiring.network")
    wanted = ("", "ethernet", "uart")[full.get("network.kind", 0)]
    if name is not None and wanted != (terminals[name][0] if name in terminals else ""):
        yield "network", "wiring.network", name


def _shared_bus(full, terminals):
    """Probes that share an RS-485 bus need one baud rate, and an address each."""
    for sensor, other in (("turbidity", "level"), ("energy", "level"), ("energy", "turbidity")):
        name = full.get("wiring." + sensor)
        if name != full.get("wiring." + other) or name not in terminals or terminals[name][0] != "rs485":
            continue
        probe, beside = full.get(sensor + ".probe"), full.get(other + ".probe")
        if _baud(probe) != _baud(beside):
            yield "baud", sensor + ".probe", probe, other + ".probe", beside
        address = full.get(sensor + ".modbus_address")
        if address == full.get(other + ".modbus_address"):
            yield "address", sensor + ".modbus_address", address, other + ".modbus_address", address


def _baud(probe):
    for row in rows("probes"):
        if row[0] == probe:
            return row[_BAUD]
    return None
