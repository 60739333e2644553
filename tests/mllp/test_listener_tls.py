"""TLS in the listener: a gateway shows its certificate, and is whom it names."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from gateways import Gateway, listened, live, site_of
from memory import rows

from fcv_api.cli import main
from fcv_api.mllp.tls import context_of
from fcv_api.settings import ROOT, Settings

SITE = site_of('[source.icu]\ncertificates = ["gw.hospital.lan"]')
NAME = "gateway-gw.hospital.lan"


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an authority, a server's certificate, and two gateways'."""
    folder = tmp_path_factory.mktemp("certs")
    for environment, names in (
        ({}, ["localhost", "127.0.0.1", "gw.hospital.lan"]),
        ({"GATEWAY": "gw.hospital.lan"}, []),
        ({"GATEWAY": "other.hospital.lan"}, []),
    ):
        command = [str(ROOT / "deploy" / "certs.sh"), *names]
        own = os.environ | {"CERTS": str(folder)} | environment
        subprocess.run(command, env=own, check=True, capture_output=True)
    return folder


@pytest.fixture
def address(settings: Settings, certs: Path, empty_database: None) -> Iterator[tuple[str, int]]:
    """Listen with TLS and client certificates."""
    assert empty_database is None
    tls = context_of(certs / "server.crt", certs / "server.key", certs / "ca.crt")
    with listened(settings, SITE, tls) as found:
        yield found


def exchanged(address: tuple[str, int], certs: Path, name: str | None) -> list[str]:
    context = ssl.create_default_context(cafile=certs / "ca.crt")
    if name:
        context.load_cert_chain(certs / f"{name}.crt", certs / f"{name}.key")
    with (
        socket.create_connection(address, 20) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        return Gateway(connection).exchange(live())


def test_a_certificate_s_name_is_who_sends(address: tuple[str, int], certs: Path) -> None:
    assert exchanged(address, certs, NAME) == ["AA M1"]
    assert exchanged(address, certs, "gateway-other.hospital.lan") == ["AR M1"]


@pytest.mark.parametrize("name", [None, "server"])
def test_without_a_gateway_s_certificate_nothing_is_read(
    address: tuple[str, int], certs: Path, name: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with suppress(OSError):
        assert exchanged(address, certs, name) == []
    assert rows("SELECT id FROM stays") == []
    reasons = {None: "peer did not return a certificate", "server": "unsuitable certificate purpose"}
    assert caplog.messages == [f"hl7: refused a connection by TLS: {reasons[name]}"]


def test_who_speaks_no_tls_is_told_nothing(address: tuple[str, int], caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_connection(address, 20) as plain:
        assert Gateway(plain).exchange(live()) == []
    assert len(caplog.messages) == 1


def test_the_sender_says_what_it_needs_where_tls_refuses_it(address: tuple[str, int], tmp_path: Path) -> None:
    file = tmp_path / "one.hl7"
    file.write_bytes(live())
    done = CliRunner().invoke(main, ["hl7", "send", str(file), f"127.0.0.1:{address[1]}"])
    assert done.exit_code == 1
    assert "Where the listener speaks TLS, give --ca" in done.output


def test_the_sender_speaks_tls_and_waits_for_each_acknowledgement(
    address: tuple[str, int], certs: Path, tmp_path: Path
) -> None:
    file = tmp_path / "two.hl7"
    file.write_bytes(live(control="1") + live(control="2"))
    words = ["--ca", str(certs / "ca.crt"), "--cert", str(certs / f"{NAME}.crt"), "--key", str(certs / f"{NAME}.key")]
    done = CliRunner().invoke(main, ["hl7", "send", str(file), f"127.0.0.1:{address[1]}", *words])
    assert done.output.splitlines() == ["Message 1: AA", "Message 2: AA"]
    assert done.exit_code == 0


def test_a_key_that_is_not_the_certificate_s_stops_the_start(certs: Path) -> None:
    with pytest.raises(ssl.SSLError):
        context_of(certs / "server.crt", certs / f"{NAME}.key", None)
    assert context_of(None, None, None) is None
