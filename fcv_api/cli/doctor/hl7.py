"""`fcv doctor`: the listener for gateways: its address, its certificates, and the sources that may send."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from fcv_api import activations
from fcv_api.cli.doctor.certificate import of_file
from fcv_api.cli.doctor.database import can_be_asked
from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Finding, Place, reason_of
from fcv_api.cli.hl7_listener import check_senders
from fcv_api.cli.hl7_sources import known_sources
from fcv_api.feed import process
from fcv_api.mllp.tls import context_of
from fcv_api.settings import Settings, SettingsError
from fcv_api.settings.hl7 import host_and_port, is_loopback
from fcv_api.wire.hl7.source import Source

GUIDE = "docs/hl7.md tells of the file of sources; then start `fcv feed run` again."
RENEW = "Make it anew (`make certs`, docs/hl7.md), and start `fcv feed run` again."
READ = "Let the service's user read it: chown or chmod; or run this as that user."
START = "Start `fcv feed run` again; app.log says why it ended or does not listen."


def check_hl7(place: Place) -> Iterator[Finding]:
    """Look at the address, the certificates and the file of sources, where gateways are listened to."""
    settings = place.settings
    if settings.hl7_bind is None:
        yield Finding("hl7", OK, "FCV_HL7_BIND is not set: no gateway is listened to.")
        return
    if settings.feed == "off":
        detail = f"FCV_HL7_BIND is {settings.hl7_bind}, and FCV_FEED is off: nothing listens there."
        yield Finding("hl7", WARNING, detail, "Set FCV_FEED=on, or take FCV_HL7_BIND away.")
    yield from _senders(settings)
    yield from _tls(settings)
    yield _address(settings, host_and_port(settings.hl7_bind))


def _senders(settings: Settings) -> Iterator[Finding]:
    """Look at the file of sources, and at what production refuses."""
    try:
        sources = known_sources(settings)
        check_senders(settings, sources)
    except SettingsError as error:
        yield Finding("hl7", FAILED, str(error), GUIDE)
        return
    names = ", ".join(each.label for each in sources) or "none: every message is answered AR"
    yield Finding("hl7", OK, f"Sources: {names}.")
    for advice, detail in _doubts(settings, sources):
        yield Finding("hl7", WARNING, detail, advice)


def _doubts(settings: Settings, sources: Sequence[Source]) -> Iterator[tuple[str, str]]:
    """Return what is allowed, and hardly meant: what to do about it, and what it is."""
    for source in sources:
        name = f"[source.{source.name}]"
        if not (source.peers or source.certificates or source.accounts):
            yield GUIDE, f"{name} has no peers, certificates or accounts: nobody is it."
        if source.certificates and not settings.hl7_tls_client_ca:
            yield "Set FCV_HL7_TLS_CLIENT_CA.", f"{name} has certificates, and no gateway is asked for one."
        if any(each.prefixlen == 0 for each in source.peers):
            yield "List the gateway's own addresses.", f"{name} has all addresses as peers: anybody may send for it."
        if source.test and not settings.allow_test_sources:
            yield "Set FCV_ALLOW_TEST_SOURCES=1 on a test service.", f"{name} is a test source: it is answered AR."
        if source.test and settings.allow_test_sources and settings.production:
            yield "Let it send to a test service.", f"{name} is a test source, and this is production."


def _tls(settings: Settings) -> Iterator[Finding]:
    """Look at the certificate, its key and the gateways' authority."""
    given = settings.hl7_tls_cert, settings.hl7_tls_key, settings.hl7_tls_client_ca
    host, _port = host_and_port(settings.hl7_bind or "")
    if given[0] is None:
        if not is_loopback(host):
            advice = "Set FCV_HL7_TLS_CERT, _KEY and _CLIENT_CA, where the gateway can do TLS (docs/hl7.md)."
            yield Finding("hl7", WARNING, "Messages with patients' data come in plain text.", advice)
        return
    unreadable = [Finding("hl7", FAILED, reason, READ) for each in given if each and (reason := _unreadable(each))]
    if unreadable:
        yield from unreadable
        return
    try:
        context_of(*given)
    except ssl.SSLError as error:
        files = ", ".join(str(each) for each in given if each)
        advice = "Put the certificate, its own key and the gateways' authority there, as PEM; then start it again."
        yield Finding("hl7", FAILED, f"{files} do not go together: {error.reason or 'no PEM'}.", advice)
        return
    found = [of_file(given[0], given[1]), *([of_file(given[2])] if given[2] else [])]
    for each in found:
        detail = each.detail.replace("for no name", "the gateways' authority")
        yield replace(each, check="hl7", detail=detail, advice=each.advice and RENEW)


def _unreadable(file: Path) -> str | None:
    try:
        file.read_bytes()
    except OSError as error:
        return f"{reason_of(error)}."
    return None


def _address(settings: Settings, bind: tuple[str, int]) -> Finding:
    """Return whether the address is free, or held by the feed of this host."""
    family = socket.AF_INET6 if ":" in bind[0] else socket.AF_INET
    runs = _feed_runs_here(settings)
    try:
        socket.create_server(bind, family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE and runs:
            return Finding("hl7", OK, f"{settings.hl7_bind} is listened at, and {process.host()} runs.")
        where = f"{settings.hl7_bind} cannot be listened at: {reason_of(error)}."
        return Finding("hl7", FAILED, where, "Correct FCV_HL7_BIND, or end what holds it: `ss -ltnp` names it.")
    if runs:
        return Finding("hl7", FAILED, f"{process.host()} runs, and nothing listens at {settings.hl7_bind}.", START)
    return Finding("hl7", OK, f"{settings.hl7_bind} is free for `fcv feed run`.")


def _feed_runs_here(settings: Settings) -> bool:
    """Return whether this host's feed has reported in the last minute."""
    try:
        return can_be_asked(settings) and any(each.host == process.host() for each in activations.workers())
    except SQLAlchemyError:
        return False  # the check of the database says it
