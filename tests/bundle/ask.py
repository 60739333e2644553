"""Serve what was installed, and ask for the golden encounters: what Keras gave must come out. Needs Python alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

URL = "http://127.0.0.1:8000"
TOLERANCE = 1e-5


def ask(path: str, body: object = None, token: str = "") -> dict[str, Any]:
    """Ask the service."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers), timeout=30) as answer:
        text = answer.read()
    found: dict[str, Any] = json.loads(text) if text else {}
    return found


def wait() -> None:
    """Wait for the first answer."""
    for _ in range(300):
        try:
            ask("/health/ready")
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The service does not answer.")


def main() -> None:
    """Migrate, serve, sign in, and compare."""
    folder = Path(sys.argv[1])
    fcv, fixtures = folder / ".venv" / "bin" / "fcv", folder / "tests" / "fixtures"
    own = {
        "FCV_MODELS_DIR": str(fixtures / "models"),
        "FCV_MODEL": "fcv-untrained",
        "FCV_TIMEZONE": "America/Bogota",
        "FCV_STALE_MINUTES": "0",
    }
    environment = os.environ | own
    subprocess.run([fcv, "db", "upgrade"], check=True, env=environment)
    with subprocess.Popen([fcv, "serve"], env=environment, stdout=subprocess.DEVNULL) as service:
        try:
            wait()
            compare(fixtures)
            wait_for_feed()
        finally:
            service.terminate()


def wait_for_feed() -> None:
    """Wait until the feed reports, which the service started by itself."""
    for _ in range(600):
        check = ask("/health/ready")["checks"]["feed"]
        if check["status"] == "ok":
            print(f"The feed: {check['detail']}")
            return
        time.sleep(0.1)
    raise SystemExit(f"The feed: {check['detail']}")


def compare(fixtures: Path) -> None:
    """Compare the answers with what Keras gave."""
    account = {"username": "ana", "password": "a long passphrase"}
    ask("/auth/create_user", account)
    token = ask("/auth/token", account)["access_token"]
    expected = json.loads((fixtures / "expected.json").read_bytes())
    for name in ("encounter_5501", "encounter_5502"):
        answer = ask("/predict", json.loads((fixtures / f"{name}.json").read_bytes()), token)
        wanted = expected[name]["lstm_relu_keras2"]
        pairs = zip(answer["inferences"].values(), wanted, strict=True)
        largest = max(abs(got - each) for got, each in pairs)
        print(f"{name}: {answer['State']}, differs from Keras by at most {largest:.1e}")
        if not largest < TOLERANCE:
            raise SystemExit(1)


main()
