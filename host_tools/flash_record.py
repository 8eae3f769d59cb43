"""The record of a flashing: one HTML page in both languages, with a label to cut out and glue into the cabinet."""

import html
from dataclasses import dataclass
from pathlib import Path

import segno

from .errors import SurroundingsFailed

_STYLE = """
body{font:14px/1.5 "Noto Sans CJK SC","Microsoft YaHei",sans-serif}
body{max-width:46em;margin:2em auto;padding:0 1em;color:#111}
h1{font-size:1.3em} table{border-collapse:collapse;width:100%}
td,th{border:1px solid #bbb;padding:.3em .6em;text-align:left}
td.code{font-family:monospace;overflow-wrap:anywhere}
.label{border:2px solid #111;padding:.6em;margin:1.5em 0;display:flex;gap:1em;align-items:center;width:max-content}
.label b{font-size:1.4em} .line{border-bottom:1px solid #111;display:inline-block;width:12em}
"""


@dataclass(frozen=True)
class Record:
    """What a record tells; `rows` are (Chinese, English, value). None of it is secret."""

    unit_id: str
    name_zh: str
    name_en: str
    mac: str
    when: str
    firmware_sha256: str
    config_sha256: str
    rows: list[tuple[str, str, str]]

    @property
    def label(self) -> str:
        """The text of the QR code: what a later visit wants to compare."""
        return (
            f"QINGXI {self.unit_id}\nMAC {self.mac}\nFW {self.firmware_sha256[:12]}\nCFG {self.config_sha256[:12]}\n"
            f"{self.when[:10]}"
        )

    def page(self) -> str:
        code = segno.make(self.label, error="m").svg_inline(scale=4, border=2)
        e = html.escape
        rows = "\n".join(
            f'<tr><th>{e(zh)} {e(en)}</th><td class="code">{e(value)}</td></tr>' for zh, en, value in self.rows
        )
        return f"""<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><title>{e(self.unit_id)} 烧录记录 flash record</title>
<style>{_STYLE}</style></head><body>
<h1>烧录记录 Flash record: {e(self.name_zh)} {e(self.name_en)}</h1>
<table>
{rows}
</table>
<div class="label">{code}<div><b>{e(self.unit_id)}</b><br>{e(self.name_zh)}<br>{e(self.name_en)}<br>
{e(self.mac)}<br>{e(self.when[:10])}</div></div>
<p>剪下标签贴在控制箱内。Cut the label out and glue it into the cabinet.</p>
<p>安装人 Installed by <span class="line"></span> 日期 Date <span class="line"></span></p>
</body></html>
"""

    def save(self, folder: Path) -> Path:
        """Write the page; its name holds unit, board and time, so that no record replaces another."""
        name = f"{self.unit_id}-{self.mac.replace(':', '')}-{self.when[:19].replace(':', '')}.html"
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(self.page(), encoding="utf-8")
        except OSError as e:
            raise SurroundingsFailed(f"{path}: cannot be written: {e.strerror}") from e
        return path
