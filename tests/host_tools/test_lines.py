"""Lines put together: the same program in fewer of them, and every one found again."""

import ast

from host_tools.unitkit import fsimage
from host_tools.unitkit.shrink.bundle import bundle
from host_tools.unitkit.shrink.fold import fold
from host_tools.unitkit.shrink.lines import join

SOURCE = '''"""What it is."""
import math  # for the root


def f(value):
    """What it does."""
    total = 0
    # one by one

    for i in range(value):
        if i == 2:
            continue
        elif i == 3:
            total += math.floor(
                i * 1.5
            )
            total += 1
        else:
            total += i
    while total > 100:
        break
    try:
        text = """two
lines; and more"""
        total += len(text)
    finally:
        total += 1
    return total


class Empty:
    """Nothing but this."""

    def nothing(self):
        """Nor here."""
'''


def test_it_is_the_same_program_in_fewer_lines():
    made = join(SOURCE)
    was, now = {}, {}
    exec(SOURCE, was)
    exec(made.text, now)
    assert was["f"](6) == now["f"](6)
    assert now["Empty"]().nothing() is None
    assert made.text.count("\n") < 20
    assert "for i" in made.text and "    if i == 2: continue\n" in made.text
    assert "What" not in made.text and "one by one" not in made.text


def test_every_line_knows_where_it_comes_from():
    made = join(SOURCE)
    source = SOURCE.split("\n")
    for line, (first, last) in zip(made.text.split("\n"), made.sources, strict=False):
        if line.strip() in {"", "else:", "try:", "finally:"}:
            continue
        word = line.replace("elif", "if").split()[0].rstrip(";:")
        assert word in source[first - 1], (line, first)
        assert first <= last
    joined = next(place for line, place in zip(made.text.split("\n"), made.sources, strict=False) if "floor" in line)
    assert joined == (13, 17)


def test_the_firmware_is_the_same_tree_in_fewer_lines():
    for path, text in bundle(fold(fsimage.sources())).items():
        made = join(text)
        again = join(made.text)
        assert ast.dump(ast.parse(made.text)) == ast.dump(ast.parse(again.text)), path
        assert made.text == again.text, path
        assert len(made.text.split("\n")) <= len(text.split("\n")) + 1, path
