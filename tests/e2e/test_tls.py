"""What nginx speaks on its TLS port, asked by openssl, which can speak more than that."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from proxied import DEPLOY, Proxy, certify, needs_nginx, proxied
from service import Service, free_port

LISTED = set(re.findall(r"ECDHE-[A-Z0-9-]+", (DEPLOY / "nginx.conf").read_text("utf-8")))
OF_TLS_1_3 = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
OLD = "ssl_protocols TLSv1 TLSv1.1"

pytestmark = needs_nginx


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """Give a service that does not run: a handshake is nginx's own, and nothing is asked after it."""
    nobody = subprocess.Popen(["true"])
    nobody.wait()
    return Service(f"http://127.0.0.1:{free_port()}", tmp_path_factory.mktemp("service"), nobody, {})


@pytest.fixture(scope="module")
def proxy(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Give nginx with a second certificate of RSA, so that each listed suite can be spoken."""
    folder = tmp_path_factory.mktemp("nginx")
    rsa = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*rsa, "-keyout", folder / "rsa.key", "-out", folder / "rsa.crt"], check=True, capture_output=True)
    second = f"ssl_certificate {folder}/rsa.crt; ssl_certificate_key {folder}/rsa.key;"
    with proxied(folder, service, changes={"ssl_protocols": f"{second} ssl_protocols"}) as proxy:
        yield proxy


def spoken(proxy: Proxy, *options: str) -> str | None:
    """Give the suite on which openssl and nginx agree, or None."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port}", *options]
    shown = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout
    found = re.search(r"Cipher is ([\w-]+)", shown)
    return found[1] if found and found[1] != "NONE" and "(NONE)" not in found[0] else None


def ciphers(*options: str) -> list[str]:
    listed = subprocess.check_output(["openssl", "ciphers", "-s", *options, "ALL:eNULL:@SECLEVEL=0"], text=True)
    return listed.strip().split(":")


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_nothing_older_than_tls_1_2_is_spoken(service: Service, proxy: Proxy, tmp_path: Path, version: str) -> None:
    any_suite = (version, "-cipher", "ALL:@SECLEVEL=0")
    assert spoken(proxy, *any_suite) is None
    weak = {"ssl_protocols TLSv1.2 TLSv1.3": OLD, "ssl_ciphers ECDHE": "ssl_ciphers ALL:@SECLEVEL=0:ECDHE"}
    with proxied(tmp_path / "old", service, changes=weak) as old:
        assert spoken(old, *any_suite), "openssl could not have spoken it anyway, so this shows nothing"


def test_of_tls_1_2_only_the_listed_suites_are_spoken(proxy: Proxy) -> None:
    asked = ciphers("-tls1_2")
    assert len(asked) > 40
    assert {spoken(proxy, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0") for suite in asked} - {None} == LISTED


def test_tls_1_3_is_spoken_with_its_three_suites(proxy: Proxy) -> None:
    assert {spoken(proxy, "-tls1_3", "-ciphersuites", suite) for suite in OF_TLS_1_3} == OF_TLS_1_3


def test_only_the_listed_curves_are_spoken(proxy: Proxy) -> None:
    asked = ["X25519", "prime256v1", "secp384r1", "secp521r1", "X448"]
    assert [curve for curve in asked if spoken(proxy, "-tls1_3", "-groups", curve)] == asked[:3]


def test_a_new_certificate_is_served_after_a_reload(proxy: Proxy, service: Service, tmp_path: Path) -> None:
    assert service
    with proxied(tmp_path / "renewed", service) as own:
        before = served(own)
        certify(own.folder / "certs", "localhost", "127.0.0.1")
        assert served(own) == before
        own.process.send_signal(1)  # HUP, as `nginx -s reload` sends it
        for _ in range(100):
            if served(own) != before:
                break
        assert served(own) != before
    assert served(proxy)


def served(proxy: Proxy) -> str:
    """Give the certificate that a client gets, verified by the authority."""
    trust = ["-CAfile", str(proxy.ca), "-verify_return_error", "-verify_ip", "127.0.0.1", "-sigalgs", "ECDSA+SHA256"]
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port}", *trust]
    shown = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout
    return shown.split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0]
