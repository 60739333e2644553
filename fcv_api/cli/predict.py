"""`fcv predict`: an answer without a server."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from fcv_api import scoring
from fcv_api.cli.active import load_model
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import AnswerContext, Refusal
from fcv_api.settings import Settings
from fcv_api.wire.answer import PredictionSchema
from fcv_api.wire.json_body import read_encounter
from fcv_api.wire.json_faults import NotJson


def predict(file: Path, model: str | None) -> None:
    settings = Settings.from_environment()
    read = read_request(file, settings)
    scorer = load_model(settings, model)
    prediction = scoring.assess_read(read, scorer, AnswerContext(warn_unvalidated=True)).or_raise()
    click.echo(orjson.dumps(PredictionSchema().dump(prediction), option=orjson.OPT_INDENT_2))


def read_request(file: Path, settings: Settings) -> Encounter | Refusal:
    """Read a JSON file as posted to /predict. Raises ClickException, or one of `BadCells`."""
    try:
        return read_encounter(file.read_bytes()).read(settings.timezone)
    except NotJson as error:
        raise click.ClickException(f"{file} is not JSON: {error}.") from None
