"""What nginx and the service promise together: limits, timeouts, ids, words. And that nginx and gixy take the files."""

from __future__ import annotations

import importlib.util
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FIXTURES, MakeSettings
from flask import Flask
from proxied import DEPLOY, certify, command, lay_out, needs_nginx

from fcv_api.web.auth import LARGEST_CREDENTIALS
from fcv_api.web.problems import PROBLEMS
from fcv_api.web.requests import SAFE_ID

NGINX = (DEPLOY / "nginx.conf").read_text("utf-8")
ROADS = sorted(file.name for file in (DEPLOY / "nginx").glob("upstream-*.conf"))
UNITS = {"k": 1024, "m": 1024 * 1024, "s": 1, "": 1}


@pytest.fixture
def gunicorn(make_settings: MakeSettings, root: Path) -> dict[str, int]:
    """Give what `deploy/gunicorn.conf.py` sets."""
    make_settings()
    return runpy.run_path(str(root / "deploy" / "gunicorn.conf.py"))


def value(directive: str, text: str = NGINX) -> int:
    """Give a directive's number, in seconds or bytes."""
    number, unit = re.findall(rf"^\s*{directive} (\d+)([kms]?);", text, re.MULTILINE)[0]
    return int(number) * UNITS[unit]


def location(path: str) -> str:
    found: list[str] = re.findall(rf"location {re.escape(path)} \{{(.*?)\}}", NGINX, re.DOTALL)
    return found[0]


def test_nginx_waits_longer_than_gunicorn_lets_a_worker_hang(gunicorn: dict[str, int]) -> None:
    assert value("proxy_read_timeout") > max(gunicorn["timeout"], gunicorn["graceful_timeout"])


@pytest.mark.parametrize("road", [road for road in ROADS if "compose" not in road])
def test_nginx_closes_an_idle_connection_before_gunicorn_does(gunicorn: dict[str, int], road: str) -> None:
    assert value("keepalive_timeout", (DEPLOY / "nginx" / road).read_text()) < gunicorn["keepalive"]


def test_slow_clients_have_ten_seconds() -> None:
    assert {value(f"{name}_timeout") for name in ("client_header", "client_body", "send")} == {10}


def test_nginx_reads_bodies_as_large_as_the_service_does(make_settings: MakeSettings) -> None:
    assert value("client_max_body_size", location("/predict/batch")) == make_settings().max_body_mb * UNITS["m"]
    assert value("client_max_body_size", location("/auth/")) == LARGEST_CREDENTIALS
    assert value("client_max_body_size") == 2 * UNITS["m"]


def test_every_route_has_the_limit_on_what_a_network_has_under_way() -> None:
    """A location that has a `limit_conn` of its own inherits none."""
    blocks = [block for block in re.findall(r"location \S+ \{(.*?)\}", NGINX, re.DOTALL) if "limit_conn" in block]
    everywhere = re.findall(r"^    (limit_conn clients \d+;)", NGINX, re.MULTILINE)
    assert len(blocks) == 3
    assert len(everywhere) == 1
    assert all(everywhere[0] in block for block in blocks)


