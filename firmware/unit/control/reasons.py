"""Why an output is as it is: numbers here, names and words in reasons.txt, in this order."""

from .basics import const

# nobody or somebody wants something
NOTHING = const(0)  # nobody wants it to run
LEVEL_START = const(1)  # level reached the start level
LEVEL_WAIT = const(2)  # level below the start level
STANDBY = const(3)  # the other pump has duty
ASSIST = const(4)  # level reached the assist level
RUN_ON = const(5)  # clears the well below the stop level
EXERCISE = const(6)  # anti-seize
FLOAT_BACKUP = const(7)  # high float runs the pump
BLIND_BACKUP = const(8)  # no level, no high float: by time
CYCLE_ON = const(9)  # aeration or return cycle
CYCLE_OFF = const(10)
CATCH_UP = const(11)  # aeration missed during an outage
RATIO_ON = const(12)  # return owed to the inflow
RATIO_OFF = const(13)
HAND = const(14)
REMOTE = const(15)
# protection
MIN_RUN = const(16)  # shortest run not over
MIN_OFF = const(17)  # shortest rest not over
STARTS_LIMIT = const(18)  # too many starts this hour
MAX_RUN = const(19)  # longest run reached, rests
DRY = const(20)  # well too low
LOCKED_OUT = const(21)  # did not run when commanded
NO_MAINS = const(22)
MAINS_WAIT = const(23)  # wait after power-up or mains return
SAFE_MODE = const(24)
LEASE_LIMIT = const(25)  # a command needs a time within the limit
DRY_REST = const(26)  # after a dry well, until it has had time to fill
