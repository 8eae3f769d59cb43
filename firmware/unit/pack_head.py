"""Where things stand in a pack: the head that the PC writes and that a board reads before it trusts one.

    0   4  "QXP1"
    4   4  bytes of the whole pack
    8  32  SHA-256 of everything from byte 40 on
    40 22  version, filled up with NUL
    62  2  number of places
    64  6  a place: three bytes of the path's CRC-32, three where the file begins (0 for a folder); in that order
    ...    the files; each .txt is followed by the line END_OF_TEXT

Numbers are little-endian. The image builder writes these integers in where they are used, in slots.py and
pack.py too, which cannot know where the firmware is before they have read it: so this module imports nothing.
"""

MAGIC = 0x31505851
SIZE_AT = 4
DIGEST_AT = 8
VERSION_AT = 40  # the digest ends here, and covers what follows
COUNT_AT = 62
HEAD_BYTES = 64
ENTRY_BYTES = 6
