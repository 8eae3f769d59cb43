"""The console's files (configuration, PIN, visitors' book) belong to the folder that it runs in: a fresh one a test."""

import gc

import pytest


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True, scope="session")
def small_heap():
    """The console collects its garbage after each command: not that of the whole test run each time."""
    gc.collect()
    gc.freeze()
