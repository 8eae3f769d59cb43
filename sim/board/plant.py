"""What surrounds the board: the simulated plant of a scenario, or nothing that moves."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from unit.control.io import Inputs

from host_tools.unitkit.unitfile import Unit
from sim.scenario.scenario import Scenario
from sim.world.world import World

from .devices import Ds3231Chip, I2cDevice
from .memory import SharedMemory
from .shim import wire
from .wiring import Wiring


class Board(Protocol):
    """What a plant sees and moves of the board that it surrounds."""

    unit: Unit
    i2c: dict[tuple[int, int], I2cDevice]
    wiring: Wiring
    memory: SharedMemory
    now_us: int
    has_power: bool

    def power_on(self) -> None: ...

    def power_cut(self) -> None: ...


class Plant(Protocol):
    """`connect` is called once, `second` for every whole second of virtual time, from 0 on."""

    def connect(self, board: Board) -> None: ...

    def second(self, t_s: int) -> None: ...


class ScenarioPlant:
    """The world of a scenario around the board: its pumps follow the relays, its signals are on the pins."""

    def __init__(self, settings: dict[str, int], scenario: Scenario):
        self.world = World(settings, scenario)
        self.events: list[tuple[int, str, str, str]] = []
        self._start_utc = scenario.start.astimezone(UTC).replace(tzinfo=None)
        self._inputs = Inputs()
        self._clock_known = 1

    def connect(self, board: Board) -> None:
        self._board = board
        self._clock = Ds3231Chip(self._utc)
        for kind, bus, *_ in board.unit.board.terminals.values():
            if kind == "i2c":
                board.i2c[(int(bus), 0x68)] = self._clock

    def _utc(self) -> datetime:
        return self._start_utc + timedelta(microseconds=self._board.now_us)

    def second(self, t_s: int) -> None:
        board, world = self._board, self.world
        relay = board.wiring.relay
        world.advance(t_s, self._inputs, relay(0), relay(1), relay(2), relay(3))
        board.wiring.apply(self._inputs)
        board.memory.bytes[wire.LINK_UP] = world.network_up
        if world.clock_known != self._clock_known:
            self._clock_known = world.clock_known
            if not world.clock_known:
                self._clock.lose_time()
        if world.board_on != board.has_power:
            if world.board_on:
                board.power_on()
            else:
                board.power_cut()
        if world.events:
            self.events += world.events
            world.events.clear()
