"""Home Assistant finds the unit by itself: one retained message a point, derived from the points catalogue."""

from ..catalogue.tables import rows
from .json_value import write_value

# What Home Assistant calls the quantity of a unit, where it has a name for it.
_CLASSES = {"mm": "distance", "Wh": "energy", "s": "duration"}


def announce(out, prefix, root, identity):
    """Generator that writes one announcement after the other into `out` and yields its topic.

    `root` is what the unit's topics begin with, `identity` as for `meta`.
    """
    for row in rows("points"):
        point, unit, kind = row[0], row[1], row[3]
        members = {
            "name": row[-2] if identity.lang == "zh" else row[-1],
            "unique_id": identity.unit_id + "_" + point,
            "state_topic": root + "state",
            "value_template": "{{ value_json['values']['%s'] }}" % point,
            "availability_topic": root + "availability",
            "device": {"identifiers": [identity.unit_id], "name": identity.name, "manufacturer": "Qingxi"},
        }
        if kind != "bits":
            members["unit_of_measurement"] = unit
            members["state_class"] = "measurement"
            if unit in _CLASSES and kind != "total":
                members["device_class"] = _CLASSES[unit]
        out.begin()
        write_value(out, members)
        yield ("%s/sensor/%s/%s/config" % (prefix, identity.unit_id, point)).encode()
