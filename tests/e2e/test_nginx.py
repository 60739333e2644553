"""The whole contract through the real nginx, with TLS and the files of `deploy/`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from bundles import judged
from conftest import FIXTURES, UNTRAINED
from proxied import Proxy, needs_nginx, proxied
from service import PASSWORD, Service, free_port, running

from fcv_api.web.guide import POLICY
from fcv_api.web.ward.assets import KEPT

GOLDEN = ["encounter_5501", "encounter_5502"]
JSON = {"Content-Type": "application/json"}
MB = 1024 * 1024
LUZ = {"username": "luz", "password": PASSWORD}

pytestmark = needs_nginx


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service that believes nginx, with the model whose answers are known."""
    with running(tmp_path_factory.mktemp("service"), PROXIES="1", **UNTRAINED) as service:
        yield service


@pytest.fixture(scope="module")
def proxy(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Give nginx in front of it."""
    with proxied(tmp_path_factory.mktemp("nginx"), service) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def token(service: Service) -> dict[str, str]:
    """Give the header of a client's token."""
    return service.sign_in()


def post(proxy: Proxy, path: str, body: bytes, headers: dict[str, str]) -> requests.Response:
    return requests.post(f"{proxy.url}{path}", data=body, headers=JSON | headers, verify=str(proxy.ca), timeout=60)


def get(proxy: Proxy, path: str, headers: dict[str, str] | None = None) -> requests.Response:
    return requests.get(f"{proxy.url}{path}", headers=headers, verify=str(proxy.ca), timeout=60)


def form_token(browser: requests.Session, proxy: Proxy, path: str = "/sign-in") -> str:
    """Give the token of a page's last form."""
    return str(re.findall(r'name="csrf_token" value="([^"]+)"', browser.get(f"{proxy.url}{path}", timeout=10).text)[-1])


def check_problem(answer: requests.Response, status: int, slug: str) -> None:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert list(problem) == ["type", "title", "status", "detail", "request_id"]
    assert (problem["type"], problem["status"]) == (f"/problems/{slug}", status)
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert ("Retry-After" in answer.headers) == (status in (429, 502, 503, 504))


@pytest.mark.parametrize("name", GOLDEN)
def test_the_golden_encounters_get_the_direct_answer(
    service: Service, proxy: Proxy, token: dict[str, str], expected: dict[str, Any], name: str
) -> None:
    body, wanted = (FIXTURES / f"{name}.json").read_bytes(), expected[name]
    through = post(proxy, "/predict", body, token)
    for _ in range(4):  # often enough for both workers to answer
        direct = requests.post(f"{service.url}/predict", data=body, headers=JSON | token, timeout=10)
        assert through.json() == direct.json()
        assert through.headers["FCV-Model"] == direct.headers["FCV-Model"]
    assert through.json()["idAtencion"] == int(name.removeprefix("encounter_"))
    assert list(through.json()["inferences"].values()) == pytest.approx(wanted["lstm_relu_keras2"], abs=1e-5)
    assert through.headers["FCV-Window"] == f"{wanted['window_first']}/{wanted['window_last']}"
    assert get(proxy, through.headers["Location"], token).status_code == 200


def batch_of(count: int) -> bytes:
    """Build a batch of real encounters, each with another number."""
    columns: dict[str, list[Any]] = {}
    for number in range(count):
        encounter = json.loads((FIXTURES / f"{GOLDEN[number % 2]}.json").read_bytes())
        rows = list(encounter["valor"])
        columns.setdefault("idAtencion", []).extend([9000 + number] * len(rows))
        for name, cells in encounter.items():
            if name != "idAtencion":
                columns.setdefault(name, []).extend(cells.get(row) for row in rows)
    return json.dumps(
        {name: {str(row): cell for row, cell in enumerate(cells)} for name, cells in columns.items()}
    ).encode()


def test_forty_real_encounters_go_through_without_touching_the_disk(proxy: Proxy, token: dict[str, str]) -> None:
    body = batch_of(40)
    assert 12 * MB < len(body) < 16 * MB
    before = (proxy.folder / "body").stat().st_mtime_ns
    answer = post(proxy, "/predict/batch", body, token)
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["idAtencion"] for result in results] == list(range(9000, 9040))
    assert all("inferences" in result for result in results)
    assert post(proxy, "/predict", (FIXTURES / "encounter_5501.json").read_bytes(), token).status_code == 200
    assert (proxy.folder / "body").stat().st_mtime_ns == before
    post(proxy, "/predict/batch", b" " * (24 * MB), token)  # and a larger one does: the folder tells
    assert (proxy.folder / "body").stat().st_mtime_ns > before


@pytest.mark.parametrize("path", ["/home", "/health/live", "/health/ready", "/openapi.json", "/docs/"])
def test_what_needs_no_token_is_there(proxy: Proxy, path: str) -> None:
    answer = get(proxy, path)
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"
    assert answer.headers["Server"] == "nginx"


