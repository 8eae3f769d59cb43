"""A terminal's screen as a picture: an SVG that needs nothing but itself.

Each run of characters is stretched to the columns that it takes on a terminal, so Chinese stands aligned whatever font
the reader has; blocks and bars are drawn as rectangles.
"""

from html import escape
from itertools import groupby

from unit.console.terminal.line import width

_CELL = 8.4  # width of a column
_LINE = 19
_EDGE = 14
_BARS = "▁▂▃▄▅▆▇█"
_COLUMNS = 80

_STYLE = (
    "text{font:14px 'DejaVu Sans Mono','Noto Sans Mono CJK SC',Menlo,Consolas,monospace;fill:#d6dde4;white-space:pre}"
    ".typed{fill:#ffffff;font-weight:bold}.alarm{fill:#ffb454}.bar{fill:#5fb3d9}.head{fill:#8fd694}"
)


def svg(lines: list[str], title: str) -> str:
    """The picture of a screen of 80 columns."""
    wide = round(2 * _EDGE + _COLUMNS * _CELL)
    high = 2 * _EDGE + len(lines) * _LINE
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{wide}" height="{high}" rx="8" fill="#1b2229"/>',
    ]
    for number, line in enumerate(lines):
        drawn += _line(line, _EDGE + number * _LINE)
    return "\n".join([*drawn, "</svg>"]) + "\n"


def _line(line: str, top: int) -> list[str]:
    style = "alarm" if line.startswith("!") else "head" if line.startswith("==") else ""
    typed_from = len(line)
    for prompt in ("> ", "# ", "(y/n) ", "(n skips) ", "（n 跳过） "):
        place = line.find(prompt)
        if place >= 0 and (prompt[0] in "(（" or " " not in line[:place]):
            typed_from = place + len(prompt)
            break
    drawn = []
    column = 0
    cells = [(char, i >= typed_from) for i, char in enumerate(line)]
    for (kind, typed), run in groupby(cells, lambda cell: (_kind(cell[0]), cell[1])):
        text = "".join(char for char, _ in run)
        x = _EDGE + column * _CELL
        columns = width(text)
        if kind == "bar":
            drawn += [_bar(char, x + i * _CELL, top) for i, char in enumerate(text)]
        elif kind != "blank":
            look = f' class="{"typed" if typed else style}"' if typed or style else ""
            place = f'x="{x:.1f}" y="{top + 14}" textLength="{columns * _CELL:.1f}" lengthAdjust="spacingAndGlyphs"'
            drawn.append(f"<text {place}{look}>{escape(text, quote=False)}</text>")
        column += columns
    return drawn


def _kind(char: str) -> str:
    if char == " ":
        return "blank"
    if char in _BARS:
        return "bar"
    return "wide" if width(char) == 2 else "narrow"


def _bar(char: str, x: float, top: int) -> str:
    high = (_LINE - 3) * (_BARS.index(char) + 1) / len(_BARS)
    return f'<rect class="bar" x="{x:.1f}" y="{top + _LINE - 2 - high:.1f}" width="{_CELL:.1f}" height="{high:.1f}"/>'
