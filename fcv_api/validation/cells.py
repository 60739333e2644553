"""The cells of a validation's tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fcv_api.lstm.attest import FEW_EVENTS
from fcv_api.training.parts import ONE_DECIDES
from fcv_api.training.tables import with_interval

Members = dict[str, Any]
CANNOT = "cannot be answered"


def words(name: str) -> str:
    """Return a member's name as words."""
    return "mean of the three" if name == "ill" else name.replace("_", " ")


def counted(report: Members, state: str) -> str:
    """Return a state with how few events its figures rest on, where they are under 100."""
    count = report["events"].get(state)
    few = count is not None and count < FEW_EVENTS
    return f"{words(state)} ({count} events)" if few else words(state)


def measured(figure: Members) -> str:
    """Return a figure with its interval, and with a mark where it rests on one patient."""
    return with_interval(figure) + mark(figure.get("one_patient"))


def mark(share: float | None) -> str:
    """Return what stands beside a figure, by the largest share of one patient in its variance; nothing of most."""
    return f" † rests on one patient ({share:.0%})" if share is not None and share > ONE_DECIDES else ""


def bounded(own: Members, key: str) -> str:
    """Return a figure of calibration likewise."""
    low, high = own["intervals"][key]
    share = own.get("one_patient", {}).get(key)
    return measured({"value": own[key], "low": low, "high": high, "one_patient": share})


def resting(report: Members) -> list[str]:
    """Return the model's figures that rest on one patient, in words, with that patient's share."""
    figures = {
        **{f"{key.upper()} of {words(state)}": each for state, key, each in _pairs(report["discrimination"])},
        **{f"sensitivity of {words(state)}": each for state, each in report["sensitivity_intervals"].items()},
        **{
            f"alarms a patient-day, of at most {at['at_most'] * 24:.1f}": at["whole_stays"]["alarms_per_patient_day"]
            for at in report["alarms"]
        },
    }
    shares = {name: each["one_patient"] for name, each in figures.items()}
    by_state = {state: own["one_patient"] for state, own in report["calibration"].items()}
    shares |= {f"{words(key)} of {words(state)}": share for state, key, share in _pairs(by_state)}
    return [f"{name} ({share:.0%})" for name, share in shares.items() if mark(share)]


def _pairs(nested: dict[str, Members]) -> Iterator[tuple[str, str, Any]]:
    return ((outer, inner, each) for outer, own in nested.items() for inner, each in own.items())
