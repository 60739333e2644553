"""One model for all workers: read once, by the master, before the fork."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
import requests
from service import Service, commanded

from fcv_api.settings import ROOT
from fcv_api.wire.example import example_request

# Python imports this by itself at its start; the hook sees every `open` of a process, and its children inherit it.
WATCH = """
import os, sys
def note(event, arguments):
    if event == "open" and str(arguments[0]).endswith("model.tflite"):
        program = "gunicorn" if "gunicorn" in sys.orig_argv else "fcv"
        out = os.open({file!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(out, f"{{program}} {{os.getpid()}}\\n".encode())
        os.close(out)
sys.addaudithook(note)
"""


def predicts(service: Service, token: dict[str, str]) -> bool:
    answer = requests.post(f"{service.url}/predict", json=example_request(), headers=token, timeout=10)
    return answer.status_code == 200


def test_the_model_is_read_once_before_the_fork_and_may_then_be_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = tmp_path / "opened"
    (tmp_path / "sitecustomize.py").write_text(WATCH.format(file=str(opened)))
    shutil.copytree(ROOT / "models", tmp_path / "models")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    with commanded(tmp_path, MODELS_DIR=str(tmp_path / "models"), WORKERS="3") as service:
        token = service.sign_in()
        assert opened.read_text().splitlines() == [f"fcv {service.master.pid}", f"gunicorn {service.master.pid}"]
        shutil.rmtree(tmp_path / "models")
        assert all(predicts(service, token) for _ in range(30))
        replace_all_workers(service)
        assert all(predicts(service, token) for _ in range(30))
        assert opened.read_text().count("gunicorn") == 1


def replace_all_workers(service: Service) -> None:
    """Kill every worker, and wait for as many that are new: they have nothing but the master's memory."""
    old = service.workers()
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if len(service.workers()) == len(old) and set(old).isdisjoint(service.workers()):
            return
        time.sleep(0.05)
    raise AssertionError(service.workers())
