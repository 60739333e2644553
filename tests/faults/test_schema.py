"""schemathesis on the running service: 500 examples a route, as a client and as nobody.

FAULTS_SHORT=1 makes it short, and leaves out the phases that draw nothing: `make test` has them whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from schema_run import PHASES, SERVICE, explore
from service import PASSWORD, Service, running

SHORT = os.environ.get("FAULTS_SHORT") == "1"
OPEN = {
    *("GET /home", "GET /health/live", "GET /health/ready", "POST /auth/create_user", "POST /auth/token"),
    "GET /fhir/metadata",
}
EXAMPLES, WANTED = (10, PHASES[2:]) if SHORT else (500, PHASES)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service with one account."""
    with running(tmp_path_factory.mktemp("schema"), **SERVICE) as service:
        service.sign_in("ana")
        yield service


@pytest.mark.parametrize("account", [f"ana:{PASSWORD}", None], ids=["client", "nobody"])
def test_no_answer_is_other_than_the_openapi_document_says(service: Service, account: str | None) -> None:
    run = explore(service, account, f"--max-examples={EXAMPLES}", "--phases", ",".join(WANTED))
    answered = {status: run.count(status=status) for status in sorted({call.status for call in run.calls})}
    print(f"\n{sum(run.calls.values())} calls, answered {answered}")
    print(run.output[run.output.find("= SUMMARY") :])
    assert not run.failed, run.output
    assert {call.phase for call in run.calls} == set(WANTED)
    if account:
        scored = [run.count(status=200, route=route) for route in ("POST /predict", "POST /predict/batch")]
        assert sum(scored) > EXAMPLES // 5  # ten examples of one route may all be spoilt
    else:
        public = {call.route for call in run.calls if call.status < 300 and not call.route.startswith("OPTIONS")}
        assert public <= OPEN
        assert run.count(status=401, route="POST /predict") > EXAMPLES // 2
