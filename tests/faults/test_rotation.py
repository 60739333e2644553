"""Rotation by the real logrotate while four workers write: no line is lost, and none is written twice."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from service import Service, running
from steady import SteadyLoad

from fcv_api.settings import ROOT

SHORT = os.environ.get("FAULTS_SHORT") == "1"
ROTATIONS = 4 if SHORT else 20
SECONDS_BETWEEN = 1.0 if SHORT else 1.5
LOGROTATE = shutil.which("logrotate", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(LOGROTATE is None, reason="logrotate is not installed"),
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Give a service with four workers, and nothing but its log in the log's folder."""
    tmp_path.chmod(0o750)
    with running(tmp_path, WORKERS="4") as service:
        yield service


def configuration(folder: Path) -> Path:
    """Write what deploy/logrotate.conf says of app.log, for this folder and for whoever runs the tests."""
    shipped = (ROOT / "deploy" / "logrotate.conf").read_text("utf-8")
    assert "su fcv fcv" in shipped
    own = shipped.replace("/var/log/fcv/", f"{folder}/").replace("    su fcv fcv\n", "")
    (folder / "logrotate.conf").write_text(own, "utf-8")
    return folder / "logrotate.conf"


def rotate(configuration: Path) -> None:
    assert LOGROTATE
    command = [LOGROTATE, "--force", "--state", str(configuration.with_name("state")), str(configuration)]
    subprocess.run(command, check=True)


def lines(folder: Path) -> list[str]:
    """Give the lines of all files, also of those that were compressed."""
    found = []
    for file in sorted(folder.glob("app.log*")):
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        found += content.decode("utf-8").splitlines()
    return found


def test_no_line_is_lost_while_logrotate_rotates_under_load(service: Service) -> None:
    folder = service.folder
    settings = configuration(folder)
    with SteadyLoad(*service.address, service.sign_in()["Authorization"]) as load:
        for _ in range(ROTATIONS):
            time.sleep(SECONDS_BETWEEN)
            rotate(settings)
        time.sleep(SECONDS_BETWEEN)
    told = Counter(re.findall(r"'request_id': '(steady-[0-9-]+)'", "\n".join(lines(folder))))
    files = list(folder.glob("app.log*"))
    print(f"\n{ROTATIONS} rotations: {dict(load.statuses)}, {sum(told.values())} lines in {len(files)} files")
    assert set(load.statuses) == {200}
    assert told == Counter(load.ids), "each request has one line"
    assert len(files) == ROTATIONS + 1
    assert sum(file.suffix == ".gz" for file in files) == ROTATIONS - 1
    assert {file.stat().st_mode & 0o777 for file in files} == {0o640}
