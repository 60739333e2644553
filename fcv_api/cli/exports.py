"""How `fcv train` and `fcv evaluate` read a hospital's own files: their options, and who in them is left out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fcv_api.cli.flow import print_left_out
from fcv_api.settings import Settings
from fcv_api.training.dataset import Cohort, Horizon, UnusableData
from fcv_api.training.flow import labelled_cohort
from fcv_api.wire.export import read_cohort
from fcv_api.wire.file_form import FileForm, NotUtf8
from fcv_api.wire.stays import SIMULATED


def form_of(said: dict[str, Any]) -> FileForm:
    """Return how the files are written, from a command's options."""
    return FileForm(said["encoding"], said["dates"])


def origin_of(sites: Mapping[int, str], said: str) -> str:
    """Return whose patients they are: what was said, unless the files say that they were simulated.

    sites: by encounter. Raises UnusableData where simulated patients are called a hospital's.
    """
    if SIMULATED not in sites.values():
        return said
    if said == "hospital":
        raise UnusableData("These patients were simulated, as their sede says: they are no hospital's.")
    return SIMULATED


def read_labelled(files: tuple[Path, Path], settings: Settings, form: FileForm, horizon: Horizon) -> Cohort:
    """Read an export and its labels, and print who is left out. Raises UnusableExport."""
    try:
        exported = read_cohort(*files, settings.timezone, form)
    except NotUtf8 as error:
        hint = "An older program writes Latin-1: say --encoding latin-1." if form.encoding == "utf-8" else ""
        raise NotUtf8(f"{error} {hint}".rstrip()) from None
    cohort = labelled_cohort(exported, horizon)
    print_left_out(cohort, exported.refused)
    return cohort