def test_a_page_of_the_guide_comes_from_nginx_itself_where_it_has_a_copy(proxy: Proxy) -> None:
    page = proxy.folder / "site" / "guide" / "nginx-has-it" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>page", "utf-8")
    answer = get(proxy, "/guide/nginx-has-it/")
    assert (answer.status_code, answer.text) == (200, "<p>page")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"
    check_problem(get(proxy, "/guide/nobody-has-it/"), 404, "not-found")
    check_problem(get(proxy, "/guide/%2e%2e/ward/static/none.css"), 404, "not-found")


def test_an_account_signs_in_predicts_reads_and_signs_out(proxy: Proxy) -> None:
    credentials = {"username": "through", "password": PASSWORD}
    assert post(proxy, "/auth/create_user", json.dumps(credentials).encode(), {}).status_code == 201
    answer = requests.post(f"{proxy.url}/auth/token", data=credentials, verify=str(proxy.ca), timeout=10)
    own = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert get(proxy, "/", own).json()["User"]["username"] == "through"
    assert get(proxy, "/predictions", own).status_code == get(proxy, "/model", own).status_code == 200
    assert post(proxy, "/auth/logout", b"", own).ok
    answer = get(proxy, "/", own)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-authenticated")


def test_a_person_signs_in_in_a_browser_and_out(service: Service, proxy: Proxy) -> None:
    (proxy.folder / "password").write_text(PASSWORD)
    service.fcv("users", "add", "luz", "--role", "clinician", "--password-file", str(proxy.folder / "password"))
    with requests.Session() as browser:
        browser.verify, browser.trust_env = str(proxy.ca), False
        entered = browser.post(f"{proxy.url}/sign-in", {"csrf_token": form_token(browser, proxy), **LUZ}, timeout=10)
        assert (entered.status_code, entered.url) == (200, f"{proxy.url}/ward")
        assert "Sesión de luz" in entered.text
        assert {cookie.name: cookie.secure for cookie in browser.cookies}["__Host-fcv_session"]
        left = browser.post(f"{proxy.url}/sign-out", {"csrf_token": form_token(browser, proxy, "/ward")}, timeout=10)
        assert (left.url, 'name="password"' in left.text) == (f"{proxy.url}/sign-in", True)
        assert not any(secret in service.log() + proxy.log() for secret in ("luz", PASSWORD, "csrf"))


def test_the_files_of_the_pages_come_from_nginx_and_where_it_has_none_from_the_service(proxy: Proxy) -> None:
    for name, kind in (("ward.css", "text/css"), ("ward.js", "text/javascript")):
        answer = get(proxy, f"/ward/static/{name}?v=1", {"X-Request-ID": name})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        assert answer.headers["Cache-Control"] == KEPT
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    line = next(line for line in proxy.log().splitlines() if '"request_id":"ward.css"' in line)
    assert '"upstream":""' in line
    check_problem(get(proxy, "/ward/static/none.css"), 404, "not-found")
    check_problem(get(proxy, "/ward/static/%2e%2e/pages.py"), 404, "not-found")


@pytest.mark.parametrize("path", ["/predict", "/auth/token", "/", "/docs/", "/sign-in", "/ward"])
def test_the_plain_port_refuses(proxy: Proxy, path: str) -> None:
    answer = requests.post(f"{proxy.plain}{path}", data=b"{}", timeout=5, allow_redirects=False)
    check_problem(answer, 403, "tls-needed")
    assert "Strict-Transport-Security" not in answer.headers
    check_problem(requests.get(f"http://127.0.0.1:{proxy.port}/", timeout=5), 403, "tls-needed")


@pytest.mark.parametrize(
    ("path", "largest"), [("/auth/token", 16 * 1024), ("/predict", 2 * MB), ("/predict/batch", 32 * MB)]
)
def test_each_route_has_a_largest_body(proxy: Proxy, token: dict[str, str], path: str, largest: int) -> None:
    assert post(proxy, path, b" " * largest, token).json()["type"] == "/problems/not-json"
    check_problem(post(proxy, path, b" " * (largest + 1), token), 413, "too-large")


def test_what_nginx_refuses_under_fhir_is_an_outcome(proxy: Proxy, token: dict[str, str]) -> None:
    answer = post(proxy, "/fhir", b" " * (2 * MB + 1), token)
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/fhir+json")
    (issue,) = judged(answer.json())["issue"]
    assert (issue["code"], issue["details"]["coding"][0]["code"]) == ("too-long", "too-large")
    assert "2 MB elsewhere" in issue["diagnostics"]
    assert answer.headers["X-Request-ID"]
    assert get(proxy, "/fhir/metadata").json()["implementation"]["url"] == "https://127.0.0.1/fhir"


def test_what_is_too_long_is_refused_by_nginx(proxy: Proxy) -> None:
    check_problem(get(proxy, "/" + "a" * 5000), 414, "address-too-long")
    check_problem(get(proxy, "/home", {"X-Long": "a" * 5000}), 431, "headers-too-large")
    check_problem(requests.request("TRACE", proxy.url, verify=str(proxy.ca), timeout=5), 405, "method-not-allowed")


