"""The security page: whatever it says that a test shows has that test, and no row is without an answer."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs/security.md").read_text(encoding="utf-8")
# How many provisions a clause of ETSI EN 303 645 has; 5.1-1 to 5.1-5 and so on.
CLAUSES = (5, 3, 16, 4, 8, 9, 2, 3, 3, 1, 4, 3, 1)
# Of IEC 62443-4-2 for SL 1, by clause.
CR = (
    "1.1 1.3 1.4 1.5 1.7 1.10 1.11 1.12 2.1 2.2 2.4 2.5 2.8 2.9 2.10 2.11 2.12 "
    "3.1 3.2 3.3 3.4 3.5 3.6 3.7 3.10 3.14 4.1 4.3 5.1 6.1 7.1 7.2 7.3 7.4 7.6 7.7 7.8"
)
EDR = ("2.4", "3.2", "3.10", "3.14")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    part = PAGE.partition(f"## Held against {heading}")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in part.splitlines() if line[:2] == "| "]
    return cells[1:]


ROWS = rows("ETSI") + rows("IEC")


def test_every_provision_has_its_row():
    wanted = [f"5.{clause}-{n}" for clause, most in enumerate(CLAUSES, 1) for n in range(1, most + 1)]
    assert [row[0] for row in rows("ETSI")] == wanted
    assert [row[0] for row in rows("IEC")] == [f"{'EDR' if n in EDR else 'CR'} {n}" for n in CR.split()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_has_a_test_a_page_or_a_gap_that_is_named(row: list[str]):
    assert len(row) == 3 and all(row)
    said = row[2].lower()
    assert re.search(r"::test_|\*\*gap\*\*|\*\*does not apply\*\*|\]\(|this page", said), row[2]


def test_every_test_that_the_page_names_is_there():
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", PAGE)
    assert len(named) > 80
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (TESTS / path).is_file()
        or not re.search(rf"^(async )?def {name}\(", (TESTS / path).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert not missing
    assert PAGE.count("::") == len(named)  # none is written in another way


def test_the_support_period_begins_with_the_release():
    released = re.search(r"^released = (\d+)(-\d\d-\d\d)$", (TESTS.parent / "pyproject.toml").read_text(), re.MULTILINE)
    assert released and f"until {int(released[1]) + 2}{released[2]}." in PAGE
