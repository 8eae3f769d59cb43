"""`python -m tests.search`: random stories against the control of this checkout.

python -m tests.search --stories 1000 --seed 1 --jobs 2    try them, print the table
python -m tests.search --show 17                           tell story 17 where it goes wrong
python -m tests.search --show 17 --at 2:10:00 --for 300    tell it from there on
"""

import argparse
import signal
import sys
import time

from tests.search import campaign, show, stories


def seconds(text: str) -> int:
    """ "1:02:03", "02:03" or "123"."""
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return total


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.search", description=__doc__.splitlines()[0])
    parser.add_argument("--stories", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=0, help="of the first story")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--show", type=int, metavar="SEED", help="tell one story")
    parser.add_argument("--at", type=seconds, metavar="H:MM:SS", help="with --show: from there on")
    parser.add_argument("--for", type=seconds, default=600, dest="for_s", metavar="SECONDS")
    parser.add_argument("--every-second", action="store_true", help="with --show: seconds without a change too")
    parser.add_argument("--plain", action="store_true", help="with --show: the uncompiled source, for a debugger")
    given = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if given.show is not None:
        for line in show.show(stories.draw(given.show), given.at, given.for_s, given.every_second, given.plain):
            print(line)
        return 0
    began = time.perf_counter()
    outcomes = []
    for outcome in campaign.run(given.seed, given.stories, given.jobs):
        outcomes.append(outcome)
        if sys.stderr.isatty() and len(outcomes) % 50 == 0:
            print(f"\r{len(outcomes)} of {given.stories}", end="", file=sys.stderr)
    took_s = time.perf_counter() - began
    print("\n".join(campaign.table(outcomes)))
    print(f"{took_s:.1f} s, {sum(o.seconds for o in outcomes) / took_s:,.0f} unit-seconds a second")
    return 1 if any(outcome.broken() for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
