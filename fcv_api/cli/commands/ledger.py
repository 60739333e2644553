"""`fcv ledger`: the record of predictions, for whoever answers for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fcv_api.cli.commands import options
from fcv_api.cli.commands.choices import LANGUAGES
from fcv_api.cli.commands.kinds import DatabaseGroup, ExtraDatabaseCommand
from fcv_api.cli.commands.options import FILE, POSITIVE, WHEN

if TYPE_CHECKING:
    from fcv_api.settings import Settings


@click.group(cls=DatabaseGroup)
def ledger() -> None:
    """Export, purge, count, verify and replay the record of predictions."""


@ledger.command()
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--force", is_flag=True, help="Delete more than a tenth of the record at once, or all of it.")
@options.by
@click.pass_obj
def purge(settings: Settings, /, **given: Any) -> None:
    """Delete what is older than FCV_LEDGER_DAYS, alerts too, from the oldest on, and note that it was done.

    More than a tenth of the record at once is not deleted without --force: a clock that is wrong makes all of it old.
    """
    from fcv_api.cli.ledger import purge as work

    work(settings, **given)


@ledger.command()
@options.as_json
@click.pass_obj
def stats(settings: Settings, /, **given: Any) -> None:
    """Count the record, and project what it will take of the disk."""
    from fcv_api.cli.ledger import stats as work

    work(settings, **given)


@ledger.command()
@click.option(
    "--log",
    "logs",
    multiple=True,
    type=FILE,
    help="A heads.log, best one that lies elsewhere, or an app.log of an older version. Give those of all hosts.",
)
def verify(**given: Any) -> None:
    """Look for records that were changed, taken out or put in since they were recorded, and name the first."""
    from fcv_api.cli.ledger import verify as work

    work(**given)


@ledger.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--encounter", type=int, help="Only of this encounter.")
@click.option("--since", type=WHEN, help="Only recorded then or later, in FCV_TIMEZONE.")
@click.option("--until", type=WHEN, help="Only recorded before then.")
@options.with_test_beds
@click.option("--overwrite", is_flag=True, help="Write over a FILE that is there.")
@click.pass_obj
def export(settings: Settings, /, **given: Any) -> None:
    """Write the record to FILE, the oldest first; - is standard output. Beds of test sources are left out.

    csv has one line a record. jsonl has its raw window too.
    """
    from fcv_api.cli.ledger_export import export as work

    work(settings, **given)


@ledger.command()
@click.option("--encounter", type=int, help="The newest of this encounter.")
@options.as_json
def latest(**given: Any) -> None:
    """Print the newest record: what was answered, and by which model."""
    from fcv_api.cli.ledger_export import latest as work

    work(**given)


@ledger.command(cls=ExtraDatabaseCommand)
@click.argument("record_id", metavar="[ID]", required=False)
@click.option("--all", "every", is_flag=True, help="All of the record, instead of one. With --model this is usual.")
@click.option("--model", metavar="NAME[/VERSION]", help="A silent trial of this model, beside the one that answered.")
@click.option("--policy", metavar="NAME/VERSION|FILE", help="By which alarms go.  [default: the policy in force]")
@options.since
@options.until
@click.option("--horizon", type=POSITIVE, help="Minutes.  [default: the model's own, or 30]")
@click.option("--other-hospital", is_flag=True, help="The model learnt from another hospital, with numbers of its own.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Of a trial's words.  [default: en]")
@options.as_json
@options.with_test_beds
@click.pass_obj
def replay(settings: Settings, /, **given: Any) -> None:
    """Compute recorded windows again, and compare with what was answered.

    With the recorded model: equal to the last bit on the same library and processor, within 1e-6 elsewhere; exit code
    1 otherwise.

    With --model: a silent trial of another one, which no request waits for. With the outcomes of `fcv outcomes import`
    it gives both models' alarms, sensitivity, lead time, calibration and refusals, each difference with its interval
    over patients, and the stays in which an alarm would have been gained or lost.
    """
    from fcv_api.cli.ledger_replay import is_trial
    from fcv_api.cli.ledger_replay import replay as work

    if is_trial(**given):
        from fcv_api.cli.silent_trial import try_out

        try_out(settings, given["model"], given)
    else:
        work(settings, **given)