def test_every_limit_is_counted_by_network_and_documented(root: Path) -> None:
    zones = re.findall(r"limit_(?:req|conn)_zone (\S+) zone=(\w+):", NGINX)
    assert {key for key, _ in zones} == {"$fcv_network"}
    used = dict(re.findall(r"limit_conn (\w+) (\d+);", NGINX)) | dict(re.findall(r"zone=(\w+) burst=(\d+)", NGINX))
    assert used.keys() == {zone for _, zone in zones}
    rows = re.findall(r"^\| .* from one network \| (\d+)", (root / "docs" / "tls.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(used.values())
    streams = value("http2_max_concurrent_streams")
    assert f"| requests at once on one connection of HTTP/2 | {streams} |" in (root / "docs/tls.md").read_text()


def test_the_service_has_no_route_whose_slash_at_the_end_leads_past_a_limit(app: Flask) -> None:
    assert "location = " not in NGINX
    prefixes = [path for path in re.findall(r"location (\S+) \{", NGINX) if path != "/"]
    for rule in app.url_map.iter_rules():
        bare = rule.rule.rstrip("/")
        with_slash = {prefix for prefix in prefixes if f"{bare}/".startswith(prefix)}
        assert {prefix for prefix in prefixes if bare.startswith(prefix)} == with_slash, bare


def test_a_real_request_and_forty_in_a_batch_stay_in_memory() -> None:
    real = max(file.stat().st_size for file in FIXTURES.glob("encounter_*.json"))
    assert value("client_body_buffer_size") >= value("client_max_body_size") > 4 * real
    assert value("client_body_buffer_size", location("/predict/batch")) >= 40 * real


def test_what_nginx_lets_through_gunicorn_reads(gunicorn: dict[str, int]) -> None:
    longest = int(re.findall(r"large_client_header_buffers \d+ (\d+)k;", NGINX)[0]) * 1024
    packed = longest * 8 / 5  # HTTP/2's shortest letters have five bits
    assert packed < min(gunicorn["limit_request_line"], gunicorn["limit_request_field_size"])


def test_both_keep_the_same_request_ids() -> None:
    assert f'"~^{SAFE_ID.pattern}\\z" $http_x_request_id;' in NGINX


def test_gunicorn_believes_headers_of_no_one_in_particular_never_of_all(gunicorn: dict[str, str]) -> None:
    assert "*" not in gunicorn["forwarded_allow_ips"]


def test_no_log_of_nginx_holds_a_query() -> None:
    formats = "".join(re.findall(r"log_format .*?;", NGINX, re.DOTALL))
    logged = set(re.findall(r"\$(\w+)", formats))
    assert {"fcv_request_id", "upstream_response_time", "uri"} <= logged
    assert not logged & {"request", "request_uri", "args", "query_string", "http_referer", "http_authorization"}
    paths = (DEPLOY / "nginx" / "paths.conf").read_text()
    assert re.findall(r"^error_log \S+ (\w+);", paths, re.MULTILINE) == ["crit"]  # lower levels quote requests


def by_status(variable: str, text: str) -> dict[str, str]:
    """Give a map's values by their status."""
    rows = re.findall(rf"map \$status \${variable} \{{(.*?)\n\}}", text, re.DOTALL)[0]
    return dict(re.findall(r'^\s+(\d{3})\s+"?(.+?)"?;$', rows, re.MULTILINE))


def words() -> dict[str, tuple[str, str]]:
    """Give nginx' own problems: (slug, title) by status."""
    text = (DEPLOY / "nginx" / "problems.conf").read_text("utf-8")
    slugs, titles = (by_status(name, text) for name in ("fcv_problem", "fcv_title"))
    assert slugs.keys() == titles.keys()
    return {status: (slug, titles[status]) for status, slug in slugs.items()}


def test_the_problems_of_nginx_are_tabled_as_they_are(root: Path) -> None:
    text = (root / "docs" / "api.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d{3}) \| `/problems/([a-z-]+)` \| [\w -]+ \| ([^|]+) \| [^|]+ \|$", text, re.MULTILINE)
    assert {status: (slug, title) for status, slug, title in rows} == words()


def test_a_problem_of_both_has_the_same_status_and_title() -> None:
    common = {status: slug for status, (slug, _) in words().items() if slug in PROBLEMS}
    assert {"bad-request", "not-found", "method-not-allowed", "too-large"} <= set(common.values())
    for status, slug in common.items():
        assert (str(PROBLEMS[slug].status), PROBLEMS[slug].title) == (status, words()[status][1])


@pytest.fixture
def laid_out(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Give the shipped files with the road of the test, and a certificate."""
    lay_out(tmp_path, ["127.0.0.1:8000"], (8443, 8080))
    certify(tmp_path / "certs", "localhost")
    road = tmp_path / "nginx" / "upstream.conf"
    road.unlink()
    road.symlink_to(DEPLOY / "nginx" / request.param)
    return tmp_path


@needs_nginx
@pytest.mark.parametrize("laid_out", ROADS, indirect=True)
def test_nginx_takes_the_files_of_each_road(laid_out: Path) -> None:
    done = subprocess.run(command(laid_out, "-t"), capture_output=True, text=True, check=False)
    assert (done.returncode, "[warn]" in done.stderr) == (0, False), done.stderr


@pytest.mark.skipif(not importlib.util.find_spec("gixy"), reason="gixy is not installed")
@pytest.mark.parametrize("laid_out", ROADS, indirect=True)
def test_gixy_finds_nothing(laid_out: Path) -> None:
    # It wants a name server for every variable in proxy_pass; but on these roads that one names a group of numbers.
    skip = [] if "resolver " in (laid_out / "nginx" / "upstream.conf").read_text() else ["--skips", "missing_resolver"]
    script = "import sys; from gixy.cli.main import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", script, *skip, laid_out / "nginx.conf"], capture_output=True, text=True, check=False
    )
    assert "No issues found." in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
