"""Through nginx: restarts, dead workers, slow clients. Each prints its figure; FAULTS_SHORT=1 makes them short."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from https_load import Load, under_load
from proxied import Proxy, needs_nginx, proxied
from service import Service, running, start, wait_until_live
from slow_clients import slow_clients

SHORT = os.environ.get("FAULTS_SHORT") == "1"
SECONDS = 5 if SHORT else 60

pytestmark = [needs_nginx, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service with two workers, that believes nginx. Each test leaves it as many."""
    with running(tmp_path_factory.mktemp("service"), PROXIES="1") as service:
        yield service


def check_none_failed(load: Load, *logs: str) -> None:
    """See that every answer is 200 and its request's own, and that each has its line in the log."""
    ids = [found for log in logs for found in re.findall(r"'/predict'.*'request_id': '(\w+)'", log)]
    print(f"\n{len(load.got)} requests: {dict(load.statuses())}, {len(ids)} lines, slowest {load.percentile(1):.2f} s")
    assert load.statuses() == {200: len(load.got)}
    assert all(answer.own for answer in load.got)
    assert len(ids) == len(set(ids)) == len(load.got)


def test_three_hups_under_load_lose_nothing(tmp_path: Path, service: Service) -> None:
    before, log = service.workers(), len(service.log())
    with proxied(tmp_path / "nginx", service) as proxy, under_load(proxy, service.sign_in()) as load:
        for _ in range(3):
            time.sleep(SECONDS / 4)
            service.master.send_signal(signal.SIGHUP)
        time.sleep(SECONDS / 4 + 3)
    assert set(before).isdisjoint(service.workers())
    check_none_failed(load, service.log()[log:])


def test_a_rolling_restart_of_two_instances_loses_nothing(tmp_path: Path) -> None:
    instances = []
    database = f"sqlite:///{tmp_path / 'shared.db'}"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        instances.append(start(tmp_path / name, PROXIES="1", DATABASE_URL=database))
        wait_until_live(instances[-1])
    restarts = 0
    try:
        with (
            proxied(tmp_path / "nginx", *instances) as proxy,
            under_load(proxy, instances[0].sign_in()) as load,
        ):
            deadline = time.monotonic() + SECONDS
            while time.monotonic() < deadline or restarts < 2:
                instances[restarts % 2] = restarted(instances[restarts % 2], database)
                restarts += 1
    finally:
        for instance in instances:
            instance.stop()
    print(f"\n{restarts} restarts of one of two instances")
    check_none_failed(load, *(instance.log() for instance in instances))


def restarted(instance: Service, database: str) -> Service:
    """Stop an instance as its supervisor would, and start it again in its place."""
    instance.stop()
    assert instance.master.returncode == 0
    again = start(instance.folder, BIND=instance.url.removeprefix("http://"), PROXIES="1", DATABASE_URL=database)
    wait_until_live(again)
    time.sleep(3)  # nginx forgets within 2 s that it was away
    return again


def test_an_upgrade_by_usr2_loses_nothing(tmp_path: Path) -> None:
    service = start(tmp_path, PROXIES="1")
    wait_until_live(service)
    service.wait_for_workers()
    with proxied(tmp_path / "nginx", service) as proxy, under_load(proxy, service.sign_in()) as load:
        old = service.workers()
        service.master.send_signal(signal.SIGUSR2)
        new = wait_for_new_master(service, old)
        time.sleep(SECONDS / 4)
        service.master.terminate()  # once the new one answers
        assert service.master.wait(timeout=40) == 0
        time.sleep(SECONDS / 4)
    try:
        check_none_failed(load, service.log())
        assert "Master has been promoted" in (service.folder / "output").read_text()
    finally:
        os.kill(new, signal.SIGTERM)
        while Path(f"/proc/{new}").exists():
            time.sleep(0.05)


