"""`Pin.irq` of the ESP32, for a board with pulses at a pin: edges are served where time passes, and when it is read."""

import machine
import wire
from host import link


class Watched:
    """A pin with a handler; the outside counts its edges."""

    def __init__(self, pin, handler, trigger):
        self._pin = pin
        self._handler = handler
        self._edges = wire.PIN_EDGES + 2 * pin.id + (1 if trigger == machine.Pin.IRQ_RISING else 0)
        self._seen = link.memory[self._edges]

    def poll(self):
        """Call the handler for each edge since the last look."""
        while self._seen != link.memory[self._edges]:
            self._seen = self._seen + 1 & 255
            self._handler(self._pin)


machine.Pin.irq = lambda pin, handler, trigger: link.watched.append(Watched(pin, handler, trigger))
