"""`fcv predict`: an answer without a server."""

from __future__ import annotations

from pathlib import Path

import click
import orjson
from marshmallow import ValidationError

from fcv_api import scoring
from fcv_api.lstm.registry import Registry
from fcv_api.settings import Settings
from fcv_api.wire.answer import PredictionSchema
from fcv_api.wire.columns import invalid_body
from fcv_api.wire.encounter import EncounterSchema


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--model", metavar="NAME[/VERSION]", help="Which model answers, instead of the one that serves.")
def predict(file: Path, model: str | None) -> None:
    """Print the answer to the request in FILE, a JSON file as posted to /predict.

    Needs no server and no account, and records nothing.
    """
    settings = Settings.from_environment()
    try:
        rows = EncounterSchema().load(orjson.loads(file.read_bytes()))
    except orjson.JSONDecodeError as error:
        raise click.ClickException(f"{file} is not JSON: {error}.") from None
    except ValidationError as error:
        raise invalid_body(error.messages) from None
    scorer = Registry(settings.models_dir).load(model or settings.model)
    outcome = scoring.assess(rows.read(settings.timezone), scorer, warn_unvalidated=True)
    prediction = outcome.or_raise()
    click.echo(orjson.dumps(PredictionSchema().dump(prediction), option=orjson.OPT_INDENT_2))
