"""Wiring, and nothing else."""

from __future__ import annotations

import logging
import os
import socket
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from fcv_api import __version__, activations, maintenance
from fcv_api.directory import open_directory
from fcv_api.domain.errors import NoModel
from fcv_api.domain.prediction import ModelIdentity, Models
from fcv_api.extensions import bind_database, db, jwt, migrate
from fcv_api.fhir.site import FhirSite
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.registry import Registry
from fcv_api.lstm.runtime import RUNTIME
from fcv_api.lstm.swap import Serving, SwappedModels
from fcv_api.metrics.counts import Counts
from fcv_api.serving import load_shedding
from fcv_api.serving.concurrency_limit import ConcurrencyLimit, LargeBodyLock
from fcv_api.settings import ROOT, Settings, SettingsError
from fcv_api.web import bodies, cors, error_handlers, requests, routes, tokens
from fcv_api.web.openapi import spec_options
from fcv_api.web.parser import use_orjson
from fcv_api.web.ward.options import WardOptions

log = logging.getLogger("fcv_api")


def create_app(settings: Settings, models: Models | None = None) -> Flask:
    """Build the service. Raises SettingsError or NoModel when it must not start."""
    app = database_app(settings, serving=True)
    maintenance.begin(app, settings)
    app.config.update(_config(settings) | token_config(settings))
    app.url_map.strict_slashes = app.url_map.merge_slashes = False  # a redirect's body would be an HTML page
    use_orjson(app)
    limit = ConcurrencyLimit(settings.threads)
    lock = LargeBodyLock(limit)
    requests.register(app, _service(settings, models or load_models(settings, app), limit, lock))
    for part in (limit, lock, bodies):
        part.register(app)
    jwt.init_app(app)
    routes.register(app)
    error_handlers.register(app, load_shedding.WaitedTooLong)
    if settings.cors_origins:
        cors.register(app, settings.cors_origins, routes.BLUEPRINTS)
    if settings.proxies:
        load_shedding.register(app)
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _service(settings: Settings, models: Models, limit: ConcurrencyLimit, lock: LargeBodyLock) -> requests.Service:
    return requests.Service(
        models=models,
        records=settings.ledger == "required",
        runtime=RUNTIME,
        zone=settings.timezone,
        stale_minutes=settings.stale_minutes,
        registration=settings.registration,
        password_min_length=settings.password_min_length,
        concurrency_limit=limit,
        large_body_lock=lock,
        max_encounters=settings.max_encounters,
        feed=settings.feed != "off",
        observation_hours=settings.observation_hours,
        settle_seconds=settings.settle_seconds,
        ward=WardOptions.of(settings),
        directory=open_directory(settings),
        counts=Counts(),
        fhir=FhirSite.of(settings),
    )


def database_app(settings: Settings, *, serving: bool = False) -> Flask:
    """Bind the database and nothing else: what the command line needs."""
    app = Flask("fcv_api", static_folder=None)
    bind_database(app, str.__str__(settings.database_url), settings.threads, serving=serving)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    return app


def load_models(settings: Settings, app: Flask, host: str = "") -> SwappedModels:
    """Load the model that serves. Raises NoModel, or SettingsError when production must not serve it.

    host: how this process is named among the workers; the host's own name, where empty.
    """
    registry = Registry(settings.models_dir)
    try:
        first = registry.load(settings.model, settings.log_dir)
    except NoModel as reason:
        raise (SettingsError(f"FCV_MODEL={settings.model}: {reason}") if settings.model else reason) from None
    kept = DatabaseActivations(app, settings, host or socket.gethostname())
    models = SwappedModels(first, kept, registry.check_on_disk, settings.log_dir)
    try:
        models.prepare()
    except SQLAlchemyError as error:
        log.error("models: %s: which one is active is not known yet", type(error).__name__)  # noqa: TRY400
    model = models.prepared.identity
    if refusal := refused(settings, model):
        raise SettingsError(refusal)
    if words := unvalidated(model):
        log.warning("%s. Its answers must not be acted on.", words)
    return models


def refused(settings: Settings, model: ModelIdentity) -> str | None:
    """Return why production must not serve a model, where that is so."""
    words = unvalidated(model)
    if words is None or not settings.production or settings.allow_unvalidated_model:
        return None
    return (
        f"{words}, and production refuses it. Earn its evidence with `fcv model attest` and activate it again, "
        "activate a validated one, or set FCV_ALLOW_UNVALIDATED_MODEL=1 to serve it with a warning in every answer."
    )


def unvalidated(model: ModelIdentity) -> str | None:
    """Return the sentence that no report on real patients is behind a model, where that is so."""
    if model.evidence.validated:
        return None
    return f"Model {model} was never validated on real patients (evidence: {model.standing})"


@dataclass(frozen=True, slots=True)
class DatabaseActivations:
    """Activations as the database keeps them. Where FCV_MODEL is set, it says what serves.

    host: how a process that serves is named among the workers.
    """

    app: Flask
    settings: Settings
    host: str = field(default_factory=socket.gethostname)

    def latest_id(self) -> int:
        """Return the id of the activation in force; 0 for none."""
        with self.app.app_context():
            maintenance.look(self.app)
            return 0 if self.settings.model else activations.latest_id()

    def artifact(self, activation: int) -> Artifact:
        """Return its model. Raises NoModel when the copy is damaged, or production must not serve it."""
        with self.app.app_context():
            copy = activations.model_copy(activation)
        place = f"database:models/{copy.name}/{copy.version}"
        artifact = Artifact.from_bytes(copy.manifest, copy.flatbuffer, place)
        if refusal := refused(self.settings, artifact.manifest.identity):
            raise NoModel(refusal)
        return artifact

    def find(self, model: ModelIdentity) -> Artifact:
        """Return a model from the database's copy, or from its folder. Raises NoModel when it is in neither."""
        with self.app.app_context():
            copy = activations.find_copy(model.name, model.version, model.sha256)
        if copy:
            return Artifact.from_bytes(copy.manifest, copy.flatbuffer, "database")
        artifact = Registry(self.settings.models_dir).artifact(str(model))
        if artifact.manifest.sha256 != model.sha256:
            raise NoModel(f"The folder of {model} holds another model than the one with sha256 {model.sha256}.")
        return artifact

    def report(self, state: Serving) -> None:
        """Record what this process serves, and do what else is due."""
        model = state.model.identity
        problem = activations.PINNED if self.settings.model else state.problem
        with self.app.app_context():
            maintenance.run(self.settings)
            serving = model.name, model.version, model.sha256, state.activation, problem
            activations.report(activations.Worker(self.host, state.pid, *serving))

    def forget(self) -> None:
        """Record that this process ends, and publish the head of the record up to here, and what is counted."""
        with self.app.app_context():
            activations.forget(self.host, os.getpid())
            maintenance.end()


def _config(settings: Settings) -> dict[str, object]:
    return {
        "MAX_CONTENT_LENGTH": settings.max_body_mb * 1024 * 1024,
        "API_TITLE": "FCV-MLAPI",
        "API_VERSION": __version__,
        "OPENAPI_VERSION": "3.0.3",
        "OPENAPI_URL_PREFIX": "/",
        "API_SPEC_OPTIONS": spec_options(),
    }


def token_config(settings: Settings) -> dict[str, object]:
    """Return how tokens are signed and verified."""
    previous = settings.jwt_secret_previous and str.__str__(settings.jwt_secret_previous)
    return tokens.config(str.__str__(settings.jwt_secret), previous, settings.token_minutes)
