"""Runs every bench there is, or those named: `python -m host_tools.bench journal`."""

import sys

from sim.bench import run

if __name__ == "__main__":
    sys.exit(run(["host_tools.bench", "sim.bench"], sys.argv[1:]))
