"""The gateways that a site knows: its file of sources, or in development whoever sends from this machine."""

from __future__ import annotations

from datetime import tzinfo
from ipaddress import ip_network
from pathlib import Path

from fcv_api.settings import Settings, SettingsError
from fcv_api.wire.hl7.source import Source
from fcv_api.wire.hl7.sources_file import WrongSources, read_sources

DEFAULT = "default"


def known_sources(settings: Settings) -> tuple[Source, ...]:
    """Return the sources that may send. Raises SettingsError."""
    if settings.hl7_sources_file:
        return sources_in(settings.hl7_sources_file, settings.timezone)
    if settings.production:
        raise SettingsError("FCV_HL7_SOURCES_FILE must be set in production where FCV_HL7_BIND is.")
    loopback = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    return (Source(DEFAULT, settings.timezone, peers=loopback),)


def sources_in(file: Path, zone: tzinfo) -> tuple[Source, ...]:
    """Read a file of sources. Raises SettingsError."""
    try:
        return read_sources(file.read_text("utf-8"), zone)
    except WrongSources as error:
        raise SettingsError(f"FCV_HL7_SOURCES_FILE: {file} {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingsError(f"FCV_HL7_SOURCES_FILE: cannot read {file}: {reason}.") from None


def source_named(sources: tuple[Source, ...], name: str) -> Source:
    """Return one source. Raises SettingsError."""
    found = next((each for each in sources if each.name == name), None)
    if found is None:
        names = ", ".join(each.name for each in sources) or "none"
        raise SettingsError(f"There is no source {name}. The file's sources are: {names}.")
    return found
