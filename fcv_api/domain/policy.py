"""A policy: which scores and which raw warnings alert, and for how long an alert is silent then.

A policy is a small file in TOML; docs/alerts.md lists its members. It is read strictly: an unknown member may be a
threshold that nobody applies.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from fcv_api.domain.messages import WORDS
from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import SIGN_NAMES

WORST_FIRST = (State.CARDIAC_ARREST, State.CARDIOGENIC_SHOCK, State.LOW_CARDIAC_OUTPUT)
"""The three ill states. An arrest kills within minutes, a shock within hours."""
SEVERITY = {state.value: place for place, state in enumerate(WORST_FIRST)}
"""By a class's name, 0 for the worst."""
CRITICAL = ("critical_value", "asystole", "no_pulse")
"""Raw warnings of a danger to life: no silence covers one that comes anew."""
OF_NO_WINDOW = ("unvalidated_model", "stale", "undecided", "resampled")
"""Warnings that say nothing of a raw window's patient or sensors."""
RAW = tuple(sorted({key.partition(".")[0] for key in WORDS} - set(OF_NO_WINDOW)))
"""The codes of raw warnings, which may alert by themselves."""
PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
LONGEST_SILENCE = 24 * 60.0
MEMBERS, SCORE_MEMBERS = {"name", "version", "silence_minutes", "warnings", "score"}, {"threshold", "classes"}
MINUTE = 60_000_000
"""In microseconds."""


class UnusablePolicy(Exception):
    """A text is no policy, or a policy may not be put in force. The message is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What came of one stay's window, as far as a policy reads it.

    at: in microseconds, UTC. probabilities: None where no score counts, as one of another model. warnings: each one's
    code and sign. refused: nothing was scored, and so nothing is known.
    """

    at: int
    probabilities: Mapping[State, float] | None
    warnings: Sequence[tuple[str, str | None]] = ()
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """When to alert.

    silence_minutes: after an alert, in which its cause does not alert again. warnings: those that alert by themselves,
    each a code or `code:sign`. threshold: of 1 - P(none of the three), from which on the likeliest ill class alerts.
    thresholds: of each class's own probability instead, worst first; the worst that is reached alerts.
    """

    name: str
    version: str
    silence_minutes: float
    warnings: tuple[str, ...] = ()
    threshold: float | None = None
    thresholds: tuple[tuple[State, float], ...] = ()

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"

    @property
    def silence(self) -> int:
        """The silence, in microseconds."""
        return round(self.silence_minutes * MINUTE)

    @property
    def reads_score(self) -> bool:
        """Whether a score alerts."""
        return self.threshold is not None or bool(self.thresholds)

    @classmethod
    def read(cls, text: str) -> Policy:
        """Read a policy's file. Raises UnusablePolicy."""
        try:
            said = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UnusablePolicy(f"The policy is not TOML: {error}.") from None
        _check_members(said, MEMBERS, "The policy")
        policy = cls(
            _part(said, "name"),
            _part(said, "version"),
            _number(said.get("silence_minutes"), "silence_minutes", LONGEST_SILENCE),
            _warnings(said.get("warnings", [])),
            *_score(said.get("score")),
        )
        if not (policy.reads_score or policy.warnings):
            raise UnusablePolicy("The policy has neither a score nor warnings: it would never alert.")
        return policy

    def causes(self, assessment: Assessment) -> Iterator[str]:
        """Yield what alerts in an assessment: raw warnings as `code:sign`, and then at most one class."""
        found = (
            f"{code}:{sign}" if sign else code
            for code, sign in assessment.warnings
            if code in self.warnings or f"{code}:{sign}" in self.warnings
        )
        yield from dict.fromkeys(found)
        if assessment.probabilities is not None and (state := self._class(assessment.probabilities)):
            yield state.value

    def _class(self, probabilities: Mapping[State, float]) -> State | None:
        for state, least in self.thresholds:
            if probabilities[state] >= least:
                return state
        if self.threshold is None or 1 - probabilities[State.NONE_OF_THESE] < self.threshold:
            return None
        return max(WORST_FIRST, key=probabilities.__getitem__)  # the worse of two that are equal


def is_critical(cause: str) -> bool:
    """Return whether a cause is a danger to life that was measured."""
    return cause.partition(":")[0] in CRITICAL


def _score(said: Any) -> tuple[float | None, tuple[tuple[State, float], ...]]:  # noqa: ANN401 - of a file
    """Return the threshold of 1 - P(none), or those of the classes, worst first."""
    if said is None:
        return None, ()
    if not isinstance(said, dict) or len(said) != 1:
        raise UnusablePolicy("score must be a table with either a threshold, or one threshold a class in classes.")
    _check_members(said, SCORE_MEMBERS, "score")
    if "threshold" in said:
        return _number(said["threshold"], "score.threshold", 1.0), ()
    classes = said["classes"]
    if not isinstance(classes, dict) or not classes:
        raise UnusablePolicy(f"score.classes must be a table of {', '.join(SEVERITY)}.")
    _check_members(classes, set(SEVERITY), "score.classes")
    return None, tuple(
        (state, _number(classes[state.value], f"score.classes.{state.value}", 1.0))
        for state in WORST_FIRST
        if state.value in classes
    )


def _warnings(said: Any) -> tuple[str, ...]:  # noqa: ANN401
    if not isinstance(said, list):
        raise UnusablePolicy("warnings must be a list of codes, or of code:sign.")
    for each in said:
        code, colon, sign = str(each).partition(":")
        if code not in RAW or (colon and sign not in SIGN_NAMES):
            raise UnusablePolicy(f"warnings holds {each!r}: needed is one of {', '.join(RAW)}, alone or with :SIGN.")
    return tuple(said)


def _part(said: Mapping[str, Any], name: str) -> str:
    text = said.get(name)
    if not (isinstance(text, str) and PART.fullmatch(text)):
        raise UnusablePolicy(f"{name} must be a text of letters, digits, dot, dash and underscore, up to 64.")
    return text


def _number(said: Any, name: str, most: float) -> float:  # noqa: ANN401
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    if not (is_number and isfinite(said) and 0 < said <= most):
        raise UnusablePolicy(f"{name} must be a number over 0, up to {most:g}.")
    return float(said)


def _check_members(said: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(said.keys() - known):
        raise UnusablePolicy(f"{where} has {unknown[0]!r}; its members are {', '.join(sorted(known))}.")
