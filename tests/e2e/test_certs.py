"""`make certs`: a LAN's own authority, and a server's certificate."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from proxied import DEPLOY, certify

FILES = {"ca.crt": 0o644, "ca.key": 0o600, "server.crt": 0o644, "server.key": 0o600}


def shown(file: Path, *options: str) -> str:
    return str(subprocess.check_output(["openssl", "x509", "-in", str(file), "-noout", *options], text=True))


def verified(certs: Path, *options: str) -> bool:
    trust = ["-CAfile", str(certs / "ca.crt"), "-purpose", "sslserver"]
    command = ["openssl", "verify", *trust, *options, str(certs / "server.crt")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def refusal(certs: Path, *names: str) -> str:
    """Run it, and give what it says when it refuses."""
    environment = os.environ | {"CERTS": str(certs)}
    command = [str(DEPLOY / "certs.sh"), *names]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    return done.stderr


def test_it_is_good_for_each_name_given_and_for_no_other(tmp_path: Path) -> None:
    certify(tmp_path, "fcv.hospital.lan", "10.0.0.5", "fd00::5")
    assert {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == FILES
    assert verified(tmp_path, "-verify_hostname", "fcv.hospital.lan")
    assert verified(tmp_path, "-verify_ip", "10.0.0.5")
    assert verified(tmp_path, "-verify_ip", "fd00::5")
    assert not verified(tmp_path, "-verify_hostname", "other.hospital.lan")


def test_it_is_a_server_s_for_at_most_398_days_and_the_authority_signs_no_other_authority(tmp_path: Path) -> None:
    certify(tmp_path, "localhost")
    server = shown(tmp_path / "server.crt", "-ext", "extendedKeyUsage,basicConstraints")
    assert "TLS Web Server Authentication" in server
    assert "CA:FALSE" in server
    assert shown(tmp_path / "server.crt", "-checkend", str(396 * 86_400))
    ends = subprocess.run(
        ["openssl", "x509", "-in", tmp_path / "server.crt", "-noout", "-checkend", str(398 * 86_400)], check=False
    )
    assert ends.returncode == 1
    assert "CA:TRUE, pathlen:0" in shown(tmp_path / "ca.crt", "-ext", "basicConstraints")


def test_a_renewal_keeps_the_authority(tmp_path: Path) -> None:
    certify(tmp_path, "fcv.hospital.lan")
    authority, server, key = [(tmp_path / name).read_bytes() for name in ("ca.crt", "server.crt", "server.key")]
    certify(tmp_path, "new.hospital.lan")
    assert (tmp_path / "ca.crt").read_bytes() == authority
    assert (tmp_path / "server.crt").read_bytes() != server
    assert (tmp_path / "server.key").read_bytes() != key
    assert verified(tmp_path, "-verify_hostname", "new.hospital.lan")


@pytest.mark.parametrize("name", ["bank.example.com", "8.8.8.8", "hospital.lan.example.com"])
def test_the_authority_signs_for_the_lan_only(tmp_path: Path, name: str) -> None:
    certify(tmp_path, "fcv.hospital.lan")
    before = (tmp_path / "server.crt").read_bytes()
    assert "may not sign" in refusal(tmp_path, name)
    assert (tmp_path / "server.crt").read_bytes() == before


@pytest.mark.parametrize("name", ["https://fcv", "fcv:443", "10.0.0.256", "a b", "-x", "fcv.lan\nDNS.9=x", ""])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    assert "is no " in refusal(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_the_hospitals_own_certificate_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "server.crt").write_text("the hospital's own")
    assert "did not make" in refusal(tmp_path, "localhost")
    assert (tmp_path / "server.crt").read_text() == "the hospital's own"


@pytest.mark.skipif(not shutil.which("keytool"), reason="Java's keytool is not installed")
def test_java_takes_the_authority(tmp_path: Path) -> None:
    certify(tmp_path, "localhost")
    store = ["-keystore", str(tmp_path / "store.p12"), "-storepass", "changeit"]
    subprocess.run(
        ["keytool", "-importcert", "-noprompt", "-alias", "fcv", "-file", str(tmp_path / "ca.crt"), *store],
        check=True,
        capture_output=True,
    )
    assert "trustedCertEntry" in subprocess.check_output(["keytool", "-list", *store], text=True)


def test_a_gateway_s_certificate_is_a_client_s_and_leaves_the_server_s_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certify(tmp_path, "fcv.hospital.lan")
    before = (tmp_path / "server.crt").read_bytes()
    monkeypatch.setenv("GATEWAY", "gw.hospital.lan")
    certify(tmp_path)
    made = tmp_path / "gateway-gw.hospital.lan.crt"
    assert "TLS Web Client Authentication" in shown(made, "-ext", "extendedKeyUsage")
    assert "DNS:gw.hospital.lan" in shown(made, "-ext", "subjectAltName")
    assert made.with_suffix(".key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "server.crt").read_bytes() == before
    monkeypatch.setenv("GATEWAY", "../gw")
    assert "is no name of a host" in refusal(tmp_path)
