"""Two hosts on one PostgreSQL, behind one nginx, under load: one may be away, and the other never notices."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hosts import Host, hosts
from https_load import under_load
from postgres import cluster, new_database
from proxied import needs_nginx, proxied

SHORT = os.environ.get("FAULTS_SHORT") == "1"
ROUNDS, FREEZES = (1, 1) if SHORT else (5, 15)

pytestmark = [needs_nginx, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Host]]:
    """Give two hosts on a PostgreSQL of their own."""
    folder = tmp_path_factory.mktemp("hosts")
    with cluster() as server, hosts(folder, new_database(server.url), PROXIES="1") as both:
        yield both


def recorded(host: Host) -> int:
    """Verify the record, and count it."""
    return int(host.fcv("ledger", "verify").split()[0].replace(",", ""))


def test_each_host_stops_and_starts_under_load_without_a_failed_request(both: list[Host], tmp_path: Path) -> None:
    services, before = [host.service for host in both], recorded(both[0])
    with proxied(tmp_path / "nginx", *services) as proxy, under_load(proxy, services[0].sign_in()) as load:
        time.sleep(2)
        for host in both * ROUNDS:
            host.stop()
            host.begin()
            time.sleep(3)  # nginx forgets within 2 s that it was away
    print(
        f"\n{len(both) * ROUNDS} restarts, {len(load.got)} requests: {dict(load.statuses())}, "
        f"slowest {load.percentile(1):.2f} s, {recorded(both[0])} records"
    )
    assert load.statuses() == {200: len(load.got)}
    assert recorded(both[0]) - before == len(load.got)
    assert all("'status': 200" in host.service.log() for host in both)


def test_a_host_that_freezes_in_the_middle_of_its_writes_holds_the_other_up_for_moments(
    both: list[Host], tmp_path: Path
) -> None:
    """Each is asked through an nginx of its own, so that its own answers are counted. A frozen host keeps its locks."""
    one, frozen = both
    token = one.service.sign_in()
    with (
        proxied(tmp_path / "one", one.service) as its_proxy,
        proxied(tmp_path / "frozen", frozen.service) as other_proxy,
        under_load(other_proxy, token),
        under_load(its_proxy, token) as load,
    ):
        time.sleep(2)
        for _ in range(FREEZES):
            processes = [frozen.service.master.pid, *frozen.service.workers()]
            for pid in processes:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(5)
            for pid in processes:
                os.kill(pid, signal.SIGCONT)
            time.sleep(2)
    waits = sorted((each.seconds for each in load.got), reverse=True)
    print(
        f"\n{FREEZES} freezes of 5 s: the other answered {len(load.got)}: {dict(Counter(load.statuses()))}, "
        f"slowest {waits[0]:.2f} s"
    )
    assert load.statuses().keys() <= {200, 503}
    assert load.statuses()[503] <= FREEZES * 8  # what was asked at the moment of a freeze, by each client
    assert waits[0] < 5
    assert recorded(one) >= load.statuses()[200]
