"""Measure the warnings on simulated stays: how often they cry wolf, what they find after an onset, and what they cost.

    .venv/bin/python -m bench.warnings [--stays 500] [--ill 200] [--seed 1900] [--write]

A window every five minutes, each as the service would have seen it then. `--write` puts what was found into
bench/warnings.json and bench/warnings.md. Needs the extra `train`.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from fcv_api.bulk.assess import assess_each
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import Scorer, State
from fcv_api.domain.quality import inspect, levels_of
from fcv_api.domain.rolling import Rolling
from fcv_api.domain.screens import warnings_of
from fcv_api.domain.window import Matrix, WindowSpec, extract_window
from fcv_api.domain.words import ScoreWarning
from fcv_api.lstm.registry import SHIPPED, Registry
from fcv_api.settings import ROOT
from fcv_api.training.artefacts import with_artefacts
from fcv_api.training.simulate import Stay, cohort_of, simulate

SPEC = WindowSpec()
MINUTE = np.timedelta64(1, "m")
PAUSE = 30.0
"""Minutes without a critical window that end an episode."""
DAY = 24 * 60.0
OF_DATA = {
    *(
        "filled",
        "questionable_value",
        "not_entered",
        "not_adult",
        "irregular_sampling",
        "resampled",
        "conflicting_values",
    ),
    *("unknown_unit", "implausible_value", "stale", "undecided", "unvalidated_model"),
}
"""What says nothing of the patient."""
Stays = Callable[[int, int], Iterable[Stay]]
"""Return stays by count and seed."""
MANY = 1_000_000


def stays_of(state: State, count: int, seed: int, source: Stays = simulate) -> list[Stay]:
    """Return the first stays of a state that a simulator makes."""
    found: list[Stay] = []
    stays = (stay for stay in source(MANY, seed) if stay.state is state)
    for stay, _ in zip(stays, range(count), strict=False):
        found.append(stay)
    return found


def spoilt(stays: Iterable[Stay], seed: int) -> Iterator[Stay]:
    """Yield stays with artefacts, the same for the same seed."""
    for stay in stays:
        instants, values = with_artefacts(stay.instants, stay.values, np.random.default_rng([seed, stay.id]))
        yield replace(stay, instants=instants, values=values)


def encounters_of(stays: Iterable[Stay]) -> list[Encounter]:
    """Return stays as the service reads them."""
    return [encounter.without_noise() for encounter in cohort_of(stays).encounters]


@dataclass
class Burden:
    """What a ward would hear. windows: how many were scored. warned: with any warning. codes: windows by code."""

    windows: int = 0
    warned: int = 0
    of_patient: int = 0
    episodes: int = 0
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, encounter: Encounter) -> None:
        """Count the windows of one stay."""
        rolling = Rolling.of(encounter, SPEC)
        usable, last = ~rolling.refused(), None
        for end, warnings in zip(rolling.last[usable], _of(warnings_of(rolling, usable), usable), strict=True):
            codes = {each.code for each in warnings}
            self.windows += 1
            self.warned += bool(codes)
            self.of_patient += bool(codes - OF_DATA)
            self.codes.update(codes)
            if "critical_value" in codes:
                self.episodes += last is None or float((end - last) / MINUTE) >= PAUSE
                last = end

    def figures(self) -> dict[str, Any]:
        """Return the shares of windows, in percent, and the critical episodes a patient-day."""
        share = {code: _percent(count, self.windows) for code, count in self.codes.most_common()}
        return {
            "windows": self.windows,
            "critical_episodes_a_day": round(self.episodes / (self.windows * SPEC.step_minutes / DAY), 2),
            "any_warning": _percent(self.warned, self.windows),
            "of_the_patient": _percent(self.of_patient, self.windows),
            "codes": share,
        }


def burden(stays: Iterable[Stay]) -> Burden:
    """Return what stays draw."""
    found = Burden()
    for encounter in encounters_of(stays):
        found.add(encounter)
    return found


def _of(warnings: list[tuple[ScoreWarning, ...]], usable: np.ndarray[Any, Any]) -> Iterator[tuple[ScoreWarning, ...]]:
    return (each for each, is_usable in zip(warnings, usable.tolist(), strict=True) if is_usable)


def _percent(count: float, of: float) -> float:
    return round(100 * count / of, 2)


def after_onset(stays: list[Stay], model: Scorer) -> dict[str, float]:
    """Return of the windows that end after an onset how many percent warn, and leave *Sano*."""
    counts: Counter[str] = Counter()
    for stay, encounter in zip(stays, encounters_of(stays), strict=True):
        scores, onset = assess_each(encounter, model), stay.onset or encounter.instants[-1]
        for place in np.flatnonzero(scores.last >= onset).tolist():
            if place not in scores.refusals:
                codes = {each.code for each in scores.warnings[place]}
                left = model.classes[int(scores.probabilities[place].argmax())] is not State.NONE_OF_THESE
                spoke = bool(codes - {"undecided", "unvalidated_model"})
                counts.update({"windows": 1, "of_the_patient": bool(codes - OF_DATA), "any_warning": spoke})
                counts.update({"left_sano": left, "warn_or_left_sano": left or spoke})
    total = counts.pop("windows")
    return {"windows": total} | {name: _percent(count, total) for name, count in counts.items()}


def ceiling(state: State, count: int, seed: int, allowed: float) -> float:
    """Return what percent of the windows after an onset boosted trees find that know all levels and changes.

    They learn from other stays, and may warn of as many windows of stable patients as `allowed`, in percent.
    """
    ill, stable = ((each, 3 * count if each is State.NONE_OF_THESE else count) for each in (state, State.NONE_OF_THESE))
    learn = [_seen(stays_of(*each, seed + 1)) for each in (stable, ill)]
    judge = [_seen(stays_of(*each, seed)) for each in (stable, ill)]
    trees = HistGradientBoostingClassifier(random_state=0)
    trees.fit(np.vstack(learn), np.repeat([0, 1], [len(each) for each in learn]))
    quiet, found = (trees.predict_proba(each)[:, 1] for each in judge)
    return _percent(float((found > np.quantile(quiet, 1 - allowed / 100)).sum()), len(found))


def _seen(stays: list[Stay]) -> Matrix:
    """Return, (w, 18), levels and changes of the windows; of ill stays of those after the onset."""
    parts = []
    for stay, encounter in zip(stays, encounters_of(stays), strict=True):
        rolling = Rolling.of(encounter, SPEC)
        levels = levels_of(rolling.values, rolling.measured)
        after = rolling.last >= (stay.onset or rolling.last[0])
        parts.append(np.hstack([levels.level, levels.change])[after & ~rolling.refused()])
    return np.vstack(parts)


def cost(stays: list[Stay]) -> dict[str, float]:
    """Return how many microseconds the warnings of a stay's last window take: the median and the 99th percentile."""
    times = []
    for encounter in encounters_of(stays):
        window = extract_window(encounter, SPEC)
        rounds = []
        for _ in range(50):
            start = perf_counter()
            inspect(encounter, window, SPEC)
            rounds.append(perf_counter() - start)
        times.append(min(rounds) * 1e6)
    return {"median": round(median(times)), "percentile_99": round(float(np.quantile(times, 0.99)))}


