"""The record of a flashing: one HTML page in both languages, with a label to cut out and glue into the cabinet."""

import html
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import segno
from unit.catalogue.printable import printable

from ..device.self_test import BAD, MUST, OK, Check, SelfTest
from ..unitkit.errors import in_language, writing
from ..unitkit.unitfile import Unit

STYLE = """
body{font:14px/1.5 "Noto Sans CJK SC","Microsoft YaHei",sans-serif}
body{max-width:46em;margin:2em auto;padding:0 1em;color:#111}
h1{font-size:1.3em} h2{font-size:1.1em} table{border-collapse:collapse;width:100%}
td,th{border:1px solid #bbb;padding:.3em .6em;text-align:left;vertical-align:top}
td.code{font-family:monospace;overflow-wrap:anywhere}
.ok{color:#060} .bad{color:#a00;font-weight:bold} .see{color:#850} .none{color:#666}
.ok,.bad,.see,.none{white-space:nowrap}
.verdict{white-space:normal;font-size:1.2em;border:2px solid;padding:.4em .8em;width:max-content}
.labels{display:flex;flex-wrap:wrap;gap:1em}
.label{border:2px solid #111;padding:.6em;display:flex;gap:1em;align-items:center;break-inside:avoid;width:max-content}
.label b{font-size:1.4em} .line{border-bottom:1px solid #111;display:inline-block;width:12em}
@media print{body{margin:0 auto}}
"""
_STATES = {"ok": "正常 ok", "bad": "不正常 bad", "see": "还要看 see to it", "none": "没有 none"}


@dataclass(frozen=True)
class Record:
    """What a record tells; `rows` are (Chinese, English, value). None of it is secret.

    `problems` are sentences: the unit is not well where there are any.
    """

    unit: Unit
    mac: str
    when: str
    firmware_sha256: str
    rows: list[tuple[str, str, str]]
    tests: SelfTest
    problems: list[str]

    @property
    def label(self) -> str:
        """The text of the QR code: what a later visit wants to compare."""
        return (
            f"QINGXI {self.unit.id}\nMAC {self.mac}\nFW {self.firmware_sha256[:12]}\nCFG {self.unit.sha256[:12]}\n"
            f"{self.when[:10]}"
        )

    def page(self) -> str:
        e = _shown
        rows = "\n".join(
            f'<tr><th>{e(_title(zh, en))}</th><td class="code">{e(value)}</td></tr>' for zh, en, value in self.rows
        )
        checks = "\n".join(_check_row(check) for check in self.tests.checks)
        verdict = '<p class="verdict ok">✔ 自检通过 self-test passed</p>'
        if self.problems:
            sentences = "<br>".join(e(in_language(text, "zh")) + "<br>" + e(text) for text in self.problems)
            verdict = f'<p class="verdict bad">✘ 不能投用 not fit for service<br>{sentences}</p>'
        lines = *self.unit.names, self.mac, self.when[:10]
        body = f"""<h1>烧录记录 Flash record: {e(" ".join(self.unit.names))}</h1>
{verdict}
<table>
{rows}
</table>
<h2>自检 Self-test</h2>
<table>
{checks}
</table>
<h2>标签 Label</h2>
{label(self.label, self.unit.id, lines)}
<p>剪下标签贴在控制箱内。Cut the label out and glue it into the cabinet.</p>
<p>安装人 Installed by <span class="line"></span> 日期 Date <span class="line"></span></p>"""
        return page(f"{e(self.unit.id)} 烧录记录 flash record", body)

    def save(self, folder: Path) -> Path:
        """Write the page; its name holds unit, board and time, so that no record replaces another."""
        name = f"{self.unit.id}-{self.mac.replace(':', '')}-{self.when[:19].replace(':', '')}.html"
        path = folder / name
        with writing(path):
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(self.page(), encoding="utf-8")
        return path


def page(title: str, body: str) -> str:
    """A whole page, of a title and a body that are HTML already."""
    return f"""<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><title>{title}</title>
<style>{STYLE}</style></head><body>
{body}
</body></html>
"""


def label(code: str, title: str, lines: Iterable[str]) -> str:
    """A label to cut out: a QR code with the text `code`, beside it `title` and `lines`."""
    picture = segno.make(code, error="m", micro=False).svg_inline(scale=4, border=2)
    text = "<br>".join(_shown(line) for line in lines)
    return f'<div class="label">{picture}<div><b>{_shown(title)}</b><br>{text}</div></div>'


def _shown(text: str) -> str:
    """Text in HTML: nothing in it is markup, or turns the direction of what stands around it."""
    return html.escape(printable(text))


def _check_row(check: Check) -> str:
    e = _shown
    style = {OK: "ok", BAD: "bad" if check.name in MUST else "see"}.get(check.state, "none")
    lines = [line for line in (check.detail, *check.mend) if line]
    state = f'<td class="{style}">{_STATES[style]}</td>'
    return f'<tr><th>{e(_title(*check.title))}</th>{state}<td class="code">{"<br>".join(map(e, lines))}</td></tr>'


def _title(zh: str, en: str) -> str:
    return zh if zh == en else f"{zh} {en}"
