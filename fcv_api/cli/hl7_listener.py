"""Start the listener for gateways beside the scoring, where a setting names its address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import CollectorRegistry

from fcv_api import maintenance
from fcv_api.app import database_app
from fcv_api.cli.hl7_sources import known_sources
from fcv_api.extensions import db
from fcv_api.extensions.sqlite_file import survive_power_cuts
from fcv_api.metrics.queues import Frames
from fcv_api.mllp.listener import listening
from fcv_api.mllp.site import Site
from fcv_api.mllp.tls import context_of
from fcv_api.settings import Settings, SettingsError
from fcv_api.settings.hl7 import host_and_port, is_loopback
from fcv_api.wire.hl7.source import Source


@contextmanager
def hl7_listener(settings: Settings, registry: CollectorRegistry | None = None) -> Iterator[tuple[str, int] | None]:
    """Listen within a block where FCV_HL7_BIND is set, and yield the address. Raises SettingsError and OSError.

    registry: of the metrics that say what waits.
    """
    if settings.hl7_bind is None:
        yield None
        return
    site = checked_site(settings)
    if registry:
        registry.register(Frames(site.queue))
    tls = context_of(settings.hl7_tls_cert, settings.hl7_tls_key, settings.hl7_tls_client_ca)
    app = database_app(settings, serving=True)
    with app.app_context():
        engine = db.engine
        survive_power_cuts(engine)  # before any connection is in the pool
    maintenance.begin(app, settings)
    try:
        with listening(host_and_port(settings.hl7_bind), site, app, tls) as address:
            yield address
    finally:
        engine.dispose()


def checked_site(settings: Settings) -> Site:
    """Return what the listener needs to know. Raises SettingsError where production would let anybody send."""
    sources = known_sources(settings)
    check_senders(settings, sources)
    key = str.__str__(settings.pseudonym_key())
    return Site(sources, key, settings.observation_hours, settings.hl7_max_bytes, settings.allow_test_sources)


def check_senders(settings: Settings, sources: Sequence[Source]) -> None:
    """Raise SettingsError where production would let anybody send."""
    host, _port = host_and_port(settings.hl7_bind or "")
    knows_addresses = any(each.peers for each in sources)
    if settings.production and not is_loopback(host) and not (settings.hl7_tls_client_ca or knows_addresses):
        raise SettingsError(
            f"FCV_HL7_BIND={settings.hl7_bind} is reached from other machines. Set FCV_HL7_TLS_CLIENT_CA, so that "
            "gateways show certificates, or list their addresses as peers in FCV_HL7_SOURCES_FILE."
        )
