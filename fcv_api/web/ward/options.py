"""What the settings say of the pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fcv_api.wire.ward_file import Ward, read_ward_file


class WardSettings(Protocol):
    """The settings that the pages need: this room knows no others."""

    @property
    def ward(self) -> str: ...

    @property
    def ward_file(self) -> Path | None: ...

    @property
    def ward_show(self) -> str: ...

    @property
    def ward_frame_ancestors(self) -> str: ...

    @property
    def production(self) -> bool: ...

    @property
    def proxies(self) -> int: ...


@dataclass(frozen=True, slots=True)
class WardOptions:
    """frame_ancestors: who may frame a page, as in a Content-Security-Policy. secure: cookies go over TLS alone.

    on: whether there are pages. scores: whether they may show scores. wards: of the file; none without one.
    """

    frame_ancestors: str
    secure: bool
    on: bool = True
    scores: bool = False
    wards: tuple[Ward, ...] = ()

    @classmethod
    def of(cls, settings: WardSettings) -> WardOptions:
        """Return what settings say. Raises WrongWards."""
        on = settings.ward == "on"
        return cls(
            settings.ward_frame_ancestors,
            secure=settings.production or settings.proxies > 0,
            on=on,
            scores=settings.ward_show == "scores",
            wards=read_ward_file(settings.ward_file) if on and settings.ward_file else (),
        )
