"""The console's files (configuration, PIN, visitors' book) belong to the folder that it runs in: a fresh one a test."""

import pytest


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
