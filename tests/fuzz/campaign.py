"""All families, many inputs, on as many processes as there are jobs, and the table of what was found."""

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fuzz import engine, flashes, images, journals, lines, ports, publishers, texts
from tests.fuzz.engine import Family, Found

FAMILIES: list[Family] = [
    family for module in (journals, flashes, images, texts, ports, lines, publishers) for family in module.FAMILIES
]
_PART = 5000  # inputs in one process


def run(families: list[Family], inputs: int, first: int = 0, jobs: int = 1) -> list[Found]:
    """`inputs` in sum, from number `first` on in each family, by their shares."""
    shares = sum(family.share for family in families)
    counts = {family.name: max(1, round(inputs * family.share / shares)) for family in families}
    parts = [
        (family, first + at, min(_PART, counts[family.name] - at))
        for family in families
        for at in range(0, counts[family.name], _PART)
    ]
    found = {family.name: Found(family.name) for family in families}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        for part in pool.map(lambda numbered: _part(Path(folder) / str(numbered[0]), *numbered[1]), enumerate(parts)):
            found[part.family].add(part)
            if sys.stderr.isatty():
                print(f"\r{sum(one.tried for one in found.values()):,}", end="", file=sys.stderr)
    return list(found.values())


def _part(folder: Path, family: Family, first: int, count: int) -> Found:
    folder.mkdir()
    return engine.run(family, first, count, folder)


def table(found: list[Found]) -> list[str]:
    """A line a parser, then a line a finding, with the number of the first input that shows it."""
    lines = [f"{'parser':<36} {'inputs':>9} {'accepted':>9} {'refused':>9} {'found':>6}"]
    for one in found:
        numbers = f"{one.tried:9,} {one.accepted:9,} {one.refused:9,} {len(one.findings):6}"
        lines.append(f"{one.family:<36} {numbers}")
    numbers = [sum(getattr(one, name) for one in found) for name in ("tried", "accepted", "refused")]
    lines.append(f"{'all':<36} " + " ".join(f"{n:9,}" for n in numbers) + f" {sum(len(o.findings) for o in found):6}")
    for one in found:
        for what, (times, number) in sorted(one.findings.items(), key=lambda item: -item[1][0]):
            lines.append(f"{one.family}: {what}  ({times} times, first by input {number})")
    return lines
