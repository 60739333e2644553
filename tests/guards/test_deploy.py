"""What is deployed: image, compose and stack files agree with the settings, with each other, and with what is safe."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from fcv_api import __version__
from fcv_api.serving.watchdog import FROZEN_AFTER
from fcv_api.settings import NAMES, ROOT

COMPOSE, DEVELOPMENT, SWARM = "docker-compose.yml", "docker-compose.dev.yml", "deploy/swarm.yml"
FILES = (COMPOSE, DEVELOPMENT, SWARM)
PRODUCTION = (COMPOSE, SWARM)
MOST_FROZEN = 10
"""Seconds for which a frozen feed may hold SQLite's write lock. It gives its signs of life every second."""
# What a site has in its checkout, and no image may.
PRIVATE = (
    *(".git/config", ".venv/bin/python", ".env", "instance/fcv.db", "instance/jwt_secret", "logs/app.log"),
    *("deploy/secrets/jwt_secret", "deploy/certs/server.key", "deploy/fcv.env", "build/image-check/store"),
    "tests/conftest.py",
)


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / name).read_text("utf-8"))
    return content


def services(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(name)["services"]
    return found


def dockerfile(instruction: str) -> list[str]:
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    return re.findall(rf"^{instruction} +(.+)$", text, re.MULTILINE)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Give the folder that `make secrets` wrote into."""
    script = tmp_path / "secrets.sh"
    script.write_bytes((ROOT / "deploy" / "secrets.sh").read_bytes())
    subprocess.run(["sh", script], check=True, stdout=subprocess.DEVNULL)
    return tmp_path


@pytest.mark.parametrize("name", [*FILES, "Dockerfile", "deploy/secrets.sh"])
def test_every_setting_that_is_named_exists(name: str) -> None:
    told = set(re.findall(r"\bFCV_[A-Z_]+\b", (ROOT / name).read_text("utf-8")))
    assert told, name
    assert told <= set(NAMES)


@pytest.mark.parametrize("name", PRODUCTION)
def test_only_nginx_is_reached_from_outside(name: str) -> None:
    assert {each for each, service in services(name).items() if "ports" in service} == {"nginx"}
    inner = {each for each, network in read(name)["networks"].items() if network.get("internal")}
    for each in ("api", "db", "feed"):
        assert set(services(name)[each]["networks"]) <= inner


def test_development_is_reached_from_its_own_machine_only() -> None:
    assert services(DEVELOPMENT)["api"]["ports"] == ["127.0.0.1:8000:8000"]


@pytest.mark.parametrize("name", FILES)
def test_every_image_has_a_tag_and_ours_the_version_of_the_code(name: str) -> None:
    known = r"[a-z-]+:[\w.-]*\d[\w.-]*(@sha256:[0-9a-f]{64})?|fcv-mlapi:dev|\$\{MLAPI_(?:BACKUP_)?IMAGE:\?.*"
    for image in (service["image"] for service in services(name).values()):
        assert re.fullmatch(known, image), image
        assert "latest" not in image
        assert not image.startswith("fcv-mlapi") or image.endswith((f":{__version__}", ":dev"))


def test_the_base_of_the_image_is_pinned_and_all_stages_are_of_it() -> None:
    assert re.search(r"^ARG BASE=python:3\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?$", _dockerfile(), re.MULTILINE)
    stages = {each.split(" AS ")[1] for each in dockerfile("FROM")}
    assert {each.split(" AS ")[0] for each in dockerfile("FROM")} <= {"${BASE}"} | stages


def test_the_image_runs_as_a_user_with_a_fixed_number_that_is_not_root() -> None:
    assert set(dockerfile("USER")) == {"10001:10001"}
    assert len(dockerfile("USER")) == len(re.findall(r"^FROM runtime AS", _dockerfile(), re.MULTILINE))


@pytest.mark.parametrize("name", PRODUCTION)
def test_every_container_is_read_only_and_has_no_privilege_that_it_does_not_name(name: str) -> None:
    for each, service in services(name).items():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), each
        assert "cap_add" not in service or each in ("nginx", "db")
        assert name == SWARM or service["security_opt"] == ["no-new-privileges:true"]
        limits = service["deploy"]["resources"]["limits"]
        assert "memory" in limits
        assert name == SWARM or float(limits.get("cpus", 1)) <= 1  # Docker refuses more than the host has


@pytest.mark.parametrize("name", PRODUCTION)
def test_the_secrets_are_those_that_make_secrets_writes(name: str, made: Path) -> None:
    written = {file.name for file in (made / "secrets").iterdir()}
    files = {each["file"] for each in read(name)["secrets"].values()}
    assert {Path(file).name for file in files if "certs" not in file} == written
    given = {Path(value).name for key, value in services(name)["api"]["environment"].items() if key.endswith("_FILE")}
    assert given < written


def test_make_secrets_overwrites_nothing(made: Path) -> None:
    before = {file: file.read_bytes() for file in made.rglob("*") if file.is_file()}
    subprocess.run(["sh", made / "secrets.sh"], check=True, stdout=subprocess.DEVNULL)
    assert {file: file.read_bytes() for file in made.rglob("*") if file.is_file()} == before


@pytest.fixture(params=["root", "nobody"] if os.geteuid() == 0 else [pwd.getpwuid(os.geteuid()).pw_name])
def user(request: pytest.FixtureRequest) -> str:
    """Give a user that this process may be: both kinds where it is root."""
    name: str = request.param
    return name


def test_whoever_runs_make_secrets_owns_them_and_another_user_changes_nothing(user: str) -> None:
    with TemporaryDirectory(prefix="fcv-secrets-") as name:
        folder = Path(name)
        (folder / "secrets.sh").write_bytes((ROOT / "deploy" / "secrets.sh").read_bytes())
        shutil.chown(folder, user)
        folder.chmod(0o755)
        subprocess.run(["sh", folder / "secrets.sh"], check=True, stdout=subprocess.DEVNULL, user=user)
        made = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        owners = {each.owner() for each in (folder / "fcv.env", folder / "secrets", *(folder / "secrets").iterdir())}
        if os.geteuid() == 0:
            done = subprocess.run(["sh", folder / "secrets.sh"], check=False, capture_output=True, user="daemon")
            assert done.returncode != 0
        assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == made
    assert owners == {user}


def test_a_container_can_read_the_secrets_and_no_other_user_of_the_host_can(made: Path) -> None:
    assert (made / "secrets").stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in (made / "secrets").iterdir()} == {0o644}
    assert (made / "fcv.env").stat().st_mode & 0o777 == 0o600


def test_the_passwords_fit_each_other_and_are_long(made: Path) -> None:
    texts = {file.name: file.read_text("utf-8").strip() for file in (made / "secrets").iterdir()}
    assert texts.pop("database_url") == f"postgresql+psycopg://fcv:{texts['postgres_password']}@db:5432/fcv"
    assert all(re.fullmatch(r"[\w-]{48}", text) for text in texts.values())
    assert len(set(texts.values())) == len(texts)


@pytest.mark.parametrize("path", PRIVATE)
def test_nothing_private_goes_into_an_image(path: str) -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert rules[0] == "*"  # all but what is named
    named = [rule[1:] for rule in rules if rule[0] == "!"]
    assert not any(path == rule or path.startswith(f"{rule}/") for rule in named)


@pytest.mark.parametrize("path", ["deploy/secrets/jwt_secret", "deploy/certs/server.key", "deploy/fcv.env", "build/x"])
def test_nothing_private_goes_into_the_repository(path: str) -> None:
    assert subprocess.run(["git", "check-ignore", "--quiet", path], cwd=ROOT, check=False).returncode == 0


def mounted_by_nginx() -> list[tuple[str, str]]:
    """Return the files that Compose's nginx is given, and where it sees them."""
    volumes = services(COMPOSE)["nginx"]["volumes"]
    return [
        (each["source"], each["target"]) if isinstance(each, dict) else tuple(each.split(":")[:2]) for each in volumes
    ]


def test_a_certificate_that_was_not_made_is_no_folder_of_its_name() -> None:
    made = [each for each in services(COMPOSE)["nginx"]["volumes"] if "certs" in str(each)]
    assert [each["bind"] for each in made] == [{"create_host_path": False}] * 2


def test_nginx_is_given_every_file_that_its_own_name() -> None:
    shipped = [ROOT / "deploy" / "nginx.conf", *(ROOT / "deploy" / "nginx").glob("*.conf")]
    text = "".join(file.read_text("utf-8") for file in shipped)
    wanted = set(
        re.findall(r"^\s*(?:include|ssl_certificate|ssl_certificate_key) ((?:nginx|certs)/\S+);", text, re.MULTILINE)
    )
    wanted = {f"/etc/nginx/{each}" for each in wanted | {"nginx.conf"}}
    static = "/etc/nginx/site/ward/static"
    assert {target for _, target in mounted_by_nginx()} == wanted | {static}
    nginx = services(SWARM)["nginx"]
    pages = {f"{static}/{file.name}" for file in (ROOT / "fcv_api/web/ward/static").iterdir()}
    assert {each["target"] for each in (*nginx["configs"], *nginx["secrets"])} == wanted | pages


@pytest.mark.parametrize("name", PRODUCTION)
def test_every_file_that_is_mounted_is_shipped_or_made(name: str) -> None:
    folder = (ROOT / name).parent
    named = [each["file"] for kind in ("secrets", "configs") for each in read(name).get(kind, {}).values()]
    named += [source for source, _ in mounted_by_nginx()] if name == COMPOSE else []
    assert named
    shipped = [file for file in named if not re.search(r"(^|/)(secrets|certs)/", file)]
    assert all((folder / file).exists() for file in shipped), shipped


def test_a_container_is_given_time_to_end_what_it_answers() -> None:
    seconds = int(
        re.findall(r"^graceful_timeout = (\d+)", (ROOT / "deploy/gunicorn.conf.py").read_text(), re.MULTILINE)[0]
    )
    for name in PRODUCTION:
        assert int(services(name)["api"]["stop_grace_period"].removesuffix("s")) > seconds


@pytest.mark.parametrize("name", PRODUCTION)
def test_every_road_gives_the_service_and_nginx_the_open_files_that_they_reckon_with(name: str) -> None:
    unit = (ROOT / "deploy" / "fcv-api.service").read_text("utf-8")
    nginx = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    of_service, of_nginx = (int(services(name)[each]["ulimits"]["nofile"]) for each in ("api", "nginx"))
    assert re.findall(r"^LimitNOFILE=(\d+)$", unit, re.MULTILINE) == [str(of_service)]
    assert re.findall(r"^worker_rlimit_nofile (\d+);", nginx, re.MULTILINE) == [str(of_nginx)]


def test_a_new_version_starts_before_the_old_one_ends_and_goes_back_when_it_fails() -> None:
    update = services(SWARM)["api"]["deploy"]["update_config"]
    assert (update["order"], update["failure_action"]) == ("start-first", "rollback")


def _dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text("utf-8")


@pytest.mark.parametrize("name", PRODUCTION)
def test_the_feed_has_the_services_image_settings_and_secrets_and_no_password(name: str) -> None:
    api, feed = (services(name)[each] for each in ("api", "feed"))
    assert (feed["image"], feed["env_file"], feed["volumes"]) == (api["image"], api["env_file"], api["volumes"])
    settings = {key: value for key, value in feed["environment"].items() if key.startswith("FCV_")}
    assert settings.items() <= api["environment"].items()
    assert set(api["environment"]) - set(settings) == {"FCV_ADMIN_PASSWORD_FILE", "FCV_PROXIES"}
    assert {key for key, value in feed["environment"].items() if value == "1"} == {
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
    }
    mounted = {each["source"] if isinstance(each, dict) else each for each in feed["secrets"]}
    assert mounted == {Path(value).name for key, value in settings.items() if key.endswith("_FILE")}


@pytest.mark.parametrize("name", FILES)
def test_a_container_of_the_feed_is_watched_by_its_sign_of_life(name: str) -> None:
    feed = services(name)["feed"]
    command, check = " ".join(feed["command"]), " ".join(feed["healthcheck"]["test"])
    assert "fcv feed run --sign-of-life /tmp/feed" in command
    assert "python -m fcv_api.serving.watchdog /tmp/feed" in check
    assert feed["init"] is True  # nothing in a container can kill its process 1
    assert "/tmp" in feed["tmpfs"]
    assert int(feed["healthcheck"]["interval"].removesuffix("s")) + FROZEN_AFTER + 1 <= MOST_FROZEN


@pytest.mark.parametrize("name", PRODUCTION)
@pytest.mark.parametrize(("setting", "ran"), [("off", "slept"), ("", "slept"), ("on", "scored")])
def test_one_line_in_the_settings_turns_the_feed_on(tmp_path: Path, name: str, setting: str, ran: str) -> None:
    for program, word in (("sleep", "slept"), ("fcv", "scored")):
        file = tmp_path / program
        file.write_text(f"#!/bin/sh\necho {word}\n")
        file.chmod(0o755)
    command = [each.replace("$$", "$") for each in services(name)["feed"]["command"]]
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"} | ({"FCV_FEED": setting} if setting else {})
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert done.stdout.split() == [ran]


def test_the_feed_is_off_until_somebody_turns_it_on(made: Path) -> None:
    assert "#FCV_FEED=on" in (made / "fcv.env").read_text("utf-8").splitlines()
    assert re.search(r"^    FCV_FEED=off$", _dockerfile(), re.MULTILINE)
    assert not any("FCV_FEED" in services(name)[each]["environment"] for name in PRODUCTION for each in ("api", "feed"))


def test_swarm_runs_one_feed_a_node_and_compose_one_a_host() -> None:
    assert services(SWARM)["feed"]["deploy"]["mode"] == "global"
    assert "replicas" not in services(COMPOSE)["feed"]["deploy"]


@pytest.mark.parametrize("name", PRODUCTION)
def test_backups_are_kept_by_retention_and_proven_with_the_programs_of_the_databases_version(name: str) -> None:
    service, database = services(name)["backup"], services(name)["db"]["image"]
    assert "fcv db backup --keep 14 && fcv db restore --check" in service["entrypoint"][-1]
    assert f"backups:{service['environment']['FCV_BACKUP_DIR']}" in service["volumes"]
    assert "backups" in read(name)["volumes"]
    version = re.match(r"postgres:(\d+)", database)
    assert version
    assert f"postgresql-client-{version[1]}" in _dockerfile()
