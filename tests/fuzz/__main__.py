"""`python -m tests.fuzz`: damaged inputs against every parser that meets bytes from outside.

python -m tests.fuzz --inputs 1000000 --jobs 2        all of them, and what was found
python -m tests.fuzz --only fleet                     one parser
python -m tests.fuzz --only fleet --show 17           input 17 of it, and how it ends
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz import campaign, engine


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=10_000, metavar="N", help="in sum (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--only", default="", metavar="NAME", help="parsers with this in their name")
    parser.add_argument("--show", type=int, metavar="N", help="take this input, and let its error through")
    given = parser.parse_args()
    families = [family for family in campaign.FAMILIES if given.only in family.name]
    if not families:
        parser.error("there are: " + "; ".join(family.name for family in campaign.FAMILIES))
    if given.show is not None:
        with tempfile.TemporaryDirectory() as folder:
            player = engine.Player(families[0], Path(folder))
            data = player.input(given.show)
            print(f"{len(data)} bytes: {data[:1000]!r}", flush=True)
            try:
                print("accepted" if player.take(data) else "refused")
            except families[0].may_raise as e:
                print("refused:", e)
        return 0
    began = time.perf_counter()
    found = campaign.run(families, given.inputs, given.first, given.jobs)
    print("\n".join(campaign.table(found)))
    print(f"{time.perf_counter() - began:.0f} s")
    return 1 if any(one.findings for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
