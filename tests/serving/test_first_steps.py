"""What to try first is printed by a development's service that has an address."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from conftest import MakeSettings

from fcv_api.serving.first_steps import print_first_steps


@pytest.mark.parametrize(
    ("changes", "times"),
    [({}, 1), ({"env": "production"}, 0), ({"bind": "unix:/run/fcv.sock"}, 0), ({"bind": "fd://3"}, 0)],
)
def test_only_development_with_an_address_prints_it(
    make_settings: MakeSettings, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], times: int
) -> None:
    print_first_steps(dataclasses.replace(make_settings(BIND="127.0.0.1:8000"), **changes))
    assert capsys.readouterr().out.count("Serving on http://127.0.0.1:8000 until") == times
