"""`fcv doctor` on the listener: its address, its certificates, and who may send."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import MakeSettings

from fcv_api import activations
from fcv_api.activations import Worker
from fcv_api.app import database_app
from fcv_api.cli.db import migrate_database
from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Finding, Place, Wanted
from fcv_api.cli.doctor.hl7 import check_hl7
from fcv_api.extensions import db
from fcv_api.feed.process import host

HERE = '[source.icu]\npeers = ["127.0.0.1"]\n'
Check = Callable[..., list[Finding]]


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as bound:
        return int(bound.getsockname()[1])


@pytest.fixture
def check(make_settings: MakeSettings, tmp_path: Path) -> Iterator[Check]:
    """Look at the listener that a file of sources and other settings describe."""
    file = tmp_path / "sources.toml"

    def check(text: str = HERE, **given: object) -> list[Finding]:
        file.write_text(text, "utf-8")
        named = {name: str(value) for name, value in given.items()}
        settings = make_settings(**{"HL7_BIND": f"127.0.0.1:{free_port()}", "HL7_SOURCES_FILE": str(file)} | named)
        return list(check_hl7(Place(settings, Wanted(tmp_path / "no.crt", None, None))))

    migrate_database(make_settings())
    with database_app(make_settings()).app_context():
        yield check
        db.engine.dispose()


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make two certificates, one of which ends soon, each with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certs")
    for name, days in (("long", "90"), ("short", "9")):
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", days, "-subj", "/CN=gw"]
        command += ["-keyout", f"{name}.key", "-out", f"{name}.crt"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


def wrong(found: list[Finding], status: str = FAILED) -> list[str]:
    assert {each.check for each in found} == {"hl7"}
    assert all(bool(each.advice) == (each.status != OK) for each in found)
    return [each.detail for each in found if each.status == status]


def test_one_that_is_not_set_is_one_line(check: Check) -> None:
    (found,) = check(HL7_BIND="", HL7_SOURCES_FILE="")
    assert (found.status, found.detail) == (OK, "FCV_HL7_BIND is not set: no gateway is listened to.")


def test_a_sound_listener_names_its_sources_and_its_address(check: Check) -> None:
    found = check()
    assert {each.status for each in found} == {OK}
    assert found[0].detail == "Sources: icu."
    assert found[1].detail.endswith("is free for `fcv feed run`.")


def test_one_without_the_feed_is_told(check: Check) -> None:
    assert any("FCV_FEED is off: nothing listens" in each for each in wrong(check(FEED="off"), WARNING))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[source.icu]\npeer = []", "[source.icu]: peer is not a key"),
        ("[source", "is no TOML"),
        ('[source.icu]\nzone = "Bogota"', "zone must be a time zone"),
    ],
)
def test_a_wrong_file_of_sources_is_named_with_its_key(check: Check, text: str, words: str) -> None:
    assert any(words in each for each in wrong(check(text)))


def test_what_production_refuses_is_explained(check: Check, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789abcdef" * 4)
    own = {"ENV": "production", "FEED": "on", "PSEUDONYM_KEY_FILE": key, "HL7_BIND": f"0.0.0.0:{free_port()}"}
    assert "FCV_HL7_SOURCES_FILE must be set in production" in wrong(check(**own | {"HL7_SOURCES_FILE": ""}))[0]
    certified = '[source.icu]\ncertificates = ["gw"]\n'
    assert any("is reached from other machines" in each for each in wrong(check(certified, **own)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[source.icu]", "nobody is it"),
        ('[source.icu]\ncertificates = ["gw"]', "no gateway is asked for one"),
        ('[source.icu]\npeers = ["0.0.0.0/0"]', "anybody may send for it"),
        (HERE + "test = true", "it is answered AR"),
    ],
)
def test_what_is_hardly_meant_is_warned_of(check: Check, text: str, words: str) -> None:
    assert any(words in each for each in wrong(check(text), WARNING))


def test_plain_text_beyond_this_machine_is_warned_of(check: Check) -> None:
    found = wrong(check(HL7_BIND=f"0.0.0.0:{free_port()}"), WARNING)
    assert found == ["Messages with patients' data come in plain text."]


def files(certs: Path, cert: str, key: str, authority: str = "long.crt") -> dict[str, Path]:
    names = {"CERT": cert, "KEY": key, "CLIENT_CA": authority}
    return {f"HL7_TLS_{name}": certs / file for name, file in names.items()}


def test_certificates_are_read_and_their_days_are_told(check: Check, certs: Path) -> None:
    assert len([each for each in check(**files(certs, "long.crt", "long.key")) if "is good until" in each.detail]) == 2
    (soon,) = wrong(check(**files(certs, "short.crt", "short.key")), WARNING)
    assert "expires in" in soon


def test_a_key_of_another_certificate_and_files_that_are_not_there_are_told(check: Check, certs: Path) -> None:
    assert "do not go together" in wrong(check(**files(certs, "long.crt", "short.key")))[0]
    assert "none.crt: No such file" in wrong(check(**files(certs, "long.crt", "long.key", "none.crt")))[0]
    assert "do not go together" in wrong(check(**files(certs, "long.crt", "long.key", "long.key")))[0]


def test_an_address_that_another_program_holds_is_told_and_one_that_the_feed_holds_is_well(check: Check) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as held:
        bind = f"127.0.0.1:{held.getsockname()[1]}"
        assert "cannot be listened at: Address already in use" in wrong(check(HL7_BIND=bind))[0]
        activations.report(Worker(host(), 77, "a", "1", "a" * 64, 0, ""))
        assert any(each.detail == f"{bind} is listened at, and {host()} runs." for each in check(HL7_BIND=bind))
    assert f"nothing listens at {bind}" in wrong(check(HL7_BIND=bind))[0]
