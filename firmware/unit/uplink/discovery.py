"""Home Assistant finds the unit by itself: one retained message a point, derived from the points catalogue."""

from ..catalogue.tables import rows
from .json_value import write_value

# What Home Assistant calls the quantity of a unit, where it has a name for it.
_CLASSES = {"mm": "distance", "Wh": "energy", "s": "duration"}


def topic(prefix, unit_id, point):
    """The topic of one point's announcement."""
    return ("%s/sensor/%s/%s/config" % (prefix, unit_id, point)).encode()


def write(out, root, unit_id, name, lang, index):
    """Write the announcement of the point `index` into `out`; returns its id, "" behind the last one.

    `root` is what the unit's topics begin with.
    """
    for row in rows("points"):
        if index:
            index -= 1
            continue
        point, unit, kind = row[0], row[1], row[3]
        members = {
            "name": row[-2] if lang == "zh" else row[-1],
            "unique_id": unit_id + "_" + point,
            "state_topic": root + "state",
            "value_template": "{{ value_json['values']['%s'] }}" % point,
            "availability_topic": root + "availability",
            "device": {"identifiers": [unit_id], "name": name, "manufacturer": "Qingxi"},
        }
        if kind != "bits":
            members["unit_of_measurement"] = unit
            members["state_class"] = "measurement"
            if unit in _CLASSES and kind != "total":
                members["device_class"] = _CLASSES[unit]
        out.begin()
        write_value(out, members)
        return point
    return ""
