"""Tests of the control core. Those in test_*.py import neither pytest nor hypothesis: the MicroPython virtual machine
runs the same files (tests/micropython/); property tests stand in prop_*.py for CPython alone."""
