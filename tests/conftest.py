"""What all tests share: the language in which the programs under test speak, whatever computer they run on."""

import os

import pytest

from host_tools.device import first_start, raw_repl
from tests import patience

os.environ["LC_ALL"] = "C.UTF-8"


@pytest.fixture(autouse=True)
def patient_tools(monkeypatch):
    """A virtual board on a busy machine answers late: tools that run within a test wait for it as the tests do."""
    for tool in (first_start, raw_repl):
        monkeypatch.setattr(tool, "time", patience)


def pytest_terminal_summary(terminalreporter):
    """What campaigns have found, with the figures that documents quote: tests hand it over as property `found`."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, lines in getattr(report, "user_properties", ()):
                if name == "found" and report.when == "call":
                    terminalreporter.section(report.nodeid)
                    terminalreporter.write_line("\n".join(lines))
