"""What the settings say of the pages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WardOptions:
    """frame_ancestors: who may frame a page, as in a Content-Security-Policy. secure: cookies go over TLS alone."""

    frame_ancestors: str
    secure: bool
