"""Why a directory could not be asked, for who runs the service: no name, no password, nothing that it sent."""

from __future__ import annotations

import ldap

from fcv_api.directory.shown import trouble_with
from fcv_api.settings.ldap import LdapSettings

WORDS: dict[type[ldap.LDAPError], str] = {
    ldap.INVALID_CREDENTIALS: "it refuses FCV_LDAP_BIND_DN or the password of FCV_LDAP_BIND_PASSWORD_FILE",
    ldap.INVALID_DN_SYNTAX: "a DN of the settings is none",
    ldap.NO_SUCH_OBJECT: "FCV_LDAP_USER_BASE or FCV_LDAP_GROUP_BASE is not there, or may not be seen",
    ldap.FILTER_ERROR: "FCV_LDAP_USER_FILTER or FCV_LDAP_GROUP_FILTER is no filter",
    ldap.INSUFFICIENT_ACCESS: "what is asked for may not be read",
    ldap.CONFIDENTIALITY_REQUIRED: "it wants TLS: FCV_LDAP_STARTTLS=on, or ldaps:// in FCV_LDAP_URL",
    ldap.STRONG_AUTH_REQUIRED: "it wants TLS: FCV_LDAP_STARTTLS=on, or ldaps:// in FCV_LDAP_URL",
    ldap.REFERRAL: "it points to another directory, and none is followed: FCV_LDAP_USER_BASE is not its own",
    ldap.TIMEOUT: "it does not answer in time",
    ldap.BUSY: "it says that it is busy",
    ldap.UNAVAILABLE: "it says that it is not available",
}
NO_CONNECTION = (ldap.SERVER_DOWN, ldap.CONNECT_ERROR, ldap.PROTOCOL_ERROR)
LEAST_SECONDS = 0.1


def reason_of(error: ldap.LDAPError, settings: LdapSettings, url: str, seconds: float) -> str:
    """Return a sentence. seconds: that are left to find out why there is no connection."""
    words = WORDS.get(type(error))
    if isinstance(error, NO_CONNECTION):
        words = trouble_with(settings, url, seconds) if seconds > LEAST_SECONDS else WORDS[ldap.TIMEOUT]
    return f"{url}: {words or f'it fails with {type(error).__name__}'}."
