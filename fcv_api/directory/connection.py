"""A connection to a directory: made, and encrypted, by Python's own sockets, each step of which has an end in time.

libldap is handed one end of a pair of sockets, and what it says there is carried to the directory. Its own TLS has no
end: built on GnuTLS, as by Debian, it waited for ever for a directory that hangs in the handshake, and took a whole
processor to do so.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import closing, suppress
from datetime import UTC, datetime
from time import monotonic
from urllib.parse import urlsplit

from fcv_api.settings.ldap import LdapSettings

START_TLS = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + b"1.3.6.1.4.1.1466.20037"
"""The request for TLS on a plain connection, in BER (RFC 4511, 4.14)."""
SUCCESS = b"\x0a\x01\x00"
"""The result code 0 of its answer."""
BYTES = 65_536
PORTS = {"ldaps": 636, "ldap": 389}
SHORTEST = 0.05
"""Seconds that a step is given at least: 0 would mean no end at all."""
WAITS = (ssl.SSLWantReadError, BlockingIOError)


class NoConnection(Exception):
    """There is none. The message says why, in words that follow the address."""


def context_of(settings: LdapSettings) -> ssl.SSLContext | None:
    """Return how a directory's certificate is checked: by one authority alone, and by its name; None without TLS."""
    return ssl.create_default_context(cafile=str(settings.ldap_ca_file)) if settings.ldap_ca_file else None


def connect(url: str, context: ssl.SSLContext | None, until: float) -> socket.socket:
    """Return a connection, encrypted where there is a context. Raises NoConnection. until: by the monotonic clock."""
    try:
        return _connect(url, context, until)
    except ssl.SSLCertVerificationError as error:
        raise NoConnection(f"its certificate is refused: {error.verify_message.rstrip('.')}") from None
    except ssl.SSLError as error:
        raise NoConnection(f"TLS fails: {error.reason}") from None
    except TimeoutError:
        raise NoConnection("it does not answer in time") from None
    except OSError as error:
        raise NoConnection(f"it cannot be reached: {error.strerror or error}") from None


def _connect(url: str, context: ssl.SSLContext | None, until: float) -> socket.socket:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    plain = socket.create_connection((host, port), _left(until))
    if context is None:
        return plain
    try:
        plain.settimeout(_left(until))
        if parts.scheme == "ldap":
            _start_tls(plain)
        plain.settimeout(_left(until))
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _start_tls(plain: socket.socket) -> None:
    plain.sendall(START_TLS)
    if SUCCESS not in plain.recv(BYTES):
        raise OSError("it does not offer StartTLS")


def certificate_ends(settings: LdapSettings, url: str, seconds: float) -> datetime | None:
    """Return when a directory's certificate ends; None without TLS. Raises NoConnection."""
    context = context_of(settings) if settings.encrypts(url) else None
    with closing(connect(url, context, monotonic() + seconds)) as connection:
        if not isinstance(connection, ssl.SSLSocket):
            return None
        shown = connection.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)


def carried(outer: socket.socket, until: float) -> int:
    """Return the descriptor of a socket whose bytes are carried to a connection and back, until one of them ends.

    Whoever closes the descriptor closes the connection.
    """
    inner, own = socket.socketpair()
    threading.Thread(target=_carry, args=(inner, outer, until), name="directory-bytes", daemon=True).start()
    return own.detach()


def _carry(inner: socket.socket, outer: socket.socket, until: float) -> None:
    poll = select.poll()
    for each in (inner, outer):
        each.settimeout(0)
        poll.register(each, select.POLLIN)
    with inner, outer, suppress(OSError):
        while monotonic() < until:
            ready = {descriptor for descriptor, _ in poll.poll(_left(until) * 1000)}
            for source, target in ((inner, outer), (outer, inner)):
                if source.fileno() in ready and not _pass_on(source, target, until):
                    return


def _pass_on(source: socket.socket, target: socket.socket, until: float) -> bool:
    """Pass on what has come. Return whether the source goes on. Raises OSError.

    An encrypted connection may be readable and hold nothing for anybody, or more than one reading takes.
    """
    while True:
        try:
            come = source.recv(BYTES)
        except WAITS:
            return True
        if not come:
            return False
        target.settimeout(_left(until))
        target.sendall(come)
        target.settimeout(0)
        if not (isinstance(source, ssl.SSLSocket) and source.pending()):
            return True


def _left(until: float) -> float:
    return max(until - monotonic(), SHORTEST)
