"""The feed as the master's child: started, started again, ended when it freezes, and never left behind."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from fcv_api.serving import child_process
from fcv_api.serving.child_process import ChildProcess, look_after, refused_here
from fcv_api.serving.sign_of_life import SignOfLife

BEAT = "import os, sys, time; os.utime(sys.argv[-1], (time.monotonic(),) * 2); "
LIVE = "[(time.sleep(0.02), os.utime(sys.argv[-1], (time.monotonic(),) * 2)) for _ in range(999)]"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
FREEZE = "import signal; os.kill(os.getpid(), signal.SIGSTOP)"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "FROZEN_AFTER", 1.0)
    monkeypatch.setattr(child_process, "SECONDS_TO_END", 0.2)


@pytest.fixture
def sign() -> Iterator[SignOfLife]:
    """Give a sign of life."""
    with closing(SignOfLife(Config())) as sign:
        yield sign


def child(sign: SignOfLife, program: str) -> ChildProcess:
    return ChildProcess("feed", sign, [sys.executable, "-S", "-c", program])


def looked(feed: ChildProcess, happened: Callable[[], object], seconds: float = 20) -> list[int]:
    """Look often until something happened, or so long, and return the processes that were started."""
    pids: list[int] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not happened():
        feed.look()
        if feed.process and feed.process.pid not in pids:
            pids.append(feed.process.pid)
        time.sleep(0.02)
    return pids


def started(feed: ChildProcess) -> subprocess.Popen[bytes]:
    feed.look()
    assert feed.process is not None
    return feed.process


def test_one_that_gives_signs_of_life_is_let_be_and_ended_with_its_master(sign: SignOfLife) -> None:
    feed = child(sign, BEAT + LIVE)
    process = started(feed)
    assert looked(feed, lambda: False, 1.5) == [process.pid]
    feed.stop()
    assert process.returncode == -signal.SIGTERM


def test_a_frozen_one_that_holds_sqlites_lock_is_ended_and_the_lock_is_free(sign: SignOfLife, tmp_path: Path) -> None:
    file = tmp_path / "locked.db"
    lock = f"import sqlite3; c = sqlite3.connect({str(file)!r}); c.execute('BEGIN EXCLUSIVE'); "
    feed = child(sign, lock + BEAT + FREEZE)
    process = started(feed)
    looked(feed, lambda: process.returncode is not None)
    assert process.returncode == -signal.SIGKILL
    with closing(sqlite3.connect(file, timeout=0)) as other:
        other.execute("BEGIN EXCLUSIVE")


def test_one_that_ends_at_once_is_started_again_after_pauses_that_double(
    sign: SignOfLife, caplog: pytest.LogCaptureFixture
) -> None:
    feed = child(sign, "raise SystemExit(1)")
    looked(feed, lambda: len(caplog.messages) == 2)
    assert [message.split()[-2] for message in caplog.messages] == ["1", "2"]


def test_one_that_cannot_be_started_leaves_the_master_alone(sign: SignOfLife) -> None:
    feed = ChildProcess("feed", sign, ["/no/such/program"])
    assert looked(feed, lambda: False, 0.2) == []
    feed.stop()


def test_one_that_does_not_end_when_asked_is_killed(sign: SignOfLife) -> None:
    feed = child(sign, DEAF + BEAT + LIVE)
    process = started(feed)
    begun = sign.last_update()
    looked(feed, lambda: sign.last_update() > begun)
    feed.stop()
    assert process.returncode == -signal.SIGKILL


def test_one_that_gunicorn_reaped_first_is_started_again(sign: SignOfLife) -> None:
    feed = child(sign, "raise SystemExit(0)")
    first = started(feed)
    os.waitpid(first.pid, 0)
    looked(feed, lambda: feed.process not in (None, first))
    assert feed.process not in (None, first)
    feed.stop()


def test_the_master_looks_at_it_whenever_it_looks_at_its_workers(sign: SignOfLife) -> None:
    looks: list[str] = []
    server = SimpleNamespace(murder_workers=lambda: looks.append("workers"))
    feed = child(sign, BEAT + LIVE)
    look_after(server, feed)
    assert feed.process is not None
    feed.process.kill()
    feed.process.wait()
    server.murder_workers()
    assert looks == ["workers"]
    assert not feed.process
    server.children[0].stop()


@pytest.mark.parametrize("variable", ["NOTIFY_SOCKET", "SYSTEMD_EXEC_PID"])
def test_a_unit_of_systemds_may_not_have_it(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    assert refused_here() is None
    monkeypatch.setenv(
        variable, {"NOTIFY_SOCKET": "/run/systemd/notify", "SYSTEMD_EXEC_PID": str(os.getpid())}[variable]
    )
    assert "FCV_FEED=on" in str(refused_here())
    assert "deploy/fcv-feed.service" in str(refused_here())


@pytest.mark.parametrize(("pid", "parent"), [(1, 0), (7, 1)])
def test_the_main_process_of_a_container_may_not_have_it(
    monkeypatch: pytest.MonkeyPatch, pid: int, parent: int
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: pid)
    monkeypatch.setattr(os, "getppid", lambda: parent)
    monkeypatch.setattr(child_process, "_name_of_init", lambda: "docker-init")
    assert "In a container set FCV_FEED=on" in str(refused_here())


def test_a_shell_of_a_machine_or_of_a_container_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 1)
    monkeypatch.setattr(child_process, "_name_of_init", lambda: "systemd")
    assert refused_here() is None
