"""schemathesis on the running service: 500 examples a route, as a client and as nobody.

FAULTS_SHORT=1 makes it short.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from schema_run import PHASES, SERVICE, explore
from service import PASSWORD, running

EXAMPLES = 6 if os.environ.get("FAULTS_SHORT") == "1" else 500


@pytest.mark.parametrize("account", [f"ana:{PASSWORD}", None], ids=["client", "nobody"])
def test_no_answer_is_other_than_the_openapi_document_says(tmp_path: Path, account: str | None) -> None:
    with running(tmp_path, **SERVICE) as service:
        service.sign_in("ana")
        run = explore(service, account, f"--max-examples={EXAMPLES}")
    answered = {status: run.count(status=status) for status in sorted({call.status for call in run.calls})}
    print(f"\n{sum(run.calls.values())} calls, answered {answered}")
    print(run.output[run.output.find("= SUMMARY") :])
    assert not run.failed, run.output
    assert {call.phase for call in run.calls} == set(PHASES)
    assert run.count(status=200, route="POST /predict") > (2 * EXAMPLES // 5 if account else -1)
