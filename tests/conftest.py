"""What all tests share: the language in which the programs under test speak, whatever computer they run on."""

import os

os.environ["LC_ALL"] = "C.UTF-8"
