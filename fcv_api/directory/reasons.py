"""Why a directory could not be asked, for who runs the service: no name, no password, nothing that it sent."""

from __future__ import annotations

import ldap

from fcv_api.directory.connection import NoConnection

WORDS: dict[type[ldap.LDAPError], str] = {
    ldap.INVALID_CREDENTIALS: "it refuses FCV_LDAP_BIND_DN or the password of FCV_LDAP_BIND_PASSWORD_FILE",
    ldap.INVALID_DN_SYNTAX: "a DN of the settings is none",
    ldap.NO_SUCH_OBJECT: "FCV_LDAP_USER_BASE or FCV_LDAP_GROUP_BASE is not there, or may not be seen",
    ldap.FILTER_ERROR: "FCV_LDAP_USER_FILTER or FCV_LDAP_GROUP_FILTER is no filter",
    ldap.INSUFFICIENT_ACCESS: "what is asked for may not be read",
    ldap.CONFIDENTIALITY_REQUIRED: "it wants TLS: FCV_LDAP_STARTTLS=on, or ldaps:// in FCV_LDAP_URL",
    ldap.STRONG_AUTH_REQUIRED: "it wants TLS: FCV_LDAP_STARTTLS=on, or ldaps:// in FCV_LDAP_URL",
    ldap.REFERRAL: "it points to another directory, and none is followed: FCV_LDAP_USER_BASE is not its own",
    ldap.SERVER_DOWN: "it ends the connection, or does not answer in time",
    ldap.TIMEOUT: "it does not answer in time",
    ldap.BUSY: "it says that it is busy",
    ldap.UNAVAILABLE: "it says that it is not available",
}


def reason_of(error: ldap.LDAPError | NoConnection, url: str) -> str:
    """Return a sentence."""
    if isinstance(error, NoConnection):
        return f"{url}: {error}."
    return f"{url}: {WORDS.get(type(error)) or f'it fails with {type(error).__name__}'}."
