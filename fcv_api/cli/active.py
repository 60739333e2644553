"""What commands work in: the settings, the database, and the model that is active when none is named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from fcv_api import activations
from fcv_api.activations import Activation
from fcv_api.app import database_app
from fcv_api.lstm import trial
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.registry import SHIPPED, Registry
from fcv_api.lstm.runtime import LiteRtModel
from fcv_api.settings import Settings


@contextmanager
def with_database() -> Iterator[Settings]:
    """Read the settings, and yield them in an app's context with the database. Raises SettingsError."""
    settings = Settings.from_environment()
    with database_app(settings).app_context():
        yield settings


def in_force(settings: Settings) -> Activation | None:
    """Return the activation in force, and print where the database cannot be asked. Needs the app's context."""
    url = make_url(str.__str__(settings.database_url))
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return None  # nothing was activated yet, and asking would make an empty file
    try:
        return activations.in_force()
    except SQLAlchemyError:
        click.echo("The database cannot be asked which model is active. Has `fcv db upgrade` been run?", err=True)
        return None


def artifact_of(settings: Settings, reference: str | None) -> Artifact:
    """Return a model from its folder, or the active one from the database. Raises ArtifactError."""
    registry = Registry(settings.models_dir)
    current = None if reference or settings.model else in_force(settings)
    if current is None:
        return registry.artifact(reference or settings.model or SHIPPED)
    return stored_artifact(current)


def load_model(settings: Settings, reference: str | None) -> LiteRtModel:
    """Return the same, ready to score. Raises ArtifactError. Needs no app's context."""
    with database_app(settings).app_context():
        return trial.load(artifact_of(settings, reference), settings.log_dir)


def stored_artifact(activation: Activation) -> Artifact:
    """Return a model from the database's copy. Raises ArtifactError."""
    copy = activations.model_copy(activation.id)
    return Artifact.from_bytes(copy.manifest, copy.flatbuffer, "database")
