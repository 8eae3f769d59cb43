"""An MQTT client that takes whatever a broker sends: what is no MQTT ends the connection, and is told."""

from collections.abc import Callable

import paho.mqtt.client as paho


class Client(paho.Client):
    """paho's client, whose thread does not end in a traceback but in `on_broken`, told what was wrong."""

    on_broken: Callable[[str], None] = staticmethod(lambda why: None)

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> paho.MQTTErrorCode:
        try:
            return super().loop_forever(timeout, retry_first_connection)
        except Exception as e:  # noqa: BLE001  the library raises all sorts of them for bytes that are no packet
            self.on_broken(f"it does not speak MQTT ({type(e).__name__})")
            return paho.MQTT_ERR_PROTOCOL
