import pytest

from tests.uplink.served import books, broker  # noqa: F401  fixtures
from tests.uplink.worlds import WORLDS


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> str:
    return request.param
