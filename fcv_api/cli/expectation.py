"""`--expect`: what the group's notebook answered for one raw encounter, from rows to probabilities."""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

import click
import numpy as np
import orjson

from fcv_api import scoring
from fcv_api.domain.prediction import Prediction, State
from fcv_api.lstm.artifact import Artifact, GoldenWindow
from fcv_api.lstm.runtime import LiteRtModel
from fcv_api.wire.answer import INFERENCE_KEYS
from fcv_api.wire.json_body import read_encounter

TOLERANCE = 1e-4


def confirm(artifact: Artifact, file: Path, zone: tzinfo) -> tuple[Artifact, bool]:
    """Score the expected encounter, and keep it as a golden window. Raises ClickException when it comes out otherwise.

    file: {"encounter": a body of /predict, "probabilities": four, by class as in an answer, or in the model's order}.
    Tells too whether they came by class: only then do they prove the order of the classes.
    """
    expected = read_expectation(file)
    prediction = _score(artifact, expected["encounter"], zone)
    wanted = _wanted(artifact, expected["probabilities"], file)
    got = np.array([prediction.probabilities[state] for state in artifact.manifest.classes])
    difference = float(np.abs(got - wanted).max())
    if not difference <= TOLERANCE:  # true for NaN
        raise click.ClickException(
            f"{file} expects {_shown(wanted)}, and the imported model answers {_shown(got)} "
            f"(classes: {', '.join(state.value for state in artifact.manifest.classes)}): they differ by "
            f"{difference:.1e}, and at most {TOLERANCE:.0e} is allowed. "
            "Look at --signs, --classes and --scaling. Nothing was written."
        )
    golden = GoldenWindow(_rows(prediction), got.tolist())
    manifest = replace(artifact.manifest, golden=(*artifact.manifest.golden, golden))
    return replace(artifact, manifest=manifest), isinstance(expected["probabilities"], dict)


def read_expectation(file: Path) -> dict[str, Any]:
    """Read what is expected. Raises ClickException."""
    try:
        expected = orjson.loads(file.read_bytes())
        return {"encounter": expected["encounter"], "probabilities": expected["probabilities"]}
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise click.ClickException(
            f'{file} must be JSON with "encounter" (a body of /predict) and "probabilities": {error}.'
        ) from None


def _score(artifact: Artifact, encounter: object, zone: tzinfo) -> Prediction:
    rows = read_encounter(orjson.dumps(encounter))
    return scoring.assess_read(rows.read(zone), LiteRtModel(artifact)).or_raise()


def _wanted(artifact: Artifact, given: object, file: Path) -> np.ndarray:
    """Read four probabilities into the model's order."""
    try:
        if isinstance(given, dict):
            by_state = {state: given[key] for state, key in INFERENCE_KEYS.items()}
            given = [by_state[state] for state in artifact.manifest.classes]
        wanted = np.array(given, dtype=np.float64)
    except (KeyError, TypeError, ValueError):
        wanted = np.empty(0)
    if wanted.shape != (len(State),):
        raise click.ClickException(f"{file}: probabilities must be four numbers, or an object as in an answer.")
    return wanted


def _rows(prediction: Prediction) -> list[list[float]]:
    rows: list[list[float]] = prediction.window.raw.tolist()
    return rows


def _shown(probabilities: np.ndarray) -> str:
    return "[" + ", ".join(f"{each:.5f}" for each in probabilities) + "]"
