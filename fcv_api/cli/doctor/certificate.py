"""`fcv doctor`: the certificate that clients are shown, as a file or over the network."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Finding, Wanted, reason_of
from fcv_api.settings import ROOT

SHIPPED_PLACE = ROOT / "deploy" / "certs" / "server.crt"
SOON = timedelta(days=30)
RENEW = "Renew it and reload nginx: docs/tls.md says how."
SECONDS = 10


def check_certificate(wanted: Wanted) -> Iterator[Finding]:
    """Look at the file, where there is one, and at what the address shows, where one was given."""
    try:
        if wanted.certificate.exists() or wanted.certificate != SHIPPED_PLACE:
            yield of_file(wanted.certificate)
    except PermissionError:  # the folder of the keys is root's, and this runs as the service's user
        if not wanted.url:
            advice = "Ask the running proxy: fcv doctor --url https://NAME; or run this as root for the certificate."
            yield Finding("certificate", WARNING, f"{wanted.certificate} is closed to this user.", advice)
    if wanted.url:
        yield _shown(wanted.url, wanted.authority)


def of_file(file: Path, key: Path | None = None) -> Finding:
    """Read a certificate by openssl: Python's own library reads none without a connection.

    key: its own, where that is not the file of the same name.
    """
    program = shutil.which("openssl")
    if program is None:
        advice = "Install openssl, or ask the running proxy: fcv doctor --url https://NAME."
        return Finding("certificate", WARNING, f"openssl is not installed, so {file} was not looked at.", advice)
    command = [program, "x509", "-in", str(file), "-noout", "-startdate", "-enddate", "-ext", "subjectAltName"]
    command += ["-pubkey"]
    read = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our words and a path
    ends = re.search(r"notAfter=(.*)", read.stdout)
    begins = re.search(r"notBefore=(.*)", read.stdout)
    if read.returncode or not ends or not begins:
        return Finding("certificate", FAILED, f"{file} cannot be read as a certificate.", RENEW)
    if _of_another_key(program, key or file.with_suffix(".key"), read.stdout):
        advice = "Put the key and the certificate that belong together there; nginx does not start on these."
        return Finding("certificate", FAILED, f"{file} was made for another key than the one beside it.", advice)
    if _moment(begins[1]) > datetime.now(UTC):
        return Finding("certificate", FAILED, f"{file} is not valid before {begins[1]}.", "Look at the clock, or wait.")
    names = re.findall(r"(?:DNS|IP Address):([^,\s]+)", read.stdout)
    return _by_age(str(file), _moment(ends[1]), names)


def _of_another_key(program: str, key: Path, read: str) -> bool:
    """Compare with the key, where this user may read it."""
    try:
        key.read_bytes()
    except OSError:
        return False
    command = [program, "pkey", "-in", str(key), "-pubout", "-passin", "pass:"]
    own = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - the same
    return own.returncode == 0 and own.stdout.strip() not in read


def _shown(url: str, authority: Path | None) -> Finding:
    """Connect as a client would, and look at what is shown."""
    parts = urlsplit(url)
    host, port = parts.hostname, parts.port or 443
    if parts.scheme != "https" or not host:
        return Finding(
            "certificate", FAILED, f"{url} is no https:// address.", "Give one such as https://fcv.hospital.lan."
        )
    try:
        context = ssl.create_default_context(cafile=str(authority) if authority else None)
        with (
            socket.create_connection((host, port), SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as connection,
        ):
            shown = connection.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        trust = "Give the authority with --ca if it is the LAN's own; else make a certificate for this very name."
        advice = RENEW if "expired" in error.verify_message else trust
        return Finding("certificate", FAILED, f"A client of {url} is refused: {error.verify_message}.", advice)
    except OSError as error:
        advice = "See that nginx runs and listens there."
        return Finding("certificate", FAILED, f"{url} cannot be reached: {reason_of(error)}.", advice)
    names: list[str] = [pair[1] for pair in shown.get("subjectAltName", ())]  # type: ignore[misc] # pairs of kind and name
    return _by_age(url, _moment(str(shown["notAfter"])), names)


def _by_age(what: str, ends: datetime, names: list[str]) -> Finding:
    left = ends - datetime.now(UTC)
    sentence = f"{what}, for {', '.join(names) or 'no name'}"
    if left <= timedelta(0):
        return Finding("certificate", FAILED, f"{sentence}, has expired on {ends:%Y-%m-%d}: clients refuse it.", RENEW)
    if left < SOON:
        return Finding("certificate", WARNING, f"{sentence}, expires in {left.days} days, on {ends:%Y-%m-%d}.", RENEW)
    return Finding("certificate", OK, f"{sentence}, is good until {ends:%Y-%m-%d}.")


def _moment(text: str) -> datetime:
    """Read a date as openssl and Python's ssl print it: always in GMT, and in English."""
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text.strip()), UTC)
