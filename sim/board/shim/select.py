"""`select` whose waiting is the host's: in virtual time a wait is a jump of the clock, at wall speed it is a wait."""

import uselect
from host import link

POLLIN = uselect.POLLIN
POLLOUT = uselect.POLLOUT
POLLERR = uselect.POLLERR
POLLHUP = uselect.POLLHUP


class Poll:
    """The real poll object inside looks at files, sockets and UARTs alike; only its waiting is replaced."""

    def __init__(self):
        self._real = real = uselect.poll()
        self._look = real.poll
        self._n = 0
        self.modify = real.modify

    def register(self, stream, events=POLLIN | POLLOUT):
        self._real.register(stream, events)
        self._n += 1

    def unregister(self, stream):
        self._real.unregister(stream)
        self._n -= 1

    def poll(self, timeout=-1):
        if link.wall:
            return self._look(timeout if timeout <= 0 else timeout * 1000 // link.words.speed_permille)
        deadline = link.now_us + timeout * 1000 if timeout >= 0 else 1 << 60
        while True:
            ready = self._look(0) if self._n else ()
            if ready or deadline <= link.now_us:
                return ready
            link.wait_until(deadline)

    def ipoll(self, timeout=-1, flags=0):
        # No iterator around the list, and for a mere look no list: on a chip neither allocates.
        return self._real.ipoll(0, flags) if timeout == 0 else self.poll(timeout)


poll = Poll
