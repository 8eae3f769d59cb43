"""Where a point stands in a reading: places here, ids, units and words in points.txt, in this order."""

from .basics import const

LEVEL_MM = const(0)
TURBIDITY_NTU = const(1)
INFLOW_L_MIN = const(2)
RUN_S = const(3)  # of the first output; those of the others follow in their order
ENERGY_WH = const(7)
INPUTS = const(8)
