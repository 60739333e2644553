"""`make demo`: the whole way once. Starts the service, makes a user, signs in, predicts, prints, and stops."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests
from client import Client, show

ROOT = Path(__file__).resolve().parents[1]
ENCOUNTER = ROOT / "examples" / "encounter.json"


def main() -> None:
    """Run the demonstration in a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fcv-demo-") as folder:
        url = f"http://127.0.0.1:{_free_port()}"
        print(f"1. Starting the service on {url}")
        service = _start(url, Path(folder))
        try:
            _wait_until_ready(url, service)
            credentials = {"username": "demo", "password": secrets.token_urlsafe(12)}
            print("2. POST /auth/create_user, POST /auth/token")
            requests.post(f"{url}/auth/create_user", json=credentials, timeout=10).raise_for_status()
            print(f"3. POST /predict with {ENCOUNTER.relative_to(ROOT)}\n")
            show(Client(url, **credentials).predict(json.loads(ENCOUNTER.read_text("utf-8"))))
            model = requests.get(f"{url}/home", timeout=10).json()
            print(f"Model: {model['model_name']}/{model['model_version']}, evidence: {model['evidence']}.")
            if model["evidence"] not in ("retrospective", "prospective"):
                print("It was never validated on real patients: this answer shows the way, and means nothing else.")
        finally:
            service.terminate()
            service.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(url: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start `fcv serve` with nothing of this machine's settings but the model's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FCV_")}
    settings = {
        "FCV_ENV": "development",
        "FCV_REGISTRATION": "open",
        "FCV_BIND": url.removeprefix("http://"),
        "FCV_DATABASE_URL": f"sqlite:///{folder / 'demo.db'}",
        "FCV_LOG_DIR": str(folder),
        "FCV_JWT_SECRET": secrets.token_hex(32),
    }
    with (folder / "output").open("wb") as output:
        command = [str(Path(sys.executable).with_name("fcv")), "serve"]
        return subprocess.Popen(command, env=kept | settings, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT)


def _wait_until_ready(url: str, service: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if service.poll() is not None:
            sys.exit("The service did not start; `.venv/bin/fcv serve` says why.")
        try:
            if requests.get(f"{url}/health/ready", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    sys.exit("The service was not ready within 20 seconds.")


if __name__ == "__main__":
    main()
