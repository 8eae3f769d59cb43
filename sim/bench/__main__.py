"""Runs every bench of this package, or those named: `python -m sim.bench journal`."""

import sys

from . import run

if __name__ == "__main__":
    sys.exit(run([__package__], sys.argv[1:]))
