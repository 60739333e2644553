"""What is asked of `fcv validate`, and the record as what it is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
import orjson

from fcv_api.alerts.policies import policy_sha256
from fcv_api.app import database_app
from fcv_api.cli.active import artifact_of
from fcv_api.cli.policy_files import read_policy
from fcv_api.domain.prediction import State
from fcv_api.domain.stays import ACCOUNT
from fcv_api.ledger import query, stay_outcomes
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.record import utc_text
from fcv_api.ledger.stay_outcomes import Kept
from fcv_api.lstm import trial
from fcv_api.lstm.artifact import Artifact, Manifest
from fcv_api.lstm.registry import check_part
from fcv_api.lstm.runtime import LiteRtModel
from fcv_api.settings import Settings
from fcv_api.training.dataset import Horizon
from fcv_api.training.fingerprints import Fingerprints
from fcv_api.training.flow import EARLIER
from fcv_api.validation.from_record import NO_RECORD, gather_record
from fcv_api.validation.gathered import Gathered, Gatherer
from fcv_api.validation.policy_alarms import Followed
from fcv_api.validation.record_reader import RecordSource
from fcv_api.wire.outcomes import Outcome, StayOutcome, first_outcome, stay_outcome

USUAL_HORIZON = 30.0
OF_ACCOUNTS = ("-", ACCOUNT)
"""Sites of stays whose encounters are the hospital's own numbers; those of gateways may be hashed."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of a validation. said: the command's options, by name."""

    settings: Settings
    artifact: Artifact
    model: LiteRtModel
    horizon: Horizon
    said: dict[str, Any]
    followed: Followed | None

    @classmethod
    def of(cls, settings: Settings, said: dict[str, Any]) -> Task:
        """Load the model and the policy that are asked about. Raises ArtifactError or UnusablePolicy."""
        with database_app(settings).app_context():
            artifact = artifact_of(settings, said["reference"])
        if said["version"]:
            _check_free(settings, artifact.manifest, said["version"])
        minutes = said["horizon"] or artifact.manifest.horizon_minutes or USUAL_HORIZON
        followed = None
        if said["policy"]:
            file = read_policy(settings.models_dir, said["policy"])
            followed = Followed(file.policy, policy_sha256(file.text))
        model = trial.load(artifact, settings.log_dir)
        return cls(settings, artifact, model, Horizon(minutes, said["every"]), said, followed)

    @property
    def manifest(self) -> Manifest:
        """The model's."""
        return self.artifact.manifest

    @property
    def checked(self) -> bool:
        """Whether the manifest says from whom the model learnt, all of them."""
        learnt = self.manifest.learnt_from
        return learnt is not None and not learnt.get("incomplete")

    @property
    def since(self) -> np.datetime64 | None:
        """When the stays begin that are asked for, in UTC."""
        if self.said["since"] is None:
            return None
        return np.datetime64(self.since_moment.replace(tzinfo=None), "us")

    @property
    def since_moment(self) -> datetime:
        """The same, where a day was given."""
        day: datetime = self.said["since"]
        return day.replace(tzinfo=self.settings.timezone).astimezone(UTC)


def over_the_record(task: Task, folder: Path) -> tuple[Gathered, tuple[Path, Path], bool]:
    """Return what the record holds since a day, the files that name what was used, and whether overlap was looked for.

    folder: for what does not fit into memory. Needs the app's context.
    """
    out: Path = task.said["out"]
    out.mkdir(parents=True, exist_ok=True)
    files = out / "windows.csv", out / "outcomes.csv"
    stated, known_at = _outcomes(files[1])
    learnt = task.manifest.learnt_from
    known = Fingerprints.read(learnt) if learnt else None
    records = query.stream(Wanted(since=utc_text(task.since_moment)))
    with files[0].open("w", encoding="utf-8") as listed:
        other = bool(task.said["other_hospital"])
        policy = task.followed.policy if task.followed else None
        source = RecordSource(stated, known_at, listed, task.horizon, known, other_hospital=other, policy=policy)
        gathered = gather_record(records, source, task.model, Gatherer(folder))
    gathered.fates.update(dict.fromkeys(_earlier(gathered, task.since), EARLIER))
    own = all(each.site.startswith(OF_ACCOUNTS) for each in gathered.stays.values())
    return gathered, files, task.checked and own


def _earlier(gathered: Gathered, since: np.datetime64 | None) -> set[int]:
    """Return the stays with an outcome that came before the first day asked for, and left no record since then."""
    absent = [number for number, fate in gathered.fates.items() if fate == NO_RECORD]
    onsets = {number: gathered.labels[number].onset for number in absent}
    ended = {number for number, onset in onsets.items() if onset is not None and since is not None and onset < since}
    return ended | query.recorded(absent)


def _outcomes(file: Path) -> tuple[dict[int, StayOutcome], dict[int, np.datetime64]]:
    """Return the outcomes that hold, by stay, and when each was imported; and write them to a file."""
    by_stay = kept_outcomes()
    lines = ["encounter,state,onset,known_at\n"]
    lines += [f"{r.encounter},{r.state},{r.onset or ''},{r.known_at}\n" for rows in by_stay.values() for r in rows]
    file.write_text("".join(lines), "utf-8")
    stated = {number: stay_of(rows) for number, rows in by_stay.items()}
    return stated, {number: min(_instant(row.known_at) for row in rows) for number, rows in by_stay.items()}


def kept_outcomes() -> dict[int, list[Kept]]:
    """Return the outcomes that hold, by stay. Needs the app's context."""
    by_stay: dict[int, list[Kept]] = {}
    for kept in stay_outcomes.stream():
        by_stay.setdefault(kept.encounter, []).append(kept)
    return by_stay


def stay_of(rows: list[Kept]) -> StayOutcome:
    """Return what became of a stay, by its first onset."""
    found = [
        Outcome(row.encounter, State(row.state), _instant(row.onset) if row.onset else None, row.patient)
        for row in rows
    ]
    more = {name: each for row in rows for name, each in orjson.loads(row.more).items()}
    return stay_outcome(first_outcome(found), several=len(found) > 1, more=more)


def _instant(text: str) -> np.datetime64:
    return np.datetime64(text.removesuffix("Z"), "us")


def _check_free(settings: Settings, manifest: Manifest, version: str) -> None:
    """Refuse a version that is there, before hours of work."""
    folder = settings.models_dir / manifest.name / check_part(version)
    if folder.exists():
        raise click.UsageError(f"{folder} exists; give another --version.")
