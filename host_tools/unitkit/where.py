"""`python -m host_tools.unitkit.where unit.app 512` names the source of a line in a board's traceback."""

import sys

from .errors import BadInput
from .fsimage import sources
from .shrink.bundle import where_on_board
from .shrink.fold import fold


def main() -> int:
    if len(sys.argv) != 3 or not sys.argv[2].isdigit():
        print("usage: python -m host_tools.unitkit.where MODULE LINE", file=sys.stderr)
        return 2
    try:
        print(where_on_board(fold(sources()), sys.argv[1], int(sys.argv[2])))
    except BadInput as e:
        print(e, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
