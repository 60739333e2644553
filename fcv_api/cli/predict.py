"""`fcv predict`: an answer without a server."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from fcv_api import scoring
from fcv_api.app import database_app
from fcv_api.cli.active import artifact_of
from fcv_api.domain.prediction import AnswerContext
from fcv_api.lstm import trial
from fcv_api.settings import Settings
from fcv_api.wire.answer import PredictionSchema
from fcv_api.wire.json_body import read_encounter
from fcv_api.wire.json_parts import NotJson


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--model", metavar="NAME[/VERSION]", help="Which model answers, instead of the active one.")
def predict(file: Path, model: str | None) -> None:
    """Print the answer to the request in FILE, a JSON file as posted to /predict.

    Needs no server and no account, and records nothing.
    """
    settings = Settings.from_environment()
    try:
        rows = read_encounter(file.read_bytes())
    except NotJson as error:
        raise click.ClickException(f"{file} is not JSON: {error}.") from None
    with database_app(settings).app_context():
        scorer = trial.load(artifact_of(settings, model), settings.log_dir)
    outcome = scoring.assess_read(rows.read(settings.timezone), scorer, AnswerContext(warn_unvalidated=True))
    prediction = outcome.or_raise()
    click.echo(orjson.dumps(PredictionSchema().dump(prediction), option=orjson.OPT_INDENT_2))
