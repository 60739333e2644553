"""The card of a model that was trained here: what its training knows of it."""

from __future__ import annotations

from typing import Any

SIMULATED = (
    "It learnt from simulated patients only and was not validated on any real one: it knows the simulator. "
    "Not for clinical use."
)
UNVALIDATED = "It was not validated on patients other than those of its file. Not for clinical use before it is."


def written_card(summary: dict[str, Any]) -> str:
    """Write a card from a training's summary, under the headings of every card."""
    sections = {
        "Intended use": f"To say which of four states follows {summary['horizon_minutes']:g} minutes after a window.",
        "Must not be used for": _warning(summary["evidence"]),
        "Data": _data(summary),
        "Performance": f"{_calibration(summary)}\n\nOn patients it has not seen: what `fcv evaluate` reports.",
        "Limits": "Probabilities are calibrated at the class mix above; at another mix they are not.",
        "Version history": f"Trained by `fcv train`: {_recipe(summary)}.",
    }
    parts = [f"## {heading}\n\n{text}\n" for heading, text in sections.items()]
    return f"# {summary['model'].replace('/', ' ')}\n\n" + "\n".join(parts)


def _warning(evidence: str) -> str:
    return f"Decisions about patients. {SIMULATED if evidence == 'simulated' else UNVALIDATED}"


def _data(summary: dict[str, Any]) -> str:
    """Draw the class mix as a table: patients by their worst state, windows by their class."""
    sets = {"training": summary["train"], "calibration": summary["validation"]}
    lines = ["| state | " + " | ".join(f"{name} patients | {name} windows" for name in sets) + " |"]
    lines.append("|---" * (1 + 2 * len(sets)) + "|")
    for state in summary["train"]["patients"]:
        cells = [str(each[kind][state]) for each in sets.values() for kind in ("patients", "windows")]
        lines.append(f"| {state} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _calibration(summary: dict[str, Any]) -> str:
    told = summary["calibration"]
    return (
        f"Probabilities were calibrated on the calibration patients, by one temperature ({told['temperature']:.3f}) "
        f"and one bias per class, folded into the last layer: log loss {told['log_loss_before']:.3f} before, "
        f"{told['log_loss_after']:.3f} after."
    )


def _recipe(summary: dict[str, Any]) -> str:
    said = ", ".join(f"{name} {value}" for name, value in summary["recipe"].items())
    return f"{said}; stopped after {summary['epochs']} epochs; {summary['scaling']} scaling"
