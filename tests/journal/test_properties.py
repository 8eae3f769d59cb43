"""Any order of appends, acknowledgements, restarts and power cuts, cuts after cuts included."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from unit.journal.layout import EVENT, READING
from unit.journal.ring import Journal

from host_tools.unitkit.nor import PROGRAM, Nor, PowerCut, erase_part, program_part
from tests.journal.lives import BLOCKS, found
from tests.journal.test_ring import BLOCK, CLOCK, POINTS, values

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("readings"), st.integers(1, 60)),
        st.tuples(st.just("event"), st.integers(0, 1 << 20)),
        st.tuples(st.just("ack"), st.integers(0, 40)),
        st.tuples(st.just("snapshot"), st.integers(1, 160)),
        st.tuples(st.just("clock"), st.integers(0, 100)),
        st.tuples(st.just("erase_ahead"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("cut_in"), st.integers(0, 12)),
    ),
    max_size=60,
)


class Unit:
    """A journal on flash that may lose its power, and what it has promised."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.nor = Nor(bytearray(self.rng.randbytes(BLOCKS * BLOCK)), BLOCK)
        self.nor.cut = self._cut
        self.left = -1
        self.uptime_s = 0
        self.promised = {}
        self.may_be = {}
        self.highest = self.highest_boot = 0
        self.start()

    def start(self):
        self.left = -1
        self.uptime_s = 0
        self.journal = Journal(self.nor, POINTS, 60)
        assert self.journal.next_seq > self.highest
        assert self.journal.boot > self.highest_boot

    def do(self, step, n):
        journal = self.journal
        if step == "cut_in":
            self.left = n
        elif step == "readings":
            for _ in range(n):
                row = values(self.rng.randrange(999))
                self._append(READING, lambda row=row: journal.reading(self.uptime_s, 0, row), (0, *row))
        elif step == "event":
            self._append(EVENT, lambda: journal.event(self.uptime_s, 30, n, -n), (30, n, -n))
        elif step == "ack":
            journal.ack(journal.next_seq - n)
        elif step == "snapshot":
            assert journal.save_snapshot(self.uptime_s, bytes(n), n)
        elif step == "clock":
            journal.set_clock(self.uptime_s, CLOCK + n)
        elif step == "erase_ahead":
            journal.erase_ahead(self.uptime_s)
        else:
            self.start()

    def check(self):
        held = found(self.journal)
        oldest = min(held, default=self.highest + 1)
        for seq, what in held.items():
            assert what in (self.promised.get(seq), self.may_be.get(seq)) or what[3] == 9
        for seq in self.promised:
            assert seq in held or seq < oldest

    def _append(self, kind, append, what):
        self.uptime_s += 60
        what = (kind, self.journal.boot, self.uptime_s, *what)
        self.may_be[self.journal.next_seq] = what
        seq = append()
        assert seq and seq > self.highest and seq not in self.promised
        self.promised[seq] = what
        self.highest = seq
        self.highest_boot = self.journal.boot

    def _cut(self, kind, start, data):
        if self.left == 0:
            if kind == PROGRAM:
                program_part(self.nor.data, start, data, self.rng.randrange(len(data)), self.rng.randrange(256))
            else:
                erase_part(self.nor.data, start, BLOCK, self.rng.randbytes(BLOCK))
            raise PowerCut
        self.left -= 1


@settings(max_examples=150, deadline=None)
@given(STEPS, st.integers(0, 1 << 30))
def test_no_order_of_events_breaks_a_promise(steps, seed):
    unit = Unit(seed)
    for step, n in steps:
        try:
            unit.do(step, n)
        except PowerCut:
            unit.start()
            unit.check()
    unit.start()
    unit.check()
