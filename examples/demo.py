"""`make demo`: the whole way once. Starts the service, predicts, feeds a bed row by row, and shows its score."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import requests
from client import Client, show

ROOT = Path(__file__).resolve().parents[1]
FCV = str(Path(sys.executable).with_name("fcv"))
MINUTES = 120
"""A window has 100, up to the newest slot that is due."""
SECONDS_TO_START = 180
SECONDS_TO_SAY_SO = 8
"""After which it says why one waits."""
ENCOUNTER = ROOT / "examples" / "encounter.json"


def main() -> None:
    """Run the demonstration in a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fcv-demo-") as folder:
        url = f"http://127.0.0.1:{_free_port()}"
        settings = _settings(url, Path(folder))
        print(f"1. Starting the service on {url}", flush=True)
        service = _start(settings)
        try:
            _wait_until_ready(url, service, Path(folder) / "output")
            credentials = {"username": "demo", "password": secrets.token_urlsafe(12)}
            _predict(url, credentials)
            _feed(url, credentials, settings)
        finally:
            service.terminate()
            service.wait(timeout=30)


def _predict(url: str, credentials: Mapping[str, str]) -> None:
    """Send the whole history of an encounter, and print the answer."""
    print("2. POST /auth/create_user, POST /auth/token")
    requests.post(f"{url}/auth/create_user", json=credentials, timeout=10).raise_for_status()
    print(f"3. POST /predict with {ENCOUNTER.relative_to(ROOT)}\n")
    show(Client(url, **credentials).predict(json.loads(ENCOUNTER.read_text("utf-8"))))
    model = requests.get(f"{url}/home", timeout=10).json()
    print(f"Model: {model['model_name']}/{model['model_version']}, evidence: {model['evidence']}.")
    if model["evidence"] not in ("retrospective", "prospective"):
        print("It was never validated on real patients: this answer shows the way, and means nothing else.")


def _feed(url: str, credentials: Mapping[str, str], settings: dict[str, str]) -> None:
    """Send single rows of a simulated bed, as monitors would, have it scored, and print its line of /beds."""
    print(f"\n4. POST /observations: {MINUTES} minutes of a simulated bed, 13 rows a minute")
    account = {"MLAPI_USER": credentials["username"], "MLAPI_PASSWORD": credentials["password"]}
    fed = ("simulate", "--feed", url, "--minutes", str(MINUTES), "--speed", "1000000", "--json")
    answered = json.loads(_fcv(settings | account, *fed))
    errors = f"{answered['errors']} error{'' if answered['errors'] == 1 else 's'}"
    print(f"   {answered['posts']} posts, {answered['rows']} rows: {answered['new']} new, {errors}")
    print("5. fcv feed run --once: the newest slot of five minutes that is due")
    print(f"   {_fcv(settings, 'feed', 'run', '--once').splitlines()[-1]}")
    print("6. GET /beds, as an account that may read it\n")
    reader = {"username": "ward", "password": Path(settings["FCV_ADMIN_PASSWORD_FILE"]).read_text("utf-8")}
    token = requests.post(f"{url}/auth/token", json=reader, timeout=10).json()["access_token"]
    (bed,) = requests.get(f"{url}/beds", headers={"Authorization": f"Bearer {token}"}, timeout=10).json()["beds"]
    if bed["last"] is None:
        sys.exit(f"Bed {bed['bed']} was not scored: {bed['status']}, {bed['reason']}.")
    print(f"Bed {bed['bed']}, {bed['status']}: the slot that ended {bed['last']['age_seconds']} s ago")
    show({"idAtencion": bed["encounter"], **bed["last"]})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _settings(url: str, folder: Path) -> dict[str, str]:
    """Return an environment with nothing of this machine's settings but the model's.

    FCV_FEED is on, and not child: a turn that ran by itself while the rows come would find the bed half told.
    """
    password = folder / "password"
    password.write_text(secrets.token_urlsafe(12), "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FCV_")}
    return kept | {
        "FCV_ENV": "development",
        "FCV_REGISTRATION": "open",
        "FCV_BIND": url.removeprefix("http://"),
        "FCV_DATABASE_URL": f"sqlite:///{folder / 'demo.db'}",
        "FCV_LOG_DIR": str(folder),
        "FCV_JWT_SECRET": secrets.token_hex(32),
        "FCV_ADMIN_USERNAME": "ward",
        "FCV_ADMIN_PASSWORD_FILE": str(password),
        "FCV_FEED": "on",
    }


def _start(settings: dict[str, str]) -> subprocess.Popen[bytes]:
    with (Path(settings["FCV_LOG_DIR"]) / "output").open("wb") as output:
        return subprocess.Popen([FCV, "serve"], env=settings, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT)


def _fcv(settings: dict[str, str], *words: str) -> str:
    """Run a command to its end, and return what it prints."""
    done = subprocess.run([FCV, *words], env=settings, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        sys.exit(f"fcv {' '.join(words)} failed: {done.stderr}")
    return done.stdout


def _wait_until_ready(url: str, service: subprocess.Popen[bytes], output: Path) -> None:
    """Return when it answers that it is ready. The first start is the slowest: Python compiles what was installed."""
    begun, patient = time.monotonic(), False
    while service.poll() is None and (waited := time.monotonic() - begun) < SECONDS_TO_START:
        try:
            if requests.get(f"{url}/health/ready", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        if waited > SECONDS_TO_SAY_SO and not patient:
            patient = True
            print("   The first start takes longer than later ones: up to two minutes on a busy machine.", flush=True)
        time.sleep(0.1)
    ended = f"within {SECONDS_TO_START} seconds" if service.poll() is None else "at all"
    printed = "\n".join(output.read_text("utf-8", "replace").splitlines()[-15:])
    sys.exit(f"The service did not start {ended}. The last lines that it printed:\n{printed or '(none)'}")


if __name__ == "__main__":
    main()
