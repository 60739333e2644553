"""Health: the truth, for old clients, for containers and for load balancers."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import pytest
from flask import Flask
from flask.testing import FlaskClient
from migrated import migrate
from recorded import PREDICTION, append
from sqlalchemy import text

from fcv_api import __version__
from fcv_api.app import create_app
from fcv_api.domain.errors import NoModel
from fcv_api.domain.prediction import ModelIdentity, Scorer
from fcv_api.extensions import db, write_transaction
from fcv_api.ledger.record import utc_text
from fcv_api.lstm.registry import Registry
from fcv_api.settings import ROOT, Settings

OFF = pytest.mark.parametrize("settings", [{"FEED": "off"}], indirect=True, ids=["feed off"])
PATHS = ("/home", "/health/live", "/health/ready")


@dataclass
class FakeModels:
    """Models that can be lost, or stop to compute what they did, while they serve."""

    model: Scorer | None
    reason: str = ""

    def active(self) -> Scorer:
        """Give the model, where there is one."""
        if self.model is None:
            raise NoModel("There is no model.")
        return self.model

    def at(self, model: ModelIdentity) -> Scorer:
        """Give the model, whichever is asked for."""
        assert model
        return self.active()

    def verify(self) -> None:
        """Find out what is wrong with it."""
        if self.active() and self.reason:
            raise NoModel(self.reason)

    def problem(self) -> str:
        """Find nothing else wrong."""
        return ""

    manifest = active


@pytest.fixture
def models() -> FakeModels:
    """Give the shipped model, to spoil."""
    return FakeModels(Registry(ROOT / "models").load(None))


@pytest.fixture
def served(settings: Settings, models: FakeModels) -> FlaskClient:
    """Serve models that a test spoils."""
    migrate(settings)
    return create_app(settings, models).test_client()


@pytest.fixture
def damaged(served: FlaskClient, models: FakeModels) -> FlaskClient:
    """Serve a model that does not verify."""
    models.reason = "It differs from its golden window 2."
    return served


@pytest.fixture
def empty(served: FlaskClient, models: FakeModels) -> FlaskClient:
    """Serve no model."""
    models.model = None
    return served


@OFF
def test_a_service_that_works_says_so(http: FlaskClient) -> None:
    assert [http.get(path).status_code for path in PATHS] == [200, 200, 200]
    assert http.get("/health/live").get_json() == {"status": "ok"}
    ready = http.get("/health/ready").get_json()
    assert ready["status"] == "ok"
    assert ready["checks"].keys() >= {"model", "database"}
    assert {check["status"] for check in ready["checks"].values()} == {"ok"}


@OFF
def test_home_names_the_model_as_old_clients_read_it(http: FlaskClient) -> None:
    home = http.get("/home").get_json()
    assert (home["health_check"], home["model_version"], home["model_name"]) == ("OK", "2.0.0", "fcv-sim")
    assert (home["evidence"], home["trained_on"]) == ("unvalidated", "simulated")
    assert (home["service_version"], len(home["model_sha256"])) == (__version__, 64)
    assert "not healthy" in home["note"]


def test_a_model_that_does_not_verify_is_not_ready(damaged: FlaskClient) -> None:
    response = damaged.get("/health/ready")
    ready = response.get_json()
    assert (response.status_code, ready["status"], response.headers["Retry-After"]) == (503, "not ready", "5")
    assert (ready["checks"]["model"]["status"], ready["checks"]["database"]["status"]) == ("failed", "ok")
    assert "golden window 2" in ready["checks"]["model"]["detail"]
    assert "restart" in ready["checks"]["model"]["detail"]


def test_home_says_not_ready_and_which_model(damaged: FlaskClient) -> None:
    response = damaged.get("/home")
    assert response.status_code == 200
    assert (response.get_json()["health_check"], response.get_json()["model_version"]) == ("NOT READY", "2.0.0")


def test_no_model_is_not_ready_and_has_no_name(empty: FlaskClient) -> None:
    home = empty.get("/home").get_json()
    assert (home["health_check"], home["model_version"], home["model_sha256"]) == ("NOT READY", None, None)
    assert empty.get("/health/ready").status_code == 503
    assert empty.get("/health/live").status_code == 200


def test_no_model_predicts_nothing_and_is_described_by_nobody(
    empty: FlaskClient, token: dict[str, str], encounter: dict[str, object]
) -> None:
    for response in (empty.post("/predict", json=encounter, headers=token), empty.get("/model", headers=token)):
        assert (response.status_code, response.get_json()["type"]) == (503, "/problems/no-model")
        assert response.headers["Retry-After"] == "5"


def not_writable(client: FlaskClient, advice: str = "fcv db upgrade") -> None:
    response = client.get("/health/ready")
    ready = response.get_json()
    assert (response.status_code, ready["status"]) == (503, "not ready")
    assert ready["checks"]["database"]["status"] == "failed"
    assert advice in ready["checks"]["database"]["detail"]
    assert client.get("/home").get_json()["health_check"] == "NOT READY"
    assert client.get("/health/live").status_code == 200


def test_a_database_that_was_never_migrated_is_not_ready(settings: Settings) -> None:
    not_writable(create_app(settings).test_client())


def test_a_database_without_its_table_is_not_ready(http: FlaskClient) -> None:
    with write_transaction() as session:
        session.execute(text("DROP TABLE users"))
    not_writable(http)


def test_a_database_that_is_away_is_not_ready(http: FlaskClient, tmp_path: Path) -> None:
    db.engine.dispose()
    for file in tmp_path.glob("fcv.db*"):
        file.unlink()
    (tmp_path / "fcv.db").mkdir()
    not_writable(http, "fcv db restore")


@pytest.fixture
def read_only(app: Flask, make_settings: Callable[..., Settings], tmp_path: Path) -> Iterator[FlaskClient]:
    """Serve a database that may be read and not written."""
    with app.app_context():
        db.engine.dispose()
    url = f"sqlite:///file:{tmp_path / 'fcv.db'}?mode=ro&uri=true"
    other = create_app(make_settings(DATABASE_URL=url))
    with other.app_context():
        yield other.test_client()


def test_a_database_that_is_read_only_is_not_ready(read_only: FlaskClient) -> None:
    not_writable(read_only)


@contextmanager
def room_for(pages: int, database: Path) -> Iterator[None]:
    """Let no file of this process grow beyond the log of the database and so many pages, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = database.with_name(f"{database.name}-wal").stat().st_size + pages * 4120
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("pages", [0, 1, 2, 4, 7])
def test_a_disk_without_room_for_a_prediction_is_not_ready_and_with_room_it_is_again(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, object], tmp_path: Path, pages: int
) -> None:
    for _ in range(3):
        assert http.post("/predict", json=encounter, headers=token).status_code == 200
    with room_for(pages, tmp_path / "fcv.db"):
        not_writable(http)
        assert "room on its disk" in http.get("/health/ready").get_json()["checks"]["database"]["detail"]
    assert http.get("/health/ready").status_code == 200
    assert http.post("/predict", json=encounter, headers=token).status_code == 200


