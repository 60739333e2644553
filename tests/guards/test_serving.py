"""A serving process: what it must not load, and how gunicorn is set."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import MakeSettings
from gunicorn.workers import base
from gunicorn.workers.gthread import ThreadWorker

from fcv_api.serving.concurrency_limit import WAITING
from fcv_api.serving.descriptors import MOST_LINGERING, OF_A_THREAD
from fcv_api.serving.sign_of_life import SignOfLife
from fcv_api.settings import ROOT

LARGEST_LIMIT = 8192
"""Open files, as the unit and the compose files give them; `test_deploy.py` compares those."""

HEAVY = (
    "tensorflow",
    "keras",
    "tf_keras",
    "pandas",
    "pyarrow",
    "sklearn",
    "scipy",
    "matplotlib",
    "h5py",
    "tqdm",
    "duckdb",
    "distributed",
)


@pytest.fixture
def gunicorn_settings(make_settings: MakeSettings, root: Path) -> dict[str, object]:
    """Give what `deploy/gunicorn.conf.py` sets."""
    make_settings(WORKERS="3", THREADS="5")
    return runpy.run_path(str(root / "deploy" / "gunicorn.conf.py"))


def test_a_serving_process_loads_neither_tensorflow_nor_pandas(make_settings: MakeSettings, root: Path) -> None:
    make_settings()
    served = "wsgi, fcv_api.cli.feed_run, fcv_api.cli.serve"
    look = f"import sys, {served}; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", look], cwd=root, capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[]"


def test_the_model_is_loaded_once_before_the_fork(gunicorn_settings: dict[str, object]) -> None:
    assert gunicorn_settings["preload_app"] is True
    assert issubclass(gunicorn_settings["worker_class"], ThreadWorker)  # type: ignore[arg-type]
    assert (gunicorn_settings["workers"], gunicorn_settings["threads"]) == (3, 5 + WAITING)


def test_passwords_learn_which_processors_there_are_before_the_fork(make_settings: MakeSettings, root: Path) -> None:
    make_settings()
    look = "import runpy, sys; runpy.run_path('deploy/gunicorn.conf.py'); print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", look], cwd=root, capture_output=True, text=True, check=True)
    assert "fcv_api.accounts.passwords" in found.stdout.split()


def test_gunicorn_opens_no_control_socket_and_writes_no_log_of_its_own(gunicorn_settings: dict[str, object]) -> None:
    assert gunicorn_settings["control_socket_disable"] is True
    assert gunicorn_settings["accesslog"] is None


def test_a_workers_sign_of_life_is_kept_in_memory(gunicorn_settings: dict[str, object]) -> None:
    """On a disk that hangs, gunicorn would take every worker for dead."""
    assert gunicorn_settings
    assert base.WorkerTmp is SignOfLife


def test_workers_are_replaced_after_many_requests_and_not_all_at_one_moment(
    gunicorn_settings: dict[str, object],
) -> None:
    assert gunicorn_settings["max_requests"] == 5 * gunicorn_settings["max_requests_jitter"] > 0  # type: ignore[operator]


def test_numpy_starts_no_threads_before_the_fork(gunicorn_settings: dict[str, object]) -> None:
    assert gunicorn_settings
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"


def test_a_worker_takes_all_its_connections_where_the_open_files_are_as_deployed(
    gunicorn_settings: dict[str, object],
) -> None:
    connections, threads = gunicorn_settings["worker_connections"], gunicorn_settings["threads"]
    assert (connections, threads) == (1000, 5 + WAITING)
    assert MOST_LINGERING + 1000 + OF_A_THREAD * (64 + WAITING) < LARGEST_LIMIT  # FCV_THREADS is 64 at most


@pytest.mark.parametrize(
    ("feed", "metrics", "looked_after"),
    [("child", "", ["feed"]), ("on", "", []), ("off", "", []), ("child", "[::1]:9470", ["feed", "metrics"])],
)
def test_the_master_has_the_feed_and_the_metrics_as_its_children_where_it_is_told_so(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, feed: str, metrics: str, looked_after: list[str]
) -> None:
    make_settings(FEED=feed, METRICS_BIND=metrics)
    hooks = runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))
    given: list[str] = []
    fakes: dict[str, object] = {
        "look_after": lambda _server, child: given.append(child),
        "ChildProcess": lambda name, *_given: name,
        "SignOfLife": lambda _cfg: None,
        "slots": SimpleNamespace(prepare=lambda _folder: None),
    }
    for name, fake in fakes.items():
        monkeypatch.setitem(hooks["when_ready"].__globals__, name, fake)
    hooks["when_ready"](SimpleNamespace(cfg=None))
    assert given == looked_after


def test_the_programs_beside_the_workers_are_ended_with_the_master(make_settings: MakeSettings, root: Path) -> None:
    make_settings()
    hooks, ended = runpy.run_path(str(root / "deploy" / "gunicorn.conf.py")), []
    hooks["on_exit"](SimpleNamespace(children=[SimpleNamespace(stop=lambda: ended.append(True))] * 2))
    assert ended == [True, True]
