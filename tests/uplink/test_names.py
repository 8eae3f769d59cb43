"""Names and time over UDP, in slices: found, missing, silent, forged."""

import time

import pytest

from tests.uplink.books import Books
from tests.uplink.broker import Broker
from tests.uplink.names import Resolver, TimeServer
from tests.uplink.running import Running

TIME = 1_800_000_000


@pytest.mark.parametrize(("known_ms", "asked"), [(600_000, 1), (0, 4)])
def test_a_good_address_is_not_asked_for_again_and_an_old_one_serves_when_the_resolver_falls_silent(
    world: str, broker: Broker, books: Books, known_ms: int, asked: int
):
    resolver = Resolver(broker_test="127.0.0.1")
    settings = {"network.dns": f"127.0.0.1:{resolver.port}"}
    brokers = f"broker.test:{broker.port}"
    unit = Running(world, port=0, brokers=brokers, speed=40, readings=2, settings=settings, known_ms=known_ms)
    unit.wait("drained 2")
    resolver.hosts["broker.test"] = ""
    unit.say("net 0")
    unit.wait("state 0")
    unit.say("net 1")
    unit.say("add 1")
    unit.wait("drained 3")
    assert unit.quit()["connects"] == 2
    assert resolver.asked == asked  # once, and once the address is old again, three times


def test_name_that_does_not_resolve_leads_to_the_next_broker(world: str, broker: Broker, books: Books):
    resolver = Resolver(silent_test="")
    settings = {"network.dns": f"127.0.0.1:{resolver.port}"}
    brokers = f"no.such.test:1, silent.test:1, 127.0.0.1:{broker.port}"
    unit = Running(world, port=0, brokers=brokers, speed=40, readings=2, settings=settings)
    unit.wait("drained 2")
    figures = unit.quit()
    assert figures["connects"] == 1 and resolver.asked == 4  # one no, and three times silence


def test_time_comes_from_the_first_server_that_is_to_be_believed(world: str, broker: Broker):
    refuses, forges, good = TimeServer(TIME, stratum=0), TimeServer(TIME - 5, forged=True), TimeServer(TIME)
    resolver = Resolver(good_test="127.0.0.1")
    settings = {"network.ntp": "no.such.test, good.test", "network.dns": f"127.0.0.1:{resolver.port}"}
    for server, expected in ((good, TIME), (refuses, 0), (forges, 0)):
        unit = Running(world, port=broker.port, speed=40, settings=settings, ntp_port=server.port)
        if expected:
            unit.wait("time")
        while not unit.figures()["ntp_failures"] >= 2:  # no.such.test, and the other one unless it is good
            if expected:
                break
            time.sleep(0.05)
        assert unit.quit()["time_set"] == expected
        assert server.asked >= 1
