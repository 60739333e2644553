"""What the door for FHIR needs to know when the service starts: whose account is which source, and the site's key."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Protocol

from fcv_api.domain.stays import ACCOUNT
from fcv_api.wire.hl7.source import Source
from fcv_api.wire.hl7.sources_file import WrongSources, read_sources


class FhirSettings(Protocol):
    """The settings that this room needs: it knows no others."""

    @property
    def feed(self) -> str: ...

    @property
    def hl7_sources_file(self) -> Path | None: ...

    @property
    def allow_test_sources(self) -> bool: ...

    @property
    def timezone(self) -> tzinfo: ...

    def pseudonym_key(self) -> str: ...


@dataclass(frozen=True, slots=True)
class FhirSite:
    """The sources of the file, and how identifiers are hashed. problem: why nothing can be taken; empty for nothing."""

    sources: tuple[Source, ...] = ()
    key: str = field(default="", repr=False)
    allow_test: bool = False
    problem: str = ""

    @classmethod
    def of(cls, settings: FhirSettings) -> FhirSite:
        """Return what settings say. A file that cannot be read here stops this door, and no other."""
        if settings.feed == "off":
            return cls(problem="FCV_FEED is off.")
        file = settings.hl7_sources_file
        try:
            sources = read_sources(file.read_text("utf-8"), settings.timezone) if file else ()
            key = str.__str__(settings.pseudonym_key())
        except WrongSources as error:
            return cls(problem=f"FCV_HL7_SOURCES_FILE: {file} {error}")
        except (OSError, UnicodeDecodeError) as error:
            return cls(problem=f"{getattr(error, 'filename', None) or file} cannot be read by the web workers.")
        return cls(sources, key, settings.allow_test_sources)

    def source_of(self, username: str) -> Source:
        """Return the source that an account is: the one of the file that lists it, else one by its own name."""
        listed = (each for each in self.sources if username in each.accounts)
        return next(listed, None) or Source(f"{ACCOUNT}{username}", UTC)

    def source_labelled(self, label: str) -> Source:
        """Return a source by its name in the memory of beds, also one that is no longer in the file."""
        return next((each for each in self.sources if each.label == label), None) or Source(label, UTC)
