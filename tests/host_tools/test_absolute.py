"""Imports by full names mean what they meant."""

from host_tools.unitkit.shrink.absolute import absolute


def test_dots_become_the_package_that_they_stand_for():
    sources = {
        "unit/uplink/net/wifi.py": "from .. import ticks; from ..wire import Wire as W, NOT_NOW\n"
        "def f():\n    from . import net\n",
        "unit/app.py": "import gc\nfrom . import restart\nfrom .control.io import P1\n",
        "main.py": "from unit import config\n",
    }
    assert absolute(sources) == {
        "unit/uplink/net/wifi.py": "from unit.uplink import ticks; from unit.uplink.wire import Wire as W, NOT_NOW\n"
        "def f():\n    from unit.uplink.net import net\n",
        "unit/app.py": "import gc\nfrom unit import restart\nfrom unit.control.io import P1\n",
        "main.py": "from unit import config\n",
    }
