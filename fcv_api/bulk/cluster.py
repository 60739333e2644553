"""Who scores elsewhere: the workers of a Dask cluster. They need this program, and no disk in common."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from distributed import Client, KilledWorker

from fcv_api.bulk.run import WorkerPool
from fcv_api.bulk.worker_pools import PARTS_A_PROCESS, NoCluster

PATIENCE = 30  # seconds for a scheduler to answer, and for a first worker
RETRIES = 3


@contextmanager
def cluster(address: str) -> Iterator[WorkerPool]:
    """Score by all workers of a scheduler. Raises NoCluster.

    A part is sent with its question, and its scores come back: the part of a worker that is lost is given to another.
    """
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise NoCluster(f"No Dask scheduler answers at {address}: {error}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise NoCluster(f"The Dask scheduler at {address} has no worker.") from None

        @contextmanager
        def pool() -> Iterator[Executor]:
            executor = client.get_executor(pure=False, retries=RETRIES)
            try:
                yield executor
            finally:
                executor.shutdown(wait=False)

        try:
            yield WorkerPool(pool, sum(client.nthreads().values()) * PARTS_A_PROCESS)
        except KilledWorker:
            raise NoCluster(f"Workers of {address} were killed {RETRIES} times by one part.") from None
