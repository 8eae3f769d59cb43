"""A board that keeps no lines: what its traceback says leads to the source all the same."""

import pytest

from host_tools.unitkit import fsimage, where
from tests.board import rig


def test_each_frame_of_a_traceback_leads_to_its_function(tmp_path, capsys):
    found = rig.frames(rig.output(rig.board(tmp_path, rig.BREAKS), "over"))
    assert found[-2][2] != "tick"
    way = ("unit/app.py App.live", "unit/app.py App.tick", "unit/control/controller.py Controller.step")
    for (module, line, short), wanted in zip(found[-3:], way, strict=True):
        assert line == "1"
        places = where.places(module, short, rig.BREAKS)
        source, _, name = wanted.partition(" ")
        lines = [place for place in places if place.startswith(source + ":") and place.endswith(" " + name)]
        assert len(lines) == 1, places
        number = int(lines[0].partition(":")[2].split()[0])
        text = fsimage.sources()[source].split("\n")[number - 1]
        assert f"def {name.partition('.')[2]}(" in text, text


@pytest.mark.parametrize(("words", "says"), [
    (("unit.nothing", "read"), "no such module"), (("unit.app", "no_such_function"), "no function"),
    (("unit.app", "let_go"), "no function"), (("unit.app",), "usage"),
])  # fmt: skip
def test_what_is_not_there_is_said(words, says, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["where", *words])
    assert where.main() == 2
    assert says in capsys.readouterr().err
