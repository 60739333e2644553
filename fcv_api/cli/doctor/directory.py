"""`fcv doctor`: the directory that people sign in by: whether it answers, and for how long its certificate is good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from fcv_api.cli.doctor.certificate import SOON
from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Finding, Place
from fcv_api.directory import open_directory
from fcv_api.directory.connection import NoConnection, certificate_ends
from fcv_api.settings import Settings, SettingsError

SECONDS = 5.0
DAY = timedelta(days=1)
GUIDE = "docs/directory.md says what to do for each message."
RENEW = "Renew the directory's certificate: sign-ins by it are answered 503 from then on."


def check_directory(place: Place) -> Iterator[Finding]:
    """Look at each directory that the settings name, as a sign-in would."""
    settings = place.settings
    try:
        directory = open_directory(settings)
    except SettingsError as error:
        yield Finding("directory", FAILED, str(error), GUIDE)
        return
    if directory is None:
        yield Finding("directory", OK, "FCV_LDAP_URL is not set: all accounts are local.")
        return
    for url in settings.ldap_url:
        yield _certificate(settings, url)
    for url, trouble in directory.troubles(SECONDS).items():
        if trouble:
            yield Finding("directory", FAILED, trouble, GUIDE)
        else:
            yield Finding("directory", OK, f"{url} answers, and {_asks(settings)}.")


def _asks(settings: Settings) -> str:
    if settings.ldap_user_bind:
        return "each user binds there: nothing more can be tried so"
    return "lets FCV_LDAP_BIND_DN look users up"


def _certificate(settings: Settings, url: str) -> Finding:
    """Look at the certificate that a directory shows."""
    try:
        ends = certificate_ends(settings, url, SECONDS)
    except NoConnection as error:
        return Finding("directory", FAILED, f"{url}: {error}.", GUIDE)
    if ends is None:
        advice = "Set FCV_LDAP_STARTTLS=on, or take ldaps:// in FCV_LDAP_URL."
        return Finding("directory", WARNING, f"{url}: passwords are sent there in plain text.", advice)
    left = ends - datetime.now(UTC)
    if left < SOON:
        return Finding("directory", WARNING, f"{url}: its certificate expires in {left // DAY} days.", RENEW)
    return Finding("directory", OK, f"{url}: its certificate is good for {left // DAY} days, until {ends:%Y-%m-%d}.")
