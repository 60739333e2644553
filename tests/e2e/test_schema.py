"""schemathesis on the running service, in all its phases: a client's short run. `make faults` has the whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from schema_run import PHASES, SERVICE, Run, explore
from service import PASSWORD, Service, running

SHORT = "--max-examples=6"
"""Made-up ones of each route: some 1,000 calls with what the document alone asks for."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service with one account."""
    with running(tmp_path_factory.mktemp("schema"), **SERVICE) as service:
        service.sign_in("ana")
        yield service


@pytest.fixture(scope="module")
def signed_in(service: Service) -> Run:
    """Give what came of the calls of a client."""
    return explore(service, f"ana:{PASSWORD}", SHORT)


def test_no_answer_is_other_than_the_openapi_document_says(signed_in: Run) -> None:
    assert not signed_in.failed, signed_in.output
    assert {call.phase for call in signed_in.calls} == set(PHASES)


def test_encounters_are_made_that_are_answered_and_others_that_are_refused(signed_in: Run) -> None:
    """A run of which every call is refused would prove little."""
    kinds = (("/predict", "application/json"), ("/predict/batch", "application/json"), ("/predict/batch", "text/csv"))
    for path, media_type in kinds:
        for status in (200, 422):
            assert signed_in.count(media_type=media_type, status=status, route=f"POST {path}"), (path, media_type)
    assert signed_in.count(phase="fuzzing", status=200, route="POST /predict")
    assert signed_in.count(phase="fuzzing", status=200, route="POST /predict/batch")


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
