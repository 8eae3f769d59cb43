"""The virtual board: the firmware on a real MicroPython virtual machine."""
