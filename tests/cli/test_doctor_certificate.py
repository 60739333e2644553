"""`fcv doctor` and certificates: real ones, made by openssl."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import MakeSettings

from fcv_api.cli import main
from fcv_api.cli.doctor.certificate import SHIPPED_PLACE, check_certificate
from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Finding, Wanted

AUTHORITY = """
[ca]
default_ca=own
[own]
database=index
new_certs_dir=.
rand_serial=yes
default_md=sha256
policy=any
x509_extensions=names
unique_subject=no
[any]
commonName=supplied
[names]
basicConstraints=critical,CA:TRUE
subjectAltName=DNS:localhost,IP:127.0.0.1
"""

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def made(folder: Path, days: int, name: str = "server") -> Path:
    """Make a certificate for localhost that ends in so many days, or has ended."""
    end = datetime.now(UTC) + timedelta(days=days, hours=1)
    (folder / "ca.cnf").write_text(AUTHORITY)
    (folder / "index").touch()
    request = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", "r", "-subj", "/CN=x"]
    sign = ["ca", "-batch", "-config", "ca.cnf", "-selfsign", "-keyfile", f"{name}.key", "-in", "r", "-notext"]
    sign += ["-startdate", "20200101000000Z", "-enddate", f"{end:%Y%m%d%H%M%SZ}", "-out", f"{name}.crt"]
    for each in (request, sign):
        subprocess.run(["openssl", *each], cwd=folder, check=True, capture_output=True)
    return folder / f"{name}.crt"


def of_file(file: Path) -> Finding:
    (found,) = check_certificate(Wanted(file, None, None))
    return found


def of_url(url: str, authority: Path | None = None) -> Finding:
    *_, found = check_certificate(Wanted(SHIPPED_PLACE, url, authority))
    return found


@pytest.mark.parametrize(
    ("days", "status", "words"),
    [
        (-2, FAILED, "for localhost, 127.0.0.1, has expired"),
        (9, WARNING, "expires in 9 days"),
        (90, OK, "is good until"),
    ],
)
def test_the_age_of_a_file_is_told(tmp_path: Path, days: int, status: str, words: str) -> None:
    found = of_file(made(tmp_path, days))
    assert (found.status, words in found.detail) == (status, True), found


def test_a_certificate_of_another_key_is_told(tmp_path: Path) -> None:
    certificate, other = made(tmp_path, 90), made(tmp_path, 90, "other")
    shutil.copy(other.with_suffix(".key"), certificate.with_suffix(".key"))
    assert "made for another key" in of_file(certificate).detail


def test_a_file_that_is_no_certificate_or_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "server.crt").write_text("no certificate")
    for name in ("server.crt", "missing.crt"):
        assert "cannot be read as a certificate" in of_file(tmp_path / name).detail


def test_where_openssl_is_missing_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = made(tmp_path, 90)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "openssl is not installed" in of_file(certificate).detail


def test_the_command_ends_with_1_on_an_expired_certificate(make_settings: MakeSettings, tmp_path: Path) -> None:
    make_settings()
    result = CliRunner().invoke(main, ["doctor", "--certificate", str(made(tmp_path, -2))])
    assert result.exit_code == 1
    assert "failed   certificate" in result.stdout


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Callable[[int], str]]:
    """Show a certificate that ends in so many days on a port of localhost."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def show(days: int) -> str:
            certificate = made(tmp_path, days)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
            threading.Thread(target=_answer, args=(listening, context), daemon=True).start()
            return f"https://localhost:{listening.getsockname()[1]}"

        yield show


def _answer(listening: socket.socket, context: ssl.SSLContext) -> None:
    """Shake hands with one client, or be refused by it."""
    client, _ = listening.accept()
    try:
        context.wrap_socket(client, server_side=True).close()
    except (ssl.SSLError, OSError):
        client.close()


def test_what_a_client_is_shown_is_told(tmp_path: Path, shown: Callable[[int], str]) -> None:
    found = of_url(shown(90), tmp_path / "server.crt")
    assert (found.status, "for localhost, 127.0.0.1, is good until" in found.detail) == (OK, True), found


def test_that_clients_are_refused_is_told_with_the_reason(tmp_path: Path, shown: Callable[[int], str]) -> None:
    assert "certificate has expired" in of_url(shown(-2), tmp_path / "server.crt").detail
    assert "self-signed certificate" in of_url(shown(90)).detail


def test_an_address_where_nobody_listens_is_told() -> None:
    assert "cannot be reached: Connection refused" in of_url("https://127.0.0.1:1").detail
    assert "no https:// address" in of_url("http://127.0.0.1").detail
