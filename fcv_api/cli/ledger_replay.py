"""`fcv ledger replay`: recorded windows computed again, by the recorded model or by another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import click
from flask import current_app

from fcv_api import scoring
from fcv_api.accounts.system import feed_test_account_id
from fcv_api.app import DatabaseActivations
from fcv_api.cli.active import artifact_of
from fcv_api.domain.errors import NoModel, Unscorable
from fcv_api.domain.prediction import ModelIdentity
from fcv_api.ledger import query
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.record import Record, utc_text
from fcv_api.lstm import trial
from fcv_api.lstm.runtime import RUNTIME, LiteRtModel
from fcv_api.settings import Settings
from fcv_api.wire.answer import STATE_NAMES

MOST_NAMED = 20


def left_out(*, with_test_beds: bool) -> int | None:
    """Return the account whose records are left out, and say so; None where none is."""
    account = None if with_test_beds else feed_test_account_id()
    if account is not None:
        click.echo("Records of test sources' beds are left out; --with-test-beds takes them too.", err=True)
    return account


def replay(settings: Settings, /, record_id: str | None, model: str | None, **said: Any) -> None:  # noqa: ANN401 - options
    if record_id is not None:
        record = _one(record_id)
        if model:
            _try_one(record, trial.load(artifact_of(settings, model), settings.log_dir))
        else:
            _compare([record], Recorded(settings), name_each=True)
    else:
        records = query.stream(
            replace(wanted(settings, said), without_user_id=left_out(with_test_beds=said["with_test_beds"]))
        )
        scored = (each for each in records if each.problem is None)
        _compare(scored, Recorded(settings), name_each=False)


def is_trial(record_id: str | None, model: str | None, **said: Any) -> bool:  # noqa: ANN401 - options
    """Return whether the options ask for a silent trial. Raises UsageError where they ask for nothing that there is."""
    if bool(record_id) == bool(said["every"] or (model and not record_id)):
        raise click.UsageError("Give the ID of a record, or --all, or --model.")
    if model is None and (said["policy"] or said["horizon"] or said["language"] or said["as_json"]):
        raise click.UsageError("--policy, --horizon, --language and --json are of a trial: they go with --model.")
    return model is not None and record_id is None


def wanted(settings: Settings, said: dict[str, Any]) -> Wanted:
    """Return the records of a time, by the options --since and --until."""
    zone = settings.timezone
    since, until = (said[name] and utc_text(said[name].replace(tzinfo=zone)) for name in ("since", "until"))
    return Wanted(since=since, until=until)


def _one(record_id: str) -> Record:
    record = query.find(record_id)
    if record is None:
        raise click.ClickException(f"There is no record {record_id}.")
    if record.problem is not None:
        raise click.ClickException(f"{record_id} is a refusal ({record.problem}): no window was scored.")
    return record


@dataclass
class Recorded:
    """The models that records name, each loaded once; or why it cannot be."""

    settings: Settings
    known: dict[ModelIdentity, LiteRtModel | NoModel] = field(default_factory=dict)

    def model(self, record: Record) -> LiteRtModel:
        """Return the very model of a record. Raises NoModel."""
        identity = scoring.recorded_model(record) or ModelIdentity("", "", "")
        if identity not in self.known:
            self.known[identity] = self._load(identity)
        found = self.known[identity]
        if isinstance(found, NoModel):
            raise found
        return found

    def _load(self, identity: ModelIdentity) -> LiteRtModel | NoModel:
        try:
            app = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - Flask's own way
            return trial.load(DatabaseActivations(app, self.settings).find(identity), self.settings.log_dir)
        except NoModel as reason:
            return NoModel(f"{identity} with sha256 {identity.sha256} is not here. {reason}")


def _compare(records: Iterable[Record], models: Recorded, *, name_each: bool) -> None:
    """Replay each by its own model, and say how it came out. Raises ClickException when one is not as it should be."""
    verdicts: Counter[str] = Counter()
    runtimes: set[str] = set()
    for record in records:
        verdict = _verdict(record, models)
        verdicts[verdict] += 1
        runtimes.add(record.runtime or "")
        if name_each or (verdict not in ("equal", "within tolerance") and verdicts[verdict] <= MOST_NAMED):
            click.echo(f"{record.id}  {verdict}")
    for verdict, count in verdicts.most_common():
        click.echo(f"{count:>10,}  {verdict}")
    click.echo(f"Computed by {RUNTIME}.")
    for other in sorted(runtimes - {RUNTIME}):
        click.echo(f"Recorded by {other}: there 1e-6 is allowed.")
    if set(verdicts) - {"equal", "within tolerance"}:
        raise click.ClickException("Not all came out as they were recorded.")


def _verdict(record: Record, models: Recorded) -> str:
    try:
        replayed = scoring.replay(record, models.model(record), RUNTIME)
    except Unscorable as reason:
        return str(reason)
    return replayed.verdict


def _try_one(record: Record, model: LiteRtModel) -> None:
    """Score one record with another model, and print what both said. Raises NoModel."""
    replayed = scoring.replay(record, model, RUNTIME)
    names = {state.value: name for state, name in STATE_NAMES.items()}
    click.echo(f"{record.model_name}/{record.model_version} said {names[str(record.state)]}.")
    click.echo(f"{model.identity} says {names[replayed.state.value]}.")
    click.echo(f"Largest difference of a probability: {replayed.difference:.3f}.")
