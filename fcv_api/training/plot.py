"""An encounter as a picture: its signs over time, the onset, and a model's probabilities beneath."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fcv_api.domain.errors import Unscorable
from fcv_api.domain.prediction import Scorer, State, probabilities_of
from fcv_api.domain.slots import window_as_sent
from fcv_api.domain.vitals import SIGNS
from fcv_api.domain.window import History, Matrix
from fcv_api.training.dataset import UnusableData

# What a panel says of its sign, by the order of `vitals.SIGNS`.
PANELS = (
    "Perfusion\n%",
    "Heart rate\n/min",
    "Ectopic beats\n/min",
    "Height\ncm",
    "Weight\nkg",
    "Pulse rate\n/min",
    "SpO2\n%",
    "Temperature\n°C",
    "Respiration\n/min",
)
# Okabe and Ito's colours, distinct to colour-blind readers too.
COLOURS = {
    State.CARDIAC_ARREST: "#D55E00",
    State.LOW_CARDIAC_OUTPUT: "#0072B2",
    State.NONE_OF_THESE: "#999999",
    State.CARDIOGENIC_SHOCK: "#CC79A7",
}
HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a model would have said at each instant. probabilities: (t, 4) by `classes`, NaN where it was refused."""

    model: str
    classes: tuple[State, ...]
    probabilities: Matrix


def roll(history: History, model: Scorer) -> Course:
    """Score the window that ends at each instant: it knows nothing of what comes later."""
    probabilities = np.full((len(history.instants), len(model.classes)), np.nan)
    for end in range(model.spec.instants, len(history.instants) + 1):
        try:
            window = window_as_sent(history.until(end), model.spec)
            by_state = probabilities_of(model.score(model.spec.scale(window.raw)), model)
        except Unscorable:
            continue
        probabilities[end - 1] = [by_state[state] for state in model.classes]
    return Course(str(model.identity), model.classes, probabilities)


def draw(history: History, onset: np.datetime64 | None, course: Course) -> Figure:
    """Draw an encounter. Raises UnusableData where nothing of it was measured.

    onset: in UTC; None where there was none.
    """
    if not len(history.instants):
        raise UnusableData(f"Encounter {history.encounter.id} has no measurement of the nine signs.")
    moving = [index for index, sign in enumerate(SIGNS) if not sign.static]
    figure = Figure(figsize=(9, 9), layout="constrained")
    panels = figure.subplots(len(moving) + 1, 1, sharex=True, height_ratios=[1] * len(moving) + [2])
    hours = _hours(history.instants, history)
    for axes, index in zip(panels, moving, strict=False):
        axes.plot(hours, history.measured[:, index], ".", markersize=3, color="black")
        axes.set_ylabel(PANELS[index], fontsize=7)
    _draw_course(panels[-1], hours, course)
    for axes in panels:
        axes.tick_params(labelsize=7)
        if onset is not None:
            axes.axvline(float(_hours(onset, history)), color="black", linestyle="--", linewidth=0.8)
    figure.suptitle(_title(history, onset), fontsize=9)
    return figure


def _draw_course(axes: Axes, hours: NDArray[np.float64], course: Course) -> None:
    for state, line in zip(course.classes, course.probabilities.T, strict=True):
        axes.plot(hours, line, ".-", markersize=2, color=COLOURS[state], label=state.value.replace("_", " "))
    axes.set(ylim=(0, 1), xlabel="Hours since the first measurement")
    axes.set_ylabel(f"Probability\n{course.model}", fontsize=7)
    axes.legend(fontsize=7, ncols=len(course.classes), loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    if np.isnan(course.probabilities).all():
        axes.text(0.5, 0.5, "No window that the model could read", transform=axes.transAxes, ha="center")


def _hours(instants: NDArray[np.datetime64] | np.datetime64, history: History) -> NDArray[np.float64]:
    """Return hours since the first measurement."""
    return np.asarray((instants - history.instants[0]) / HOUR, dtype=np.float64)


def _title(history: History, onset: np.datetime64 | None) -> str:
    """Return which encounter it is, what is measured once, and what the dashed line is."""
    once = [
        f"{PANELS[index].splitlines()[0].lower()} {history.filled[-1, index]:g} {PANELS[index].splitlines()[1]}"
        for index, sign in enumerate(SIGNS)
        if sign.static and not np.isnan(history.filled[-1, index])
    ]
    start = f"from {history.encounter.as_sent(history.instants[0]):%Y-%m-%d %H:%M}"
    parts = [f"Encounter {history.encounter.id}, {start}", *once, *(["dashed: onset"] if onset is not None else [])]
    return ", ".join(parts)
