"""What a directory shows of itself to Python's own TLS, whose words are clearer than those of libldap."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from time import monotonic
from urllib.parse import urlsplit

from fcv_api.settings.ldap import LdapSettings

START_TLS = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + b"1.3.6.1.4.1.1466.20037"
"""The request for TLS on a plain connection, in BER (RFC 4511, 4.14)."""
SUCCESS = b"\x0a\x01\x00"
"""The result code 0 of its answer."""
ANSWER_BYTES = 4096
PORTS = {"ldaps": 636, "ldap": 389}


def certificate_ends(settings: LdapSettings, url: str, seconds: float) -> datetime | None:
    """Return when a directory's certificate ends; None without TLS. Raises OSError, as when it is refused."""
    parts, until = urlsplit(url), monotonic() + seconds
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    with socket.create_connection((host, port), seconds) as plain:
        if parts.scheme == "ldap":
            if not settings.ldap_starttls:
                return None
            plain.sendall(START_TLS)
            if SUCCESS not in plain.recv(ANSWER_BYTES):
                raise OSError("it does not offer StartTLS")
        plain.settimeout(max(until - monotonic(), 0.01))
        context = ssl.create_default_context(cafile=str(settings.ldap_ca_file))
        with context.wrap_socket(plain, server_hostname=host) as connection:
            shown = connection.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)


def trouble_with(settings: LdapSettings, url: str, seconds: float) -> str | None:
    """Return why there is no connection, in a few words; None where there is one."""
    try:
        certificate_ends(settings, url, seconds)
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is refused: {error.verify_message.rstrip('.')}"
    except ssl.SSLError as error:
        return f"TLS fails: {error.reason}"
    except TimeoutError:
        return "it does not answer in time"
    except OSError as error:
        return f"it cannot be reached: {error.strerror or error}"
    return None
