from tests.uplink.served import books, broker  # noqa: F401  fixtures
