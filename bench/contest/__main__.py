"""Measure this service beside what people would use instead: `make bench`, or `python -m bench.contest --help`."""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from bench.contest.machine import machine
from bench.contest.picture import draw
from bench.contest.rounds import PARSER, Plan, Samples, check, measure
from bench.contest.servers import CONTENDERS, ENVIRONMENTS, Home
from bench.contest.table import section, splice
from fcv_api.settings import ROOT

SHORT = Plan(rounds=1, seconds=1, bursts=1, at_once=200)
TITLES = {each.name: each.title for each in CONTENDERS} | {PARSER: "`json.loads` of the body alone, no server"}
TOLD = {
    "ours": ("gunicorn", "flask", "ai-edge-litert", "numpy", "msgspec", "orjson"),
    "thesis": ("fastapi", "uvicorn", "pandas", "scikit-learn", "tensorflow", "tf-keras"),
    "litserve": ("litserve", "pandas", "scikit-learn", "ai-edge-litert"),
    "bentoml": ("bentoml", "pandas", "scikit-learn", "ai-edge-litert"),
}


def main() -> None:
    """Measure and write, or only write what was measured."""
    given = _parser().parse_args()
    out: Path = given.out or (ROOT / "build" / "bench" if given.short else ROOT / "bench")
    out.mkdir(parents=True, exist_ok=True)
    if not given.table:
        _check_tools()
        _measure(_plan(given), out)
    results = json.loads((out / "results.json").read_text("utf-8"))
    splice(out / "RESULTS.md", results)
    draw(results, out / "results.png")
    print(f"\n{section(results)}\n\n{out / 'RESULTS.md'}, results.json and results.png are written.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.contest", description=__doc__)
    parser.add_argument("--short", action="store_true", help="one short round, to see that all works, into build/bench")
    for name, what in (
        ("rounds", "how often each contender is started and measured"),
        ("seconds", "how long each load is"),
        ("bursts", "in how many rounds many ask at once"),
        ("at-once", "how many ask at once"),
    ):
        parser.add_argument(f"--{name}", type=int, help=what)
    parser.add_argument("--out", type=Path, help="where results.json, RESULTS.md and results.png go, instead of bench/")
    parser.add_argument("--table", action="store_true", help="measure nothing: write table and picture of results.json")
    return parser


def _plan(given: argparse.Namespace) -> Plan:
    start = asdict(SHORT if given.short else Plan())
    return Plan(**start | {name: each for name, each in vars(given).items() if name in start and each is not None})


def _measure(plan: Plan, out: Path) -> None:
    results: dict[str, Any] = {
        "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": machine(),
        "versions": _versions(),
        "titles": TITLES,
        "plan": asdict(plan),
    }

    def keep(samples: Samples) -> None:
        _write(out / "results.json", results | {"samples": samples})

    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        token = home.prepare()
        print("Do all contenders give the same answer?", flush=True)
        check(home, token, plan)
        print("Measuring", flush=True)
        measure(home, token, plan, keep)


def _check_tools() -> None:
    missing = [name for name in ("wrk", "nginx", "openssl") if not shutil.which(name)]
    if missing:
        sys.exit(f"{' and '.join(missing)} must be installed: `make bench` starts them.")


def _write(path: Path, results: dict[str, Any]) -> None:
    """Write one line a contender and cell, so that two runs can be compared by eye."""
    text = json.dumps(results | {"samples": None}, indent=1, ensure_ascii=False)
    cells = [
        f" {json.dumps(contender)}: {{\n"
        + ",\n".join(f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in of.items())
        + "\n }"
        for contender, of in results["samples"].items()
    ]
    path.write_text(text.replace('"samples": null', '"samples": {\n' + ",\n".join(cells) + "\n}") + "\n", "utf-8")


def _versions() -> dict[str, str]:
    told = {"Python": platform.python_version(), "nginx": _tool("nginx"), "wrk": _tool("wrk")}
    for environment, names in TOLD.items():
        site = next((ENVIRONMENTS / environment / "lib").glob("python*/site-packages"), None)
        if site is None:
            sys.exit(f"{ENVIRONMENTS / environment} is not there: run `make bench`, which makes it.")
        found = {_plain(each.name): each.version for each in distributions(path=[str(site)])}
        told[environment] = ", ".join(f"{name} {found[_plain(name)]}" for name in names)
    return told


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _tool(name: str) -> str:
    """Give what a tool says its version is, wherever it says it."""
    run = subprocess.run([name, "-v"], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+\.\d+", run.stdout + run.stderr)
    return found[0] if found else "?"


if __name__ == "__main__":
    main()
