"""schemathesis on the running service: 500 examples a route, as a client and as nobody.

FAULTS_SHORT=1 makes it short: nobody's bodies are not read, and the ways to spoil one are left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from schema_run import PHASES, SERVICE, Run, explore
from service import PASSWORD, Service, running

SHORT = os.environ.get("FAULTS_SHORT") == "1"
EXAMPLES = f"--max-examples={6 if SHORT else 500}"
"""Made-up ones of each route, beside some 1,000 calls with what the document alone asks for."""
NOBODYS = PHASES[2:] if SHORT else PHASES
OPEN = {
    *("GET /home", "GET /health/live", "GET /health/ready", "POST /auth/create_user", "POST /auth/token"),
    "GET /fhir/metadata",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service with one account."""
    with running(tmp_path_factory.mktemp("schema"), **SERVICE) as service:
        service.sign_in("ana")
        yield service


@pytest.fixture(scope="module")
def signed_in(service: Service) -> Run:
    """Give what came of the calls of a client."""
    return printed(explore(service, f"ana:{PASSWORD}", EXAMPLES))


@pytest.fixture(scope="module")
def nobody(service: Service) -> Run:
    """Give what came of the calls without a token."""
    return printed(explore(service, None, EXAMPLES, "--phases", ",".join(NOBODYS)))


def printed(run: Run) -> Run:
    """Print how a run went."""
    answered = {status: run.count(status=status) for status in sorted({call.status for call in run.calls})}
    print(f"\n{sum(run.calls.values())} calls, answered {answered}")
    print(run.output[run.output.find("= SUMMARY") :])
    return run


@pytest.mark.parametrize(("run", "phases"), [("signed_in", PHASES), ("nobody", NOBODYS)])
def test_no_answer_is_other_than_the_openapi_document_says(
    run: str, phases: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    found: Run = request.getfixturevalue(run)
    assert not found.failed, found.output
    assert {call.phase for call in found.calls} == set(phases)


def test_encounters_are_made_that_are_answered_and_others_that_are_refused(signed_in: Run) -> None:
    """A run of which every call is refused would prove little."""
    kinds = (("/predict", "application/json"), ("/predict/batch", "application/json"), ("/predict/batch", "text/csv"))
    for path, media_type in kinds:
        for status in (200, 422):
            assert signed_in.count(media_type=media_type, status=status, route=f"POST {path}"), (path, media_type)
    assert signed_in.count(phase="fuzzing", status=200, route="POST /predict")
    assert signed_in.count(phase="fuzzing", status=200, route="POST /predict/batch")


def test_without_a_token_nothing_but_what_is_public_is_answered(nobody: Run) -> None:
    answered = {call.route for call in nobody.calls if call.status < 300 and not call.route.startswith("OPTIONS")}
    assert answered <= OPEN
    assert nobody.count(status=401, route="POST /predict") >= 3


def test_a_document_that_says_otherwise_than_the_service_fails(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing above would notice a run that never fails."""
    (tmp_path / "liar.py").write_text(LIAR, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    only = ("--include-path=/predictions/{record_id}", "--phases=coverage")
    found = explore(service, f"ana:{PASSWORD}", *only, hooks="liar")
    assert found.failed
    assert "Undocumented status code" in found.output, found.output


LIAR = """
import schemathesis
from schema_hooks import *

@schemathesis.hook
def before_load_schema(context, raw_schema):
    del raw_schema["paths"]["/predictions/{record_id}"]["get"]["responses"]["404"]
"""
