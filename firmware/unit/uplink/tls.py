"""TLS for the broker connection: the authority must have signed the broker's certificate, and its name must match.

Cost on a board: the handshake is sliced wherever it waits for the network, but its public-key arithmetic is not, and
occupies an ESP32 for up to about a second at a stretch; the session does it only while the app says `may_block`. A
certificate's dates are held against the chip's clock, which shows the lowest date that it can be while nobody has told
the time (../earliest.py): what had expired before that is refused, and what begins after it waits for the time.
"""

import binascii
import ssl


def context(ca_file, cert_file="", key_file=""):
    """An SSLContext for a client. OSError if a file is missing, ValueError if it holds no certificate or key."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.verify_mode = ssl.CERT_REQUIRED
    if not ca_file:
        raise ValueError("mqtt.ca_file: TLS needs the authority's certificate")
    for der in _ders(ca_file):
        made.load_verify_locations(cadata=der)
    if cert_file:
        if hasattr(made, "check_hostname"):  # CPython
            made.load_cert_chain(cert_file, key_file)
        else:
            made.load_cert_chain(_ders(cert_file)[0], _ders(key_file)[0])
    return made


def _ders(path):
    """What stands in a PEM file, as DER, which every port reads; MicroPython's own PEM reader is often left out."""
    found = []
    text = ""  # of the block being read, its marker line first
    with open(path) as f:
        for line in f:
            if line.startswith("-----BEGIN"):
                text = "\n"
            elif line.startswith("-----END") and text:
                found.append(binascii.a2b_base64(text))
                text = ""
            elif text:
                text += line
    if not found:
        raise ValueError("%s: holds no PEM block" % path)
    return found
