"""Mutants of the control core by cosmic-ray: each must be seen by the tests of control, or its survival explained.

    python -m tests.search.mutants --jobs 2                      all of them
    python -m tests.search.mutants --sample 40 protection.py     some, of one file

The tests run from this checkout against a copy of the firmware in which one thing is changed: first those that are
quick, then, against what survived, the invariants. Survivors whose reason stands in mutants_known.txt are told apart.
"""

import argparse
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkResult

ROOT = Path(__file__).resolve().parent.parent.parent
CONTROL = Path("firmware/unit/control")
KNOWN = Path(__file__).with_name("mutants_known.txt")
FILES = (
    *("protection.py", "witnesses.py", "effect.py", "process/lift.py", "process/backup.py", "process/pump_check.py"),
    *("claims.py", "alarms.py", "supervision.py"),
)
# First those that look at one class second by second and are done in a second. Aeration and the energy meter decide
# nothing in these files, and take half of the time.
QUICK = tuple(
    f"tests/control/test_{name}.py"
    for name in (
        *("guard", "witnesses", "dry_well", "effect", "backup", "pump_check", "claims", "supervision", "protection"),
        *("alarms", "signals", "lift", "inflow"),
    )
)
THOROUGH = ("tests/invariants/test_invariants.py",)
_TIMEOUT_S = 600
# Of each kind of change the one that a slip of the hand would make; the others die by the same tests.
_EXCLUDED = (
    r"core/ReplaceBinaryOperator_(?!Add_Sub$|Sub_Add$|Mul_FloorDiv$|FloorDiv_Mul$|Mod_Mul$|BitOr_BitAnd$|BitAnd_BitOr$"
    r"|LShift_RShift$|RShift_LShift$)",
    r"core/ReplaceComparisonOperator_(?!Eq_NotEq$|NotEq_Eq$|Lt_LtE$|LtE_Lt$|Gt_GtE$|GtE_Gt$|Lt_GtE$|Gt_LtE$)",
    r"core/ReplaceUnaryOperator_(?!USub_UAdd$|Delete_Not$)",
    r"core/(RemoveDecorator|ExceptionReplacer|VariableReplacer|VariableInserter)",
)


@dataclass(frozen=True)
class Mutant:
    """One change that no test saw: where, and the line before and after."""

    file: str
    line: int
    before: str
    after: str


def _command(tests: tuple[str, ...]) -> str:
    words = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    return shlex.join([*words, "-m", "not campaign", "--rootdir", str(ROOT), *map(_absolute, tests)])


def _absolute(word: str) -> str:
    """The tests stand in this checkout, wherever the command is run."""
    return word.replace("tests/", f"{ROOT}/tests/") if "tests/" in word else word


def _env(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(folder / "firmware"), "PYTHONDONTWRITEBYTECODE": "1"}