def wait_for_new_master(service: Service, old: list[int]) -> int:
    """Wait until the new master has as many workers as the old one, and give it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for pid in set(service.workers()) - set(old):
            if len(children(pid)) == len(old):
                return pid
        time.sleep(0.1)
    raise AssertionError((service.folder / "output").read_text())


def children(pid: int) -> list[str]:
    """Give a process's children."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_a_worker_that_is_killed_costs_what_it_held_and_nothing_hangs(tmp_path: Path, service: Service) -> None:
    before, after = (2.0, 4.0) if SHORT else (10.0, 20.0)
    with proxied(tmp_path / "nginx", service) as proxy, under_load(proxy, service.sign_in(), 16) as load:
        time.sleep(before + 1)
        victim = service.workers()[0]
        os.kill(victim, signal.SIGSTOP)  # so that what it holds can be counted
        held = connections(victim)
        os.kill(victim, signal.SIGKILL)
        killed = time.monotonic()
        wait_for_another(service, victim)
        replaced = time.monotonic() - killed
        time.sleep(2 + after)
    failed = [answer for answer in load.got if answer.status != 200]
    usual, again = load.rate(killed - before, killed), load.rate(killed + 2, killed + 2 + after)
    print(
        f"\nkilled under {len(load.got)} requests of 16 clients: it held {held} connections, {len(failed)} failed, "
        f"{dict(load.statuses())}, slowest {load.percentile(1):.2f} s, {usual:.0f} then {again:.0f} answers a second, "
        f"another worker took requests after {replaced:.2f} s"
    )
    assert len(failed) <= held
    # 502, or a connection that ends in the middle of an answer that the worker had begun.
    assert {(answer.status, answer.media_type) for answer in failed} <= {(502, "application/problem+json"), (0, "")}
    assert load.percentile(1) < 5
    assert replaced < 2
    assert again > (0.5 if SHORT else 0.7) * usual  # other programs may have run in one half and not in the other


def wait_for_another(service: Service, victim: int) -> None:
    """Wait until two workers hold connections again, and none of them is the one that was killed."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        alive = set(service.workers()) - {victim}
        if len(alive) == 2 and all(connections(pid) for pid in alive):
            return
        time.sleep(0.02)
    raise AssertionError(service.workers())


def connections(pid: int) -> int:
    """Count the connections that a process holds."""
    inodes = {str(link.readlink()).strip("socket:[]") for link in Path(f"/proc/{pid}/fd").iterdir()}
    rows = [row.split() for row in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return sum(row[3] == "01" and row[9] in inodes for row in rows)


def test_slow_clients_leave_a_normal_one_its_answers(tmp_path: Path, service: Service) -> None:
    token, seconds = service.sign_in(), SECONDS if SHORT else 30
    with proxied(tmp_path / "nginx", service) as proxy:
        usual = measured(proxy, token, seconds)
        with slow_clients(proxy, token, 500) as slow:
            under = measured(proxy, token, seconds)
            alive = slow.alive()
    good = under.statuses()[200] / len(under.got)
    slowed, usually = under.percentile(0.95) * 1000, usual.percentile(0.95) * 1000
    print(
        f"\n{alive} of 500 slow connections open ({slow.opened} in all); a normal client: {len(under.got)} requests, "
        f"{good:.2%} of them 200, p95 {slowed:.1f} ms, usually {usually:.1f} ms"
    )
    assert alive > 400
    assert good >= 0.99
    if not SHORT:  # a few seconds are no distribution
        assert slowed < 2 * usually


def measured(proxy: Proxy, token: dict[str, str], seconds: float) -> Load:
    """Ask by one client for some seconds."""
    with under_load(proxy, token, 1) as load:
        time.sleep(seconds)
    return load


def test_what_waited_too_long_is_refused_unread_and_what_comes_after_is_answered(
    tmp_path: Path, service: Service
) -> None:
    token, log = service.sign_in(), len(service.log())
    with proxied(tmp_path / "nginx", service) as proxy:
        for pid in service.workers():
            os.kill(pid, signal.SIGSTOP)
        with under_load(proxy, token, 6) as load:
            time.sleep(16)
            for pid in service.workers():
                os.kill(pid, signal.SIGCONT)
            time.sleep(1)
        late = [answer for answer in load.got if answer.seconds > 15]
        print(f"\nworkers that stood still for 16 s: {len(late)} late requests, {dict(load.statuses())}")
        assert {answer.status for answer in late} == {503}
        assert {answer.status for answer in load.got if answer.seconds < 15} == {200}
        assert all(answer.own for answer in load.got)
    assert service.log()[log:].count("waited-too-long") == len(late)
