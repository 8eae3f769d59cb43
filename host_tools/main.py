"""The command `qingxi`: finds the verb, runs it, turns its errors into sentences and exit codes.

A verb is a module of `verbs/` with `add_parser(subparsers)`, which sets `run` (a function of the parsed
arguments that returns the exit code) as the parser's default.
"""

import argparse
import importlib
import os
import sys

from .unitkit.errors import ToolError
from .unitkit.progress import say

VERBS = (
    "sim", "config", "image", "fleet", "flash", "update", "delivery", "backup", "swap", "register", "journal",
    "console",
)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="qingxi", description="清溪: the open controller for village wastewater units")
    top.add_argument(
        "--lang", choices=("zh", "en"), default=own_language(), help="language of messages (here: %(default)s)"
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in VERBS:
        importlib.import_module(f".verbs.{verb}", __package__).add_parser(verbs)
    return top


def own_language() -> str:
    """The language of whoever sits here, as the system is set: Chinese or, of any other, English."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if named.startswith("zh") else "en"


def main(argv: list[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        # A Windows code page without Chinese must not turn a message into a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    args = parser().parse_args(argv)
    try:
        return args.run(args)
    except ToolError as e:
        for problem in e.problems:
            say(args.lang, problem)
        return e.exit_code
    except BrokenPipeError:
        # Whoever read our output (head, less) has seen enough; keep the interpreter from flushing into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
