"""Compare the reader with a plain one, then send spoilt bodies to the WSGI app: `make fuzz MINUTES=10`.

Guided by atheris where it is installed (Linux on x86-64), else by chance. Every body that shows a fault is written to
tests/fixtures/fuzz, once for each kind of fault; the tests send it again for ever.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from collections import Counter
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from random import Random

from differential import compare
from mutation import mutate, seeds

GUIDED = find_spec("atheris") is not None
if GUIDED:
    import atheris

    with atheris.instrument_imports(include=["fcv_api.wire", "fcv_api.web.parser", "fcv_api.domain"]):
        from oracle import KINDS, Broken, Target, target
else:
    from oracle import KINDS, Broken, Target, target

COMPARED = 200_000
"""Bodies that the service's reader and a plain one read, before the hunt."""
FINDINGS = Path(__file__).resolve().parents[1] / "fixtures" / "fuzz"


class Hunt:
    """What was tried so far, until when, and what was found."""

    def __init__(self, service: Target, minutes: float) -> None:
        self.service = service
        self.deadline = time.monotonic() + 60 * minutes
        self.tried: Counter[str] = Counter()
        self.found: dict[str, Path] = {}

    def try_one(self, data: bytes) -> bool:
        """Try a body; say whether it was answered with 200."""
        try:
            answer = self.service.check(data)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the hunt goes on
            self._keep(data, f"{type(fault).__name__}: {fault}" if not isinstance(fault, Broken) else str(fault))
            return False
        if answer is not None:
            path, media_type = KINDS[data[0] % len(KINDS)]
            self.tried[f"{path} {media_type} {answer.status}"] += 1
        return answer is not None and answer.status == 200

    def is_over(self) -> bool:
        """Whether the minutes are over."""
        return time.monotonic() > self.deadline

    def _keep(self, data: bytes, fault: str) -> None:
        kind = fault[:40]
        self.tried["faults"] += 1
        if kind in self.found and self.found[kind].stat().st_size <= len(data):
            return
        if kind in self.found:
            self.found[kind].unlink()
        self.found[kind] = FINDINGS / f"{sha256(data).hexdigest()[:16]}.bin"
        self.found[kind].write_bytes(data)
        print(f"{self.found[kind].name}: {fault[:700]}", flush=True)

    def report(self) -> None:
        """Print what was tried."""
        print("guided by atheris" if GUIDED else "by chance")
        for what, count in sorted(self.tried.items()):
            print(f"{count:>9,} {what}")
        print(f"{self.tried.total():>9,} bodies, {len(self.found)} kinds of fault")


def by_chance(hunt: Hunt, dice: Random) -> None:
    """Spoil bodies that work, and those that came of it and worked too."""
    corpus = seeds()
    while not hunt.is_over():
        body = mutate(dice.choice(corpus), dice.choice(corpus), dice)
        if hunt.try_one(body) and len(corpus) < 500 and len(body) < 50_000:
            corpus.append(body)


def guided(hunt: Hunt, folder: Path) -> None:
    """Let atheris choose which bodies to spoil further: those that reached new code. Ends the process."""
    for number, seed in enumerate(seeds()):
        (folder / f"seed {number}").write_bytes(seed)
    recent, working = seeds(), seeds()

    def try_one(data: bytes) -> None:
        if hunt.is_over():
            hunt.report()
            sys.stdout.flush()
            os._exit(bool(hunt.found))  # libFuzzer itself never ends in good order
        hunt.try_one(data)

    def spoil(data: bytes, largest: int, seed: int) -> bytes:
        dice = Random(seed)
        if dice.random() < 0.1:
            return bytes(atheris.Mutate(data, largest))
        recent[dice.randrange(len(recent))] = data or recent[0]
        base = dice.choice(working) if not data or dice.random() < 0.4 else data
        return mutate(base, dice.choice(recent + working), dice)[:largest]

    options = ("-max_len=50000", "-len_control=0", "-verbosity=0", "-print_final_stats=0", "-timeout=60")
    atheris.Setup([sys.argv[0], *options, str(folder)], try_one, custom_mutator=spoil)
    atheris.Fuzz()


def main() -> None:
    """Hunt for the minutes that the command line says: 10 where it says none."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    logging.disable(logging.CRITICAL)
    for kind, count in compare(COMPARED, seed=int(time.time())).most_common():
        print(f"{count:>9,} {kind}, by both readers")
    with tempfile.TemporaryDirectory() as place, target(Path(place)) as service:
        hunt = Hunt(service, minutes)
        if GUIDED:
            corpus = Path(place) / "corpus"
            corpus.mkdir()
            guided(hunt, corpus)
        by_chance(hunt, Random(7))
        hunt.report()
        sys.exit(bool(hunt.found))


if __name__ == "__main__":
    main()
