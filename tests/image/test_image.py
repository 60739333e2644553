"""The images, run as docker-compose.yml runs them: by `make image-check`, which builds them first."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import requests
from conftest import FIXTURES
from container import HARDENED, USER, Container, described, image, podman, serving, succeed
from postgres import cluster, new_database
from proxied import proxied
from service import Service, free_port

from fcv_api.settings import ROOT

MEGABYTES = 350
SECRET = "0123456789abcdef" * 4
PASSWORD = "correct horse battery"
HEAVY = ("tensorflow", "keras", "tf_keras", "pandas", "scipy", "matplotlib", "pip", "setuptools")
PROGRAMS = ("gcc", "cc", "g++", "clang", "make", "curl", "git")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a site's secrets, models' folder and logs, whose modes are those of a real one."""
    place = tmp_path_factory.mktemp("site")
    for folder in ("models", "logs"):
        (place / folder).mkdir(mode=0o750)
        shutil.chown(place / folder, USER, USER)
    (place / "secrets").mkdir(mode=0o700)
    for name, content in (("jwt_secret", SECRET), ("admin_password", PASSWORD)):
        (place / "secrets" / name).write_text(f"{content}\n", "utf-8")
    return place


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """Give the URL of a PostgreSQL database, through a socket: a container has no way to this machine's 127.0.0.1."""
    with cluster() as server:
        yield new_database(server.url)


@pytest.fixture(scope="module")
def options(place: Path, database: str) -> list[str]:
    """Give what docker-compose.yml gives the service."""
    port, name = database.rpartition(":")[2].split("/")
    sockets = next(each for each in Path("/tmp").glob("fcv-postgres-*") if (each / f".s.PGSQL.{port}").exists())
    sockets.chmod(0o711)
    url = f"postgresql+psycopg://fcv@/{name}?host=/run/postgresql&port={port}\n"
    (place / "secrets" / "database_url").write_text(url, "utf-8")
    settings = {
        "DATABASE_URL_FILE": "/run/secrets/database_url",
        "JWT_SECRET_FILE": "/run/secrets/jwt_secret",
        "ADMIN_USERNAME": "admin",
        "ADMIN_PASSWORD_FILE": "/run/secrets/admin_password",
        "TIMEZONE": "America/Bogota",
        "ALLOW_UNVALIDATED_MODEL": "1",
        "PROXIES": "1",
    }
    mounts = {
        **{f"{file}": f"/run/secrets/{file.name}:ro" for file in (place / "secrets").iterdir()},
        f"{place}/models": "/var/lib/fcv/models",
        f"{place}/logs": "/var/log/fcv",
        f"{sockets}": "/run/postgresql",
    }
    return [
        *(f"--env=FCV_{name}={value}" for name, value in settings.items()),
        *(f"--volume={source}:{target}" for source, target in mounts.items()),
        *("--memory=3g", "--pids-limit=256"),
    ]


@pytest.fixture(scope="module")
def service(options: list[str]) -> Iterator[Container]:
    """Give the service, in a container."""
    with serving(free_port(), *options) as container:
        yield container


def test_the_image_has_at_most_350_mb() -> None:
    size = described("fcv-mlapi")["Size"] / 1e6
    print(f"\nfcv-mlapi: {size:.0f} MB; fcv-mlapi-importer: {described('fcv-mlapi-importer')['Size'] / 1e6:.0f} MB")
    assert size <= MEGABYTES


def test_the_image_has_no_compiler_no_tensorflow_and_no_installer() -> None:
    look = (
        f"import importlib.util as u, shutil; "
        f"print([n for n in {HEAVY!r} if u.find_spec(n)] + [p for p in {PROGRAMS!r} if shutil.which(p)])"
    )
    assert succeed("run", "--rm", *HARDENED, image("fcv-mlapi"), "python", "-c", look).strip() == "[]"


def test_what_must_stay_out_of_an_image_is_not_in_it() -> None:
    """The checkout that it was built from had secrets, certificates and logs, if the site's had."""
    assert set(succeed("run", "--rm", *HARDENED, image("fcv-mlapi"), "ls", "-A").split()) == {
        *("LICENSE", "README.md", "constraints.txt", "pyproject.toml", "wsgi.py", "__pycache__"),
        *("build", "deploy", "examples", "fcv_api", "instance", "migrations", "models"),
    }
    inner = succeed("run", "--rm", *HARDENED, image("fcv-mlapi"), "ls", "-A", "deploy", "examples", "instance")
    locks = ("requirements-importer.txt", "requirements.txt")
    assert inner.split() == ["deploy:", "gunicorn.conf.py", *locks, "examples:", "encounter.json", "instance:"]


def test_the_guide_is_in_the_image_in_both_languages() -> None:
    inner = succeed(
        "run", "--rm", *HARDENED, image("fcv-mlapi"), "ls", "build/guide/index.html", "build/guide/es/index.html"
    )
    assert inner.split() == ["build/guide/index.html", "build/guide/es/index.html"]


def test_it_runs_as_nobody_else_and_can_write_nowhere_but_where_it_must(service: Container) -> None:
    assert service.run("id", "-u").stdout.strip() == str(USER)
    places = "/opt/fcv /opt/venv / /etc /var/lib/fcv /opt/fcv/instance /run"
    for each in places.split():
        assert "Read-only file system" in service.run("touch", f"{each}/x").stderr, each
    for each in ("/tmp", "/dev/shm", "/var/log/fcv", "/var/lib/fcv/models"):
        assert service.run("touch", f"{each}/x").returncode == 0, each


