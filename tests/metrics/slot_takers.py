"""Workers of slots, as processes that count and are killed: run by `test_slots.py` in a process without threads.

    python slot_takers.py FOLDER

Prints as JSON which slots were taken, and after each of 50 restarts the sum of all counts and the files.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from itertools import count
from pathlib import Path

from fcv_api.lstm.kernel import prctl
from fcv_api.metrics import slots
from fcv_api.metrics.counts import Answered, Counts
from fcv_api.metrics.workers import Workers

RESTARTS = 50
FOLDER = Path(sys.argv[1])


def worker() -> tuple[int, int]:
    """Start a worker that counts for as long as it lives, and return its process and slot."""
    told, tells = os.pipe()
    process = os.fork()
    if process == 0:
        prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: none outlives the test
        slot = slots.claim(FOLDER)
        counts = Counts()
        for number in count():
            counts.answered(Answered(f"/route/{number % 30}", "POST", 200, 0.01, None, 0.0))
            counts.flush()
            if number == 0:
                os.write(tells, str(slot.number).encode())
            time.sleep(0.002)
    slot_taken = int(os.read(told, 8))
    os.close(told)
    os.close(tells)
    return process, slot_taken


def kill(process: int) -> None:
    """Kill a worker, wherever it is, and wait for its end."""
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def scraped() -> dict[str, float]:
    """Return the sums of what was counted, and that each request has its time."""
    samples = [each for family in Workers(FOLDER).collect() for each in family.samples]
    named = {
        name: sum(each.value for each in samples if each.name == name)
        for name in ("fcv_requests_total", "fcv_request_seconds_count")
    }
    return named | {"live": sum(each.name == "fcv_worker_live" for each in samples)}


def main() -> None:
    """Restart workers, and print what was seen."""
    slots.prepare(FOLDER)
    first, second, third = (worker() for _ in range(3))
    kept = slots.holders(FOLDER) == {slot: process for process, slot in (first, second, third)}
    kill(third[0])
    slots.prepare(FOLDER)  # as the master of an upgrade does, while workers live
    seen = []
    dying = first
    for _ in range(RESTARTS):
        os.kill(dying[0], signal.SIGKILL)
        while_it_dies = scraped()
        os.waitpid(dying[0], 0)
        taken = worker()
        files = sorted((each.name, each.stat().st_size) for each in FOLDER.iterdir())
        seen.append({"slot": taken[1], "before": while_it_dies, "after": scraped(), "files": files})
        dying = taken
    kill(dying[0])
    kill(second[0])
    slots.clear(FOLDER)
    taken_at_first = [slot for _, slot in (first, second, third)]
    print(json.dumps({"first": taken_at_first, "kept": kept, "seen": seen, "cleared": not FOLDER.exists()}))


if __name__ == "__main__":
    main()
