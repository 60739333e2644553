"""TLS in the listener itself: a proxy before it would hide who sends."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from typing import Any

log = logging.getLogger("fcv_api")


class LoggedHandshake(ssl.SSLObject):
    """A connection's TLS that says why a handshake failed: asyncio keeps it to itself, and the gateway's log is far."""

    def do_handshake(self) -> None:
        """Go on with the handshake. Raises SSLError."""
        try:
            super().do_handshake()
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or (error.reason or "unknown").lower().replace("_", " ")
            log.warning("hl7: refused a connection by TLS: %s", reason)
            raise


def context_of(cert: Path | None, key: Path | None, client_ca: Path | None) -> ssl.SSLContext | None:
    """Return how the listener speaks TLS; None where it has no certificate. Raises OSError, SSLError among it."""
    if cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key)
    context.sslobject_class = LoggedHandshake
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def names_in(certificate: Any) -> list[str]:  # noqa: ANN401 - what ssl returns
    """Return the names in a verified client's certificate; none where there is no certificate."""
    given = certificate or {}
    common = [value for part in given.get("subject", ()) for name, value in part if name == "commonName"]
    return [*common, *(value for kind, value in given.get("subjectAltName", ()) if kind in ("DNS", "IP Address"))]