def test_forty_sign_ins_at_one_instant_pass_and_a_flood_is_told_to_wait(service: Service, tmp_path: Path) -> None:
    with proxied(tmp_path / "nginx", service) as proxy, ThreadPoolExecutor(40) as threads:

        def burst(count: int) -> list[requests.Response]:
            return list(threads.map(lambda _: post(proxy, "/auth/token", b"{", {}), range(count)))

        assert Counter(answer.status_code for answer in burst(40)) == {400: 40}  # no JSON: costs no hash
        flood = burst(80)
        refused = [answer for answer in flood if answer.status_code == 429]
        assert 40 <= len(refused) < 80
        check_problem(refused[0], 429, "too-many-requests")
        assert get(proxy, "/home").status_code == 200


def assert_logged(proxy: Proxy, words: str) -> None:
    """See that nginx writes this: it writes a line after the answer, and so perhaps after who asked has gone on."""
    deadline = time.monotonic() + 5
    while words not in proxy.log():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_id_stands_in_both_logs_in_the_answer_and_in_the_problem(
    service: Service, proxy: Proxy, token: dict[str, str]
) -> None:
    own = get(proxy, "/model", token | {"X-Request-ID": "ward-7:bed.12_a"})
    unsafe = get(proxy, "/model", token | {"X-Request-ID": "two words"})
    made = get(proxy, "/nowhere")
    assert own.headers["X-Request-ID"] == "ward-7:bed.12_a"
    assert made.json()["request_id"] == made.headers["X-Request-ID"]
    for answer in (own, unsafe, made):
        assert f"'request_id': '{answer.headers['X-Request-ID']}'" in service.log()
        assert_logged(proxy, f'"request_id":"{answer.headers["X-Request-ID"]}"')


def test_the_access_log_has_every_request_with_its_times_and_no_query(proxy: Proxy, token: dict[str, str]) -> None:
    get(proxy, "/predictions?idAtencion=7654321", token | {"X-Request-ID": "with-a-query"})
    get(proxy, "/" + "b" * 5000 + "?idAtencion=7654321")
    requests.get(f"{proxy.plain}/predictions?idAtencion=7654321", timeout=5)
    lines = [json.loads(line) for line in proxy.log().splitlines()]
    line = next(line for line in lines if line["request_id"] == "with-a-query")
    assert (line["uri"], line["status"], line["upstream_status"]) == ("/predictions", 200, "200")
    assert line["seconds"] > 0 <= float(line["upstream_seconds"])
    written = [file for file in proxy.folder.glob("*.log") if "7654321" in file.read_text()]
    assert written == []


def test_a_client_cannot_invent_its_address_or_break_the_scheme(proxy: Proxy, token: dict[str, str]) -> None:
    invented = {"X-Forwarded-For": "10.9.9.9", "X-Forwarded-Proto": "http", "X-Forwarded-Ssl": "off"}
    assert get(proxy, "/", token | invented | {"X-Forwarded-Host": "evil", "Forwarded": "for=evil"}).status_code == 200


def test_a_service_that_is_too_slow_is_told_as_a_problem(service: Service, tmp_path: Path) -> None:
    quick = {"proxy_read_timeout 35s": "proxy_read_timeout 1s"}
    with proxied(tmp_path / "nginx", service, changes=quick) as proxy:
        pids = [service.master.pid, *service.workers()]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        check_problem(get(proxy, "/home"), 504, "service-too-slow")
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        assert get(proxy, "/home").status_code == 200
        assert '"upstream_status":"504"' in proxy.log()


def test_a_service_that_is_away_is_told_as_a_problem(service: Service, tmp_path: Path) -> None:
    away = replace(service, url=f"http://127.0.0.1:{free_port()}")
    with proxied(tmp_path / "nginx", away) as proxy:
        check_problem(get(proxy, "/home"), 502, "service-away")
        page = get(proxy, "/ward")
        assert (page.status_code, page.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
        assert all(words in page.text for words in ("Sin conexión", "No connection", 'content="15"'))
        assert get(proxy, "/ward/static/ward.js").status_code == 200


def test_a_body_that_cannot_be_kept_is_told_as_503_and_never_as_500(
    service: Service, token: dict[str, str], tmp_path: Path
) -> None:
    with proxied(tmp_path / "nginx", service) as proxy:
        (proxy.folder / "body").rmdir()  # as a disk that takes nothing
        check_problem(post(proxy, "/predict/batch", b" " * (24 * MB), token), 503, "proxy-failed")
        body = (FIXTURES / "encounter_5501.json").read_bytes()
        assert post(proxy, "/predict", body, token).status_code == 200


def test_http_2_is_spoken(proxy: Proxy) -> None:
    asked = [
        "curl",
        "-s",
        "--http2",
        "--cacert",
        str(proxy.ca),
        "-o",
        "/dev/null",
        "-w",
        "%{http_version} %{http_code}",
    ]
    shown = subprocess.run([*asked, f"{proxy.url}/home"], capture_output=True, text=True, check=True)
    assert shown.stdout == "2 200"
