"""`fcv ledger replay`: recorded windows computed again, by the recorded model or by another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

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
from fcv_api.ledger.record import Record
from fcv_api.lstm import trial
from fcv_api.lstm.runtime import RUNTIME, LiteRtModel
from fcv_api.scoring import Replay
from fcv_api.settings import Settings
from fcv_api.wire.answer import STATE_NAMES

MOST_NAMED = 20


def left_out(*, with_test_beds: bool) -> int | None:
    """Return the account whose records are left out, and say so; None where none is."""
    account = None if with_test_beds else feed_test_account_id()
    if account is not None:
        click.echo("Records of test sources' beds are left out; --with-test-beds takes them too.", err=True)
    return account


def replay(settings: Settings, record_id: str | None, model: str | None, *, every: bool, with_test_beds: bool) -> None:
    if every == (record_id is not None):
        raise click.UsageError("Give the ID of a record, or --all.")
    if record_id is None:
        records: Iterable[Record] = query.stream(Wanted(without_user_id=left_out(with_test_beds=with_test_beds)))
    else:
        records = [_one(record_id)]
    scored = (record for record in records if record.problem is None)
    if model:
        _try_out(scored, trial.load(artifact_of(settings, model), settings.log_dir))
    else:
        _compare(scored, Recorded(settings), name_each=not every)


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


def _try_out(records: Iterable[Record], model: LiteRtModel) -> None:
    """Score records with another model, and report on what it would have changed."""
    changes: Counter[tuple[str, str]] = Counter()
    encounters: Counter[int] = Counter()
    differences = []
    for replayed in _replayed(records, model):
        recorded, now = str(replayed.record.state), replayed.state.value
        changes[recorded, now] += 1
        encounters[replayed.record.encounter] += recorded != now
        differences.append(replayed.difference)
    total, agreed = len(differences), sum(count for (old, new), count in changes.items() if old == new)
    if not total:
        raise click.ClickException("There is no recorded window to score.")
    click.echo(f"{model.identity} on {total:,} recorded windows of {len(encounters):,} encounters.")
    click.echo(f"Same state: {agreed:,} ({agreed / total:.1%}).")
    median = sorted(differences)[total // 2]
    click.echo(f"Largest difference of a probability: median {median:.3f}, most {max(differences):.3f}.")
    _print_changes(changes, encounters)


def _print_changes(changes: Counter[tuple[str, str]], encounters: Counter[int]) -> None:
    names = {state.value: name for state, name in STATE_NAMES.items()}
    for (old, new), count in changes.most_common():
        if old != new:
            click.echo(f"{count:>10,}  {names[old]} -> {names[new]}")
    changed = [(encounter, count) for encounter, count in encounters.most_common() if count]
    if changed:
        click.echo(f"{len(changed):,} encounters change:")
    for encounter, count in changed:
        click.echo(f"{encounter:>20}  {count:,} windows")


def _replayed(records: Iterable[Record], model: LiteRtModel) -> Iterator[Replay]:
    """Return the replays. Raises NoModel when the model does not read such windows."""
    for record in records:
        yield scoring.replay(record, model, RUNTIME)