def measure(stays: int, ill: int, seed: int) -> dict[str, Any]:
    """Return all figures."""
    stable, model = stays_of(State.NONE_OF_THESE, stays, seed), Registry(ROOT / "models").load(SHIPPED)
    artefacts = list(spoilt(stable, seed))
    quiet = burden(stable).figures()
    after = {
        state.value: after_onset(stays_of(state, ill, seed), model)
        | {"boosted_trees": ceiling(state, ill, seed, quiet["of_the_patient"])}
        for state in (State.LOW_CARDIAC_OUTPUT, State.CARDIOGENIC_SHOCK, State.CARDIAC_ARREST)
    }
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "stays": {"stable": stays, "ill": ill, "seed": seed, "model": str(model.identity)},
        "stable": quiet,
        "with_artefacts": burden(artefacts).figures(),
        "after_onset": after,
        "microseconds_a_window": {"stable": cost(stable[:200]), "with_artefacts": cost(artefacts[:200])},
    }


def table(found: dict[str, Any]) -> str:
    """Return what was measured as Markdown."""
    stays = found["stays"]
    names = ("critical_episodes_a_day", "any_warning", "of_the_patient")
    lines = [
        (
            f"{found['measured']}, {found['machine']}: {stays['stable']} stable stays, and {stays['ill']} of each ill "
            f"state, of seed {stays['seed']}; the model is {stays['model']}.\n"
        ),
        "| stable stays | windows | critical episodes a patient-day | % of windows with any warning | of the patient |",
        "|---|---|---|---|---|",
    ]
    for name in ("stable", "with_artefacts"):
        each = found[name]
        lines.append(f"| {name.replace('_', ' ')} | {each['windows']:,} | {' | '.join(str(each[n]) for n in names)} |")
    lines += [
        "\n| % of windows after onset | windows | of the patient | any warning | left Sano | either | boosted trees |",
        "|---|---|---|---|---|---|---|",
    ]
    columns = ("of_the_patient", "any_warning", "left_sano", "warn_or_left_sano", "boosted_trees")
    for state, each in found["after_onset"].items():
        cells = " | ".join(str(each[name]) for name in columns)
        lines.append(f"| {state.replace('_', ' ')} | {each['windows']:,} | {cells} |")
    lines += ["\n| % of windows with | stable | with artefacts |", "|---|---|---|"]
    codes = [found[name]["codes"] for name in ("stable", "with_artefacts")]
    for code in sorted({*codes[0], *codes[1]}):
        lines.append(f"| `{code}` | {codes[0].get(code, 0)} | {codes[1].get(code, 0)} |")
    lines += ["\n| microseconds a window | median | 99th percentile |", "|---|---|---|"]
    for name, each in found["microseconds_a_window"].items():
        lines.append(f"| {name.replace('_', ' ')} | {each['median']} | {each['percentile_99']} |")
    return "\n".join(lines) + "\n"


BEGIN, END = "<!-- measured -->", "<!-- end -->"


def write(found: dict[str, Any], folder: Path) -> None:
    """Write the figures, and their table into its place in bench/warnings.md."""
    (folder / "warnings.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    page = folder / "warnings.md"
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{table(found)}\n{END}{rest.partition(END)[2]}", "utf-8")


def main() -> None:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stays", type=int, default=500)
    parser.add_argument("--ill", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1900)
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args()
    found = measure(wanted.stays, wanted.ill, wanted.seed)
    print(table(found))
    if wanted.write:
        write(found, ROOT / "bench")


if __name__ == "__main__":
    main()
