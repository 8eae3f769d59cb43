"""How a connection fails, for all that read and write one."""

import errno

NOT_NOW = (errno.EINPROGRESS, errno.EALREADY, getattr(errno, "EWOULDBLOCK", errno.EAGAIN))


class Broken(Exception):
    """The connection ended, or its peer does not speak MQTT; the text says which."""
