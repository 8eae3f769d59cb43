"""When this firmware was released: no clock that is right shows less.

Raised with the version in pyproject.toml, beside which the same date stands.
"""

from .control.basics import const

RELEASED_S = const(218160000)  # 2026-11-30T00:00:00Z in seconds since 2020
