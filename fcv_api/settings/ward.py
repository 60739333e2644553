"""The settings of the ward's pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environs import Env
from marshmallow import ValidationError
from marshmallow.validate import OneOf

from fcv_api.settings.checks import optional_path
from fcv_api.settings.hl7 import Hl7Settings

ANCESTOR = re.compile(r"'self'|https?://[A-Za-z0-9.-]+(:\d{1,5})?")
NONE = "'none'"
SWITCH = ("on", "off")
SHOWS = ("warnings", "scores")


@dataclass(frozen=True, slots=True)
class WardSettings(Hl7Settings):
    """What a browser may see. A chain of classes, as two with slots cannot both be inherited from."""

    ward: str
    ward_file: Path | None
    ward_show: str
    ward_frame_ancestors: str


def read_ward(env: Env, *, production: bool) -> dict[str, Any]:
    """Read the settings of this group. Raises EnvError."""
    return {
        "ward": env.str("WARD", "off" if production else "on", validate=OneOf(SWITCH)),
        "ward_file": optional_path(env, "WARD_FILE"),
        "ward_show": env.str("WARD_SHOW", "warnings", validate=OneOf(SHOWS)),
        "ward_frame_ancestors": " ".join(env.str("WARD_FRAME_ANCESTORS", NONE, validate=check_ancestors).split()),
    }


def check_ancestors(text: str) -> None:
    """Refuse what is no list of sites: it goes into a header as it stands. Raises ValidationError."""
    if text.strip() != NONE and not (text.split() and all(map(ANCESTOR.fullmatch, text.split()))):
        raise ValidationError(
            f"{text!r} is neither 'none' nor a list of 'self' and sites such as https://hospital.lan."
        )
