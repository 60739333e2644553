"""`fcv simulate --feed --hl7`: stays played as a gateway's messages."""

from __future__ import annotations

from json import loads

import pytest
from click.testing import CliRunner
from gateways import listened, site_of
from memory import rows

from fcv_api.cli import main
from fcv_api.settings import Settings

pytestmark = pytest.mark.usefixtures("empty_database")
SITE = site_of('[source.sim]\npeers = ["127.0.0.1"]\nidentifiers = "pseudonym"\n')
WORDS = ("simulate", "--feed", "--minutes", "5", "--speed", "1000000", "--json", "--first-encounter", "70")


def test_stays_are_played_as_messages_and_stored_with_their_beds(settings: Settings) -> None:
    faults = ("--beds", "2", "--repeated", "0.2", "--corrected", "0.1", "--obx", "129")
    with listened(settings, SITE) as (host, port):
        done = CliRunner().invoke(main, [*WORDS, *faults, "--hl7", f"{host}:{port}"], catch_exceptions=False)
    said = loads(done.stdout)
    assert (said["errors"], said["retried"], done.exit_code) == (0, 0, 0)
    assert said["posts"] >= 10
    assert rows("SELECT id, source, bed FROM stays ORDER BY id") == [(70, "sim", "^^SIM-01"), (71, "sim", "^^SIM-02")]
    assert rows("SELECT COUNT(*) FROM observations WHERE status = 'C'")[0][0] > 0


def test_what_is_rejected_is_an_error_and_no_target_is_a_sentence(settings: Settings) -> None:
    with listened(settings, site_of('[source.sim]\npeers = ["10.0.0.9"]\n')) as (host, port):
        done = CliRunner().invoke(main, [*WORDS, "--hl7", f"{host}:{port}"])
    assert loads(done.stdout)["first_errors"][0]["reason"] == "AR"
    assert done.exit_code == 1
    assert "is no HOST:PORT" in CliRunner().invoke(main, [*WORDS, "--hl7", "here"]).output
    assert "or --hl7 HOST:PORT" in CliRunner().invoke(main, list(WORDS)).output
