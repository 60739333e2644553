"""Write the table of the shipped policy into docs/alerts.md and its Spanish twin, from what a simulation found.

fcv simulate --patients 1000 --seed 2012 stays.parquet labels.parquet
fcv alerts simulate stays.parquet labels.parquet --policy fcv-sim-score/1.0.0 --at-most 1 --at-most 2 --at-most 5
        --event-rate 0.1 --event-rate 0.02 --json models/policies/fcv-sim-score/1.0.0/table.json
python -m bench.policy
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "models" / "policies" / "fcv-sim-score" / "1.0.0"
PAGES = {"en": ROOT / "docs" / "alerts.md", "es": ROOT / "docs" / "alerts.es.md"}
BEGIN, END = "<!-- table -->\n", "<!-- its end -->"
STATES = ("cardiac_arrest", "cardiogenic_shock", "low_cardiac_output")
WORDS = {
    "en": {
        "own": "the policy's own",
        "most": "at most {} a patient-day",
        "threshold": "threshold",
        "before": "alarms a patient-day before onsets",
        "whole": "over whole stays",
        "cardiac_arrest": "found, cardiac arrest",
        "cardiogenic_shock": "found, cardiogenic shock",
        "low_cardiac_output": "found, low cardiac output",
        "ahead": "found {} minutes ahead or more",
        "lead": "minutes from alarm to onset, quartiles",
        "ppv": "true of 100 alarms, at the simulator's {} onsets a patient-day",
        "ppv_at": "true of 100 alarms, at {} onsets a patient-day",
    },
    "es": {
        "own": "el de la política",
        "most": "a lo más {} por día-paciente",
        "threshold": "umbral",
        "before": "alarmas por día-paciente antes de los inicios",
        "whole": "en estancias enteras",
        "cardiac_arrest": "encontrados, paro cardíaco",
        "cardiogenic_shock": "encontrados, choque cardiogénico",
        "low_cardiac_output": "encontrados, bajo gasto",
        "ahead": "encontrados {} minutos antes o más",
        "lead": "minutos de la alarma al inicio, cuartiles",
        "ppv": "verdaderas de 100 alarmas, con los {} inicios por día-paciente del simulador",
        "ppv_at": "verdaderas de 100 alarmas, con {} inicios por día-paciente",
    },
}
Table = dict[str, Any]


def main() -> None:
    """Write both pages."""
    for language, page in PAGES.items():
        before, _, rest = page.read_text("utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        page.write_text(f"{before}{BEGIN}\n{section(read(), language)}\n\n{END}{after}", "utf-8")


def read() -> Table:
    """Return the table as it was measured."""
    table: Table = json.loads((FOLDER / "table.json").read_text("utf-8"))
    return table


def section(table: Table, language: str) -> str:
    """Return the table of the operating points in a language, each figure with its 95 % interval."""
    words = WORDS[language]
    points = [
        *((words["most"].format(_number(each["at_most"], language)), each) for each in table["operating_points"]),
        (words["own"], {"threshold": table["threshold"], "figures": table["figures"]}),
    ]
    names = [label for label, _ in points]
    columns = [_cells(each, language) for _, each in points]
    lines = [f"| | {' | '.join(names)} |", f"|{'---|' * (len(names) + 1)}"]
    lines += [f"| {label} | {' | '.join(column[label] for column in columns)} |" for label in columns[0]]
    return "\n".join(lines)


def _cells(point: Table, language: str) -> dict[str, str]:
    words, figures = WORDS[language], point["figures"]
    drawn = figures["drawn"]
    cells = {
        words["threshold"]: _number(point["threshold"], language),
        words["before"]: _range(drawn["alarms_per_patient_day"], language),
        words["whole"]: _range(figures["whole_stays"]["alarms_per_patient_day"], language),
    }
    cells |= {words[state]: _percent(figures["sensitivity_by_state"][state], language) for state in STATES}
    cells |= {words["ahead"].format(name): _percent(each, language) for name, each in figures["found_ahead"].items()}
    cells[words["lead"]] = " / ".join(f"{each:.0f}" for each in figures["lead_minutes"])
    onsets = 24 * figures["onsets"] / figures["patient_hours"]
    cells[words["ppv"].format(_number(round(onsets, 2), language))] = _percent(drawn["ppv"], language)
    for name, each in drawn.items():
        if name.startswith("ppv_at_"):
            rate = float(name.removeprefix("ppv_at_").removesuffix("_onsets_a_patient_day"))
            cells[words["ppv_at"].format(_number(rate, language))] = _percent(each, language)
    return cells


def _percent(share: Table, language: str) -> str:
    value, low, high = (100 * share[name] for name in ("value", "low", "high"))
    digits = 1 if value < 10 else 0  # noqa: PLR2004
    text = f"{value:.{digits}f} % ({low:.{digits}f} to {high:.{digits}f})"
    return text if language == "en" else text.replace(".", ",").replace(" to ", " a ")


def _range(figure: Table, language: str) -> str:
    text = f"{figure['value']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"
    return text if language == "en" else text.replace(".", ",").replace(" to ", " a ")


def _number(value: float, language: str) -> str:
    text = f"{value:g}"
    return text if language == "en" else text.replace(".", ",")


if __name__ == "__main__":
    main()
