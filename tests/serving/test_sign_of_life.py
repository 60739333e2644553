"""The master sees a worker live, and no folder must have room for that."""

from __future__ import annotations

import os
import time
from contextlib import closing

import pytest
from gunicorn.config import Config

from fcv_api.serving.sign_of_life import SignOfLife


def test_a_sign_of_life_is_seen_by_its_time_though_no_folder_takes_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.mkstemp", None)
    with closing(SignOfLife(Config())) as sign:
        began = time.monotonic()
        sign.notify()
        assert began - 1 <= sign.last_update() <= time.monotonic()
        assert os.fstat(sign.fileno()).st_nlink == 0