def test_its_first_process_is_gunicorn_without_any_privilege(service: Container) -> None:
    assert "gunicorn" in service.run("cat", "/proc/1/cmdline").stdout
    status = dict(line.split(":\t", 1) for line in service.run("cat", "/proc/1/status").stdout.splitlines())
    assert (int(status["CapEff"], 16), int(status["CapBnd"], 16), status["NoNewPrivs"]) == (0, 0, "1")


def test_it_is_live_and_ready(service: Container) -> None:
    assert requests.get(f"{service.url}/health/live", timeout=10).status_code == 200
    ready = requests.get(f"{service.url}/health/ready", timeout=10)
    assert (ready.status_code, ready.json()["status"]) == (200, "ok"), ready.text


def test_the_images_healthcheck_passes_where_the_service_answers_and_nowhere_else(service: Container) -> None:
    kind, *command = described("fcv-mlapi")["Healthcheck"]["Test"]
    assert kind == "CMD"
    assert service.run(*command).returncode == 0
    assert podman("run", "--rm", *HARDENED, image("fcv-mlapi"), *command).returncode != 0


def test_an_imported_model_answers_the_golden_encounters_as_keras_did(
    service: Container, place: Path, expected: dict[str, Any]
) -> None:
    """The importer reads a file of Keras 2 without a network, and the running service takes up what it wrote."""
    print("\n" + _import(place, "lstm_relu_keras2.h5"))
    done = service.run("fcv", "model", "activate", "LSTM/1.0.0", "--reason", "image-check")
    assert "2 workers serve it." in done.stdout, done.stderr
    token = service.sign_in("admin", PASSWORD)
    for number in (5501, 5502):
        answer = _predict(service.url, token, number)
        wanted = expected[f"encounter_{number}"]["lstm_relu_keras2"]
        assert [*answer.json()["inferences"].values()] == pytest.approx(wanted, abs=1e-5), answer.text
        assert answer.headers["FCV-Model"] == "LSTM/1.0.0"


def test_nginx_of_deploy_passes_requests_on_to_it(service: Container, tmp_path: Path) -> None:
    with proxied(tmp_path / "nginx", cast("Service", service)) as proxy:  # only its address is asked for
        token = service.sign_in("admin", PASSWORD)
        answer = requests.post(
            f"{proxy.url}/predict",
            headers=token | {"Content-Type": "application/json"},
            data=(FIXTURES / "encounter_5501.json").read_bytes(),
            verify=str(proxy.ca),
            timeout=10,
        )
    assert (answer.status_code, answer.json()["idAtencion"]) == (200, 5501)


def test_the_log_is_rotated_in_the_container(service: Container, place: Path) -> None:
    service.run("sh", "-c", "mv /var/log/fcv/app.log /var/log/fcv/app.log.1")
    requests.get(f"{service.url}/home", timeout=10)
    assert "'url': '/home'" in (place / "logs" / "app.log").read_text("utf-8")


def test_it_ends_in_good_order_on_sigterm(options: list[str]) -> None:
    with serving(free_port(), *options) as container:
        begin = time.monotonic()
        succeed("stop", "--time", "40", container.name)
        seconds = time.monotonic() - begin
        assert succeed("inspect", "--format", "{{.State.ExitCode}}", container.name).strip() == "0"
    print(f"\nstopped in {seconds:.1f} s")
    assert seconds < 10


def test_without_its_settings_it_says_in_a_sentence_what_is_missing(place: Path) -> None:
    done = podman("run", "--rm", *HARDENED, image("fcv-mlapi"))
    assert done.returncode == 1
    assert done.stderr.startswith("Error: FCV_JWT_SECRET or FCV_JWT_SECRET_FILE must be set in production"), done.stderr
    assert place.exists()


def test_an_edited_file_of_a_mounted_source_is_served_without_a_new_image(tmp_path: Path) -> None:
    """As docker-compose.dev.yml mounts it, and starts it."""
    source = shutil.copytree(ROOT / "fcv_api", tmp_path / "fcv_api")
    volumes = [f"--volume={source}:/opt/fcv/fcv_api:ro"]
    writable = [f"--volume={each}" for each in ("/opt/fcv/instance", "/var/log/fcv")]
    command = [image("fcv-mlapi"), "fcv", "serve", "--reload"]
    with serving(free_port(), *volumes, *writable, "--env=FCV_ENV=development", command=command) as container:
        words = source / "web" / "openapi.py"
        words.write_text(f"{words.read_text('utf-8')}\nDESCRIPTION = 'Edited.'\n", "utf-8")
        deadline = time.monotonic() + 20
        while _description(container) != "Edited." and time.monotonic() < deadline:
            time.sleep(0.5)
            words.touch()  # gunicorn may have looked for the first time after the edit
        assert _description(container) == "Edited."


def _description(container: Container) -> str:
    try:
        return str(requests.get(f"{container.url}/openapi.json", timeout=10).json()["info"]["description"])
    except requests.RequestException:
        return "starting again"


def _import(place: Path, file: str) -> str:
    source = place / "import"
    source.mkdir()
    shutil.copy(FIXTURES / file, source / "LSTM--1.0.0.h5")
    return succeed(
        *("run", "--rm", "--network", "none", *HARDENED),
        *(f"--volume={source}:/import:ro", f"--volume={place}/models:/var/lib/fcv/models", "--memory=6g"),
        *("--env=FCV_JWT_SECRET_FILE=/proc/sys/kernel/random/uuid", "--env=FCV_TIMEZONE=America/Bogota"),
        *(image("fcv-mlapi-importer"), "model", "import", "/import/LSTM--1.0.0.h5"),
    )


def _predict(url: str, token: dict[str, str], number: int) -> requests.Response:
    body = (FIXTURES / f"encounter_{number}.json").read_bytes()
    return requests.post(f"{url}/predict", body, headers=token | {"Content-Type": "application/json"}, timeout=10)
