"""Everyday visits to a unit, typed out: what happens before, what the crew types. Run against the real control core."""

from tests.console.rig import PIN, Unit


def first_visit(unit: Unit) -> None:
    """A new crew finds out what there is, and books its visit."""
    unit.seconds(1800)
    unit.type("\r")
    for line in ("help", "status", "why blower", "visit {who}", "run p1 1min"):
        unit.say(line.replace("{who}", "李工" if unit.door.lang == "zh" else "Li"))


def pump_clogged(unit: Unit) -> None:
    """Pump 1 delivers less and less; the crew cleans it and sees it deliver again."""
    unit.rig.inflow_l_min = 40.0
    unit.seconds(3600)
    unit.rig.pump_l_min[0] = 60.0
    unit.seconds(4 * 3600)
    unit.type("\r")
    for line in ("pumps", "alarms", "unlock " + PIN, "off p1 30min"):
        unit.say(line)
    unit.rig.pump_l_min[0] = 166.0
    unit.say("auto p1")
    unit.seconds(1200)
    for line in ("unlock " + PIN, "ack all", "service p1 done", "pumps", "log 8"):
        unit.say(line)


def sensor_dead(unit: Unit) -> None:
    """The level sensor's wire breaks while somebody types."""
    unit.seconds(600)
    unit.type("\r")
    unit.type("why p")
    unit.rig.level_raw = 0
    unit.seconds(30)
    unit.say("1")
    unit.say("status")
    unit.rig.level_raw = None
    unit.seconds(120)
    unit.say("unlock " + PIN)
    unit.say("ack all")
    unit.say("levels")


def after_a_power_cut(unit: Unit) -> None:
    """The mains have been away for half an hour."""
    unit.seconds(3600)
    unit.rig.power = False
    unit.rig.inflow_l_min = 30.0
    unit.seconds(1800)
    unit.type("\r")
    unit.say("alarms")
    unit.rig.power = True
    unit.seconds(15)
    unit.say("status")
    unit.say("why p1")
    unit.seconds(60)
    unit.say("status")
    unit.say("log 10")


STORIES = (first_visit, pump_clogged, sensor_dead, after_a_power_cut)


def transcript(story, lang: str) -> str:
    """What the terminal showed."""
    unit = Unit(lang)
    story(unit)
    return unit.screen().strip("\n") + "\n"