def test_a_disk_that_is_said_to_have_room_has_it_for_a_prediction(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, object], tmp_path: Path
) -> None:
    assert http.post("/predict", json=encounter, headers=token).status_code == 200
    for pages in range(100):
        with room_for(pages, tmp_path / "fcv.db"):
            if http.get("/health/ready").status_code == 200:
                assert http.post("/predict", json=encounter, headers=token).status_code == 200
                return
    raise AssertionError("there is never room")


def test_a_model_that_computes_again_is_ready_again(damaged: FlaskClient, models: FakeModels) -> None:
    assert damaged.get("/health/ready").status_code == 503
    models.reason = ""
    assert damaged.get("/health/ready").status_code == 200


def test_asking_for_readiness_changes_nothing(http: FlaskClient, token: dict[str, str]) -> None:
    http.get("/health/ready")
    assert http.get("/", headers=token).get_json() == {"User": {"username": "ana", "id": 1}}


def test_a_record_from_the_future_is_told_and_keeps_nobody_from_being_ready(http: FlaskClient) -> None:
    append([PREDICTION], 0.0)
    assert http.get("/health/ready").get_json()["checks"]["clock"]["status"] == "ok"
    with write_transaction() as session:
        session.execute(text("UPDATE predictions SET at = '2999-01-01T00:00:00.000000Z'"))
    response = http.get("/health/ready")
    check = response.get_json()["checks"]["clock"]
    assert (response.status_code, check["status"]) == (200, "degraded")
    assert "the newest record is of 2999-01-01 00:00:00 UTC" in check["detail"]


def test_windows_of_another_hour_are_told_as_a_wrong_time_zone(http: FlaskClient) -> None:
    last = utc_text(datetime.now(UTC) + timedelta(hours=5))
    append([PREDICTION._replace(window_last=last)], perf_counter())
    check = http.get("/health/ready").get_json()["checks"]["clock"]
    assert check["status"] == "degraded"
    assert "are 5.0 hours ahead: the time zone is probably wrong" in check["detail"]


def test_a_degraded_check_is_ready_all_the_same(http: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    slower = {"status": "degraded", "detail": "An activation failed."}
    monkeypatch.setattr("fcv_api.web.health.check_model", lambda: slower)
    response = http.get("/health/ready")
    assert (response.status_code, response.get_json()["status"]) == (200, "degraded")
    assert http.get("/home").get_json()["health_check"] == "DEGRADED"


def test_the_model_that_serves_is_verified_by_its_golden_windows() -> None:
    model = Registry(ROOT / "models").load(None)
    model.verify()
    model.manifest.golden[0].outputs[0] += 0.01
    with pytest.raises(NoModel, match="golden window 0"):
        model.verify()
