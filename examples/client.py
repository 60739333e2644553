"""A client to copy: signs in, predicts, shows warnings first, renews its token, and waits when it is told to.

    MLAPI_URL=http://127.0.0.1:8000 MLAPI_USER=integration MLAPI_PASSWORD=... python client.py encounter.json

Needs `requests`, and nothing of this project.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

TRIES = 5
LONGEST_WAIT = 60.0  # seconds
TIMEOUT = (5, 30)  # seconds to connect, and to wait for the answer


class Refused(Exception):
    """The service said no, and would say no again. `problem` is its application/problem+json."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem.get('status')} {problem.get('type')}: {problem.get('detail')}")
        self.problem = problem


class Client:
    """One account at one service. Give `verify` the path of the hospital's certificate authority."""

    def __init__(self, url: str, username: str, password: str, verify: str | bool = True) -> None:  # noqa: FBT001, FBT002
        self._url = url.rstrip("/")
        self._credentials = {"username": username, "password": password}
        self._http = requests.Session()
        self._http.verify = verify
        self._token: str | None = None

    def predict(self, encounter: Mapping[str, Any]) -> dict[str, Any]:
        """Give the answer for one encounter's columns. Raises Refused, or requests' own errors after five tries."""
        return self.post("/predict", encounter)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Give the answer to a body, signed in. Raises as `predict` does."""
        name = uuid.uuid4().hex  # the same on every try: the log shows them together, and there is one record
        headers = {"X-Request-ID": name, "Idempotency-Key": name}
        answer = self._post(path, body, headers | self._authorization())
        if answer.status_code == requests.codes.unauthorized:  # the token is 20 minutes old
            self._token = None
            answer = self._post(path, body, headers | self._authorization())
        return _content(answer)

    def _authorization(self) -> dict[str, str]:
        if self._token is None:
            self._token = _content(self._post("/auth/token", self._credentials, {}))["access_token"]
        return {"Authorization": f"Bearer {self._token}"}

    def _post(self, path: str, body: Mapping[str, Any], headers: dict[str, str]) -> requests.Response:
        """Post, and post again after 429, 502 to 504 or a broken connection: a key makes it one prediction."""
        for attempt in range(1, TRIES + 1):
            try:
                answer = self._http.post(self._url + path, json=body, headers=headers, timeout=TIMEOUT)
            except (requests.ConnectionError, requests.Timeout):
                if attempt == TRIES:
                    raise
                time.sleep(_back_off(attempt))
                continue
            if answer.status_code not in (429, 502, 503, 504) or attempt == TRIES:
                return answer
            time.sleep(_wait(answer, attempt))
        raise AssertionError


def _wait(answer: requests.Response, attempt: int) -> float:
    """Wait as long as the service asks for, and longer each time."""
    asked = answer.headers.get("Retry-After", "")
    return min(max(float(asked) if asked.isdigit() else 0.0, _back_off(attempt)), LONGEST_WAIT)


def _back_off(attempt: int) -> float:
    return 0.5 * 2.0**attempt


def _content(answer: requests.Response) -> dict[str, Any]:
    try:
        content: dict[str, Any] = answer.json()
    except ValueError:
        content = {"status": answer.status_code, "detail": "not JSON: is this the right address?"}
    if not answer.ok:
        raise Refused(content)
    return content


def show(answer: Mapping[str, Any], words: str = "detail") -> None:
    """Print an answer for people: what to be careful about first, then the score. words: or `detail_es`, in Spanish."""
    for warning in answer.get("warnings", []):
        print(f"WARNING {warning['code']}: {warning[words]}")
    print(f"Encounter {answer['idAtencion']}: {answer['State']}")
    for name, probability in answer["inferences"].items():
        print(f"  {name:<20} {probability:7.1%}  {'#' * round(40 * probability)}".rstrip())
    print("Sano means none of the other three states, not healthy.")


def main() -> None:
    """Post the file that the command line names."""
    try:
        url, user, password = (os.environ[name] for name in ("MLAPI_URL", "MLAPI_USER", "MLAPI_PASSWORD"))
        encounter = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    except (KeyError, IndexError):
        sys.exit(__doc__)
    client = Client(url, user, password, verify=os.environ.get("MLAPI_CA_FILE") or True)
    try:
        show(client.predict(encounter), "detail_es" if os.environ.get("LANG", "").startswith("es") else "detail")
    except (Refused, requests.RequestException) as error:
        sys.exit(f"No prediction: {error}")


if __name__ == "__main__":
    main()
