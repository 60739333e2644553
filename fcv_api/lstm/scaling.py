"""How a manifest says that a model's windows are scaled."""

from __future__ import annotations

from typing import Any

from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import PopulationScaling, Scaling, scale_by_window


def scaling_of(said: dict[str, Any]) -> Scaling:
    """Return the scaling that a manifest's member says. Raises KeyError."""
    if said["kind"] == "window":
        return scale_by_window
    return PopulationScaling(tuple(said["mean"]), tuple(said["deviation"]))


def check_scaling(said: dict[str, Any]) -> None:
    """Raise ValueError or KeyError for a member that says no scaling of nine signs."""
    if said["kind"] not in ("window", "population"):
        raise ValueError(f"scaling {said['kind']!r} is neither window nor population")
    if said["kind"] == "population":
        lists = [said["mean"], said["deviation"]]
        if [len(each) for each in lists] != [len(SIGN_NAMES)] * 2 or min(lists[1]) <= 0:
            raise ValueError("population scaling needs nine means and nine deviations over 0")
