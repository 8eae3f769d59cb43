"""On the virtual machine: calls every `test_*` function of the module named on the command line."""

import sys


def main():
    module = __import__(sys.argv[1], None, None, ["*"])
    names = sorted(name for name in dir(module) if name.startswith("test_"))
    failed = 0
    for name in names:
        try:
            getattr(module, name)()
        except Exception as e:  # noqa: BLE001 - a test runner reports whatever a test raises
            failed += 1
            print("FAILED", name)
            sys.print_exception(e)  # type: ignore[attr-defined]
        else:
            print("passed", name)
    if failed or not names:
        print(failed, "of", len(names), "failed")
        sys.exit(1)


main()
