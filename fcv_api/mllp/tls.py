"""TLS in the listener itself: a proxy before it would hide who sends."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any


def context_of(cert: Path | None, key: Path | None, client_ca: Path | None) -> ssl.SSLContext | None:
    """Return how the listener speaks TLS; None where it has no certificate. Raises OSError, SSLError among it."""
    if cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def names_in(certificate: Any) -> list[str]:  # noqa: ANN401 - what ssl returns
    """Return the names in a verified client's certificate; none where there is no certificate."""
    given = certificate or {}
    common = [value for part in given.get("subject", ()) for name, value in part if name == "commonName"]
    return [*common, *(value for kind, value in given.get("subjectAltName", ()) if kind in ("DNS", "IP Address"))]
