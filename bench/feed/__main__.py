"""The loads of the feed on this machine.

    make feed-load            all of them, one after the other (two and a half hours)
    make feed-load LOAD=city  one of them: ward, city, sqlite, hl7, hl7-129 or beside

Each prints what came of it. `--write` keeps it in bench/feed/loads.json, and in docs/scale.md.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from bench.feed import fixed, report
from bench.feed.load import Plan, run

LOADS = {
    "ward": Plan(40, 11, postgresql=False, within=5),
    "city": Plan(10_000, 20, postgresql=True, within=60),
    "sqlite": Plan(1_000, 11, postgresql=False, within=60),
    "hl7": Plan(2_000, 16, postgresql=True, within=60, obx=13),
    "hl7-129": Plan(300, 16, postgresql=True, within=60, obx=129),
}
BESIDE = "beside"


def main() -> None:
    """Run the loads that are named; all where none is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("loads", nargs="*", help="ward, city, sqlite, hl7, hl7-129, beside")
    parser.add_argument("--beds", type=int, help="instead of as many as the load has")
    parser.add_argument("--minutes", type=float, help="instead of as long as the load takes")
    parser.add_argument("--connections", type=int, help="of the gateway, instead of two")
    parser.add_argument("--write", action="store_true", help="keep what came of it")
    given = parser.parse_args()
    for name in given.loads or [*LOADS, BESIDE]:
        with tempfile.TemporaryDirectory(prefix="fcv-feed-") as folder:
            if name == BESIDE:
                figures = fixed.figures(Path(folder), given.beds or fixed.BEDS, given.minutes or fixed.MINUTES)
            else:
                figures = report.figures(plan := _asked(name, given), run(plan, Path(folder)))
        print("\n".join([f"\n{name}", *(f"  {what}: {figure}" for what, figure in figures.items())]), flush=True)
        if given.write:
            report.write(name, figures)


def _asked(name: str, given: argparse.Namespace) -> Plan:
    plan = LOADS[name]
    return replace(
        plan,
        beds=given.beds or plan.beds,
        minutes=given.minutes or plan.minutes,
        connections=given.connections or plan.connections,
    )


if __name__ == "__main__":
    main()
