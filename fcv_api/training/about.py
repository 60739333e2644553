"""What a card says of a model besides its figures: what only people know, and who was learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fcv_api.domain.window import WindowSpec
from fcv_api.training.dataset import Cohort, Horizon, LabelledWindows
from fcv_api.training.fingerprints import Fingerprints
from fcv_api.training.flow import FlowRow, flow_of
from fcv_api.training.observed import observe, reference_of
from fcv_api.training.predictors import Predictor, describe_predictors

A_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class About:
    """What only people know. expires: a year after the training where nobody says."""

    setting: str = ""
    owner: str = ""
    expires: date | None = None

    def as_json(self) -> dict[str, str]:
        """Return it with the date of today."""
        today = datetime.now(UTC).date()
        expires = self.expires or today + A_YEAR
        dates = {"date": today.isoformat(), "expires": expires.isoformat()}
        return {"setting": self.setting, "owner": self.owner} | dates


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who was learnt from: who was kept and who was lost, their fingerprints, and what their signs were.

    reference: what drift is measured against, for the manifest.
    """

    flow: list[FlowRow]
    known: Fingerprints
    predictors: list[Predictor]
    reference: dict[str, Any]

    @classmethod
    def of(cls, cohort: Cohort, windows: LabelledWindows, spec: WindowSpec, horizon: Horizon) -> Provenance:
        """Describe a cohort. windows: those that are learnt from or calibrated by."""
        patients = set(windows.patient.tolist())
        return cls(
            flow=flow_of(cohort, windows, spec, horizon),
            known=Fingerprints.of(cohort.only(patients)),
            predictors=describe_predictors(cohort, windows),
            reference=_reference(cohort, patients, horizon),
        )


def _reference(cohort: Cohort, patients: set[str], horizon: Horizon) -> dict[str, Any]:
    """Return what the patients that were learnt from gave the model."""
    stays = ((each, cohort.labels[each.id].patient) for each in cohort.only(patients).encounters)
    return reference_of(observe(stays, WindowSpec(), horizon.every), {"from": "training"})
