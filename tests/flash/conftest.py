"""What the tests of flashing share: a cache of MicroPython images of their own, and how the command is run."""

import pytest

from host_tools import main, micropython_image

from . import standin


@pytest.fixture
def image(tmp_path, monkeypatch):
    """The MicroPython image, pinned in a cache of the test's own."""
    monkeypatch.setenv("QINGXI_CACHE", str(tmp_path / "cache"))
    found = micropython_image.read(standin.file(tmp_path))
    micropython_image.pin(found)
    return found


@pytest.fixture
def qingxi(capsys):
    """Runs `qingxi` with words: (exit code, standard output, standard error)."""

    def run(*words):
        code = main.main([str(word) for word in words])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture
def flash(qingxi, image):
    """Runs `qingxi flash` on a desk's port."""
    return lambda desk, *words: qingxi("flash", "--port", desk.port, "--record", desk.folder / "records", *words)