def _run(folder: Path, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cosmic_ray.cli", *words], cwd=folder, env=_env(folder), capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"cosmic-ray {' '.join(words)}: {done.stderr.strip()[-2000:]}")


def prepare(folder: Path, files: list[str], tests: tuple[str, ...] = QUICK) -> Path:
    """A copy of the firmware in `folder` and a session with every mutant of `files`; returns the session's file."""
    for name in ("firmware", "session.sqlite"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).unlink(missing_ok=True)
    shutil.copytree(ROOT / "firmware", folder / "firmware", ignore=shutil.ignore_patterns("__pycache__"))
    paths = ", ".join(f'"{CONTROL / file}"' for file in files)
    (folder / "config.toml").write_text(
        f"[cosmic-ray]\nmodule-path = [{paths}]\ntimeout = {_TIMEOUT_S}\nexcluded-modules = []\n"
        f"test-command = {_quoted(_command(tests))}\n\n[cosmic-ray.distributor]\nname = 'local'\n\n"
        "[cosmic-ray.filters.operators-filter]\nexclude-operators = ["
        + ", ".join(f"'{pattern}'" for pattern in _EXCLUDED)
        + "]\n",
        encoding="utf-8",
    )
    _run(folder, "init", "config.toml", "session.sqlite")
    session = folder / "session.sqlite"
    done = subprocess.run(
        [sys.executable, "-m", "cosmic_ray.tools.filters.operators_filter", "session.sqlite", "config.toml"],
        cwd=folder,
        env=_env(folder),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"filter: {done.stderr.strip()[-2000:]}")
    return session


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _place(item) -> tuple:
    mutation = item.mutations[0]
    return str(mutation.module_path), mutation.start_pos, mutation.operator_name, mutation.occurrence


def _keep(session: Path, wanted) -> int:
    """Leave only mutants for which `wanted(number, place)` is true; returns how many are left."""
    left = 0
    with use_db(str(session), WorkDB.Mode.open) as db:
        for number, item in enumerate(sorted(db.pending_work_items, key=_place)):
            if wanted(number, _place(item)):
                left += 1
            else:
                db.set_result(item.job_id, WorkResult(worker_outcome=WorkerOutcome.SKIPPED))
    return left


def standing() -> list[str]:
    """The files of protection that there are."""
    return [file for file in FILES if (ROOT / CONTROL / file).exists()]


def left(session: Path) -> int:
    """How many mutants wait to be tried."""
    return _keep(session, lambda number, place: True)


def count(files: list[str]) -> int:
    """How many mutants there are of these files."""
    with tempfile.TemporaryDirectory() as scratch:
        return left(prepare(Path(scratch), files))


def baseline(quick: bool) -> None:
    """The tests must pass on the control as it is, or else every mutant would seem to be seen. Raises RuntimeError."""
    command = shlex.split(_command(QUICK if quick else (*QUICK, *THOROUGH)))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the tests fail without any mutant:\n{done.stdout[-2000:]}")


def _share(files: list[str], chosen: set[int] | None, quick: bool, job: int, jobs: int) -> tuple[int, list[Mutant]]:
    """One job's share of the mutants: how many were tried, and which survived."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        session = prepare(folder, files)
        tried = _keep(session, lambda number, place: number % jobs == job and (chosen is None or number in chosen))
        survivors = _try(folder, session)
        if survivors and not quick:
            session = prepare(folder, files, THOROUGH)
            _keep(session, lambda number, place: place in survivors)
            survivors = _try(folder, session)
        return tried, list(survivors.values())


def _try(folder: Path, session: Path) -> dict[tuple, Mutant]:
    """Run the session; returns what survived, by its place."""
    _run(folder, "exec", "config.toml", "session.sqlite")
    with use_db(str(session), WorkDB.Mode.open) as db:
        results = dict(db.results)
        return {
            _place(item): _mutant(item.mutations[0], results[item.job_id].diff or "")
            for item in db.work_items
            if item.job_id in results
            and results[item.job_id].worker_outcome == WorkerOutcome.NORMAL
            and results[item.job_id].test_outcome == TestOutcome.SURVIVED
        }


def _mutant(mutation, diff: str) -> Mutant:
    lines = diff.splitlines()
    before = [line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("---")]
    after = [line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++")]
    file = Path(mutation.module_path).relative_to(CONTROL).as_posix()
    return Mutant(file, mutation.start_pos[0], " ".join(before), " ".join(after))


def known() -> dict[tuple[str, str, str], str]:
    """(file, line before, line after) -> why no test can see it."""
    found = {}
    for row in KNOWN.read_text(encoding="utf-8").splitlines():
        if row and not row.startswith("#"):
            file, before, after, reason = (part.strip() for part in row.split(" | "))
            found[file, before, after] = reason
    return found


def run(
    files: list[str], sample: int | None, seed: int = 0, quick: bool = False, jobs: int = 1
) -> tuple[int, list[Mutant]]:
    """Mutants tried and survivors, in order."""
    baseline(quick)
    chosen = None
    if sample is not None:
        total = count(files)
        chosen = set(random.Random(seed).sample(range(total), min(sample, total)))
    with ThreadPoolExecutor(jobs) as pool:
        shares = list(pool.map(lambda job: _share(files, chosen, quick, job, jobs), range(jobs)))
    tried = sum(share[0] for share in shares)
    survivors = sorted((mutant for share in shares for mutant in share[1]), key=lambda m: (m.file, m.line, m.after))
    return tried, survivors


def without_reason(survivors: list[Mutant]) -> list[Mutant]:
    """Those that no row of mutants_known.txt explains."""
    reasons = known()
    return [mutant for mutant in survivors if (mutant.file, mutant.before, mutant.after) not in reasons]


def table(tried: int, survivors: list[Mutant]) -> list[str]:
    """Each survivor, and how many there are."""
    reasons = known()
    lines = []
    for mutant in survivors:
        reason = reasons.get((mutant.file, mutant.before, mutant.after))
        why = f"  ({reason})" if reason else ""
        lines.append(f"{mutant.file}:{mutant.line}: {mutant.before}  ->  {mutant.after}{why}")
    unexplained = len(without_reason(survivors))
    return [*lines, f"{tried} mutants, {len(survivors)} survive, {unexplained} of them without a reason"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.search.mutants", description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", help=f"below {CONTROL}; all of protection by default")
    parser.add_argument("--sample", type=int, metavar="N", help="so many of them, at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="without the invariants, which take a minute a survivor")
    parser.add_argument("--count", action="store_true", help="how many there are")
    given = parser.parse_args()
    files = given.files or standing()
    if given.count:
        print("\n".join(f"{file} {count([file])}" for file in files))
        return 0
    began = time.perf_counter()
    tried, survivors = run(files, given.sample, given.seed, given.quick, given.jobs)
    minutes = (time.perf_counter() - began) / 60
    unexplained = without_reason(survivors)
    print("\n".join(table(tried, survivors)))
    print(f"{minutes:.1f} min, {tried / minutes:.1f} mutants a minute")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
