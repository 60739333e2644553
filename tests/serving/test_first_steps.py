"""What to try first is printed where there is an address, and the guide where it was built."""

from __future__ import annotations

import pytest

from fcv_api.serving.first_steps import print_first_steps


@pytest.mark.parametrize(("bind", "times"), [("127.0.0.1:8000", 1), ("unix:/run/fcv.sock", 0), ("fd://3", 0)])
def test_only_a_service_with_an_address_prints_it(capsys: pytest.CaptureFixture[str], bind: str, times: int) -> None:
    print_first_steps(bind, built=True)
    printed = capsys.readouterr().out
    assert printed.count("Serving on http://127.0.0.1:8000 until") == times
    assert printed.count("http://127.0.0.1:8000/guide (") == times
