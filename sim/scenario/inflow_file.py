"""A measured inflow: the CSV file with `time_s`, `flow_m3_d` and, if known, `tss_g_m3`."""

import csv
import math
from collections import Counter
from itertools import pairwise
from pathlib import Path

TIME, FLOW, TSS = "time_s", "flow_m3_d", "tss_g_m3"
UNKNOWN_TSS = -1.0
MAX_FLOW_M3_D = 1e7
MAX_TSS_G_M3 = 1e5

Row = tuple[int, float, float]  # time_s, flow_m3_d, tss_g_m3 or UNKNOWN_TSS


def read_inflow(path: Path, problems: list[str]) -> tuple[Row, ...]:
    """The rows of the file; each row holds until the next. What is wrong is appended to `problems`, by file and line.

    Times need not begin at 0; they grow from row to row. A series with a regular step must not leave one out: a
    logger that failed for an hour is not an hour of unchanged flow. A file without a regular step says how long each
    of its rows holds and cannot have such a gap.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            if header not in ([TIME, FLOW], [TIME, FLOW, TSS]):
                shown = ",".join(header) or "nothing"
                problems.append(f"{path}:1: the header must be {TIME},{FLOW} or {TIME},{FLOW},{TSS}, not {shown}")
                return ()
            return _rows(path, header, reader, problems)
    except OSError as e:
        problems.append(f"{path}: cannot be read: {e.strerror}")
    except UnicodeDecodeError as e:
        problems.append(f"{path}: not UTF-8 text: {e.reason} at byte {e.start}")
    except csv.Error as e:
        problems.append(f"{path}: not a CSV file: {e}")
    return ()


def _rows(path: Path, header: list[str], reader, problems: list[str]) -> tuple[Row, ...]:
    rows: list[Row] = []
    times: list[tuple[int, int | None]] = []  # line and its time, None where it could not be read
    before = -1
    for fields in reader:
        if not fields:
            continue
        where = f"{path}:{reader.line_num}"
        times.append((reader.line_num, None))
        if len(fields) != len(header):
            problems.append(f"{where}: {len(fields)} fields where the header has {len(header)}: {','.join(header)}")
            continue
        time, *values = [_number(where, name, text, problems) for name, text in zip(header, fields, strict=True)]
        if time is None:
            continue
        time_s = round(time)
        if time_s <= before:
            problems.append(f"{where}: {TIME}: must be later than the row before ({before}), not {time_s}")
            continue
        before = time_s
        times[-1] = (reader.line_num, time_s)
        if None not in values:
            flow, *tss = (value for value in values if value is not None)
            rows.append((time_s, flow, tss[0] if tss else UNKNOWN_TSS))
    if not times:
        problems.append(f"{path}: no rows after the header; at least one is needed")
    problems.extend(_gaps(path, times))
    return tuple(rows)


def _number(where: str, name: str, text: str, problems: list[str]) -> float | None:
    high = {TIME: 1e10, FLOW: MAX_FLOW_M3_D, TSS: MAX_TSS_G_M3}[name]
    try:
        if not (text.isascii() and text.strip(" \t").isprintable()) or "_" in text:  # float() would take them
            raise ValueError
        value = float(text)
    except ValueError:
        shown = f'not "{text.strip()}"' if text.strip() else "but the field is empty"
        problems.append(f"{where}: {name}: must be a number, {shown}")
        return None
    if not (math.isfinite(value) and 0 <= value <= high):
        problems.append(f"{where}: {name}: must be between 0 and {high:g}, not {text.strip()}")
        return None
    return value


def _gaps(path: Path, times: list[tuple[int, int | None]]) -> list[str]:
    """A step longer than the regular one. Regular: at least two steps in three are equal."""
    steps = [
        (line, b - a) for (_, a), (line, b) in pairwise(times) if a is not None and b is not None
    ]
    if not steps:
        return []
    usual, count = Counter(step for _, step in steps).most_common(1)[0]
    if count < 2 or count * 3 < len(steps) * 2:
        return []
    return [
        f"{path}:{line}: {TIME}: a gap of {step} s before this row where every step is {usual} s; fill the rows in"
        for line, step in steps
        if step > usual
    ]
