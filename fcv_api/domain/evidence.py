"""What a model's claim to be right rests on, and what it learnt from."""

from __future__ import annotations

from enum import Enum


class Evidence(Enum):
    """What a model's claim to be right rests on, weakest first. The last two are earned by `fcv model attest`.

    STATED: an older manifest claims one of the last two, and no report proves it.
    """

    UNVALIDATED = "unvalidated"
    STATED = "stated"
    RETROSPECTIVE = "retrospective"
    PROSPECTIVE = "prospective"

    @property
    def validated(self) -> bool:
        """Whether a report on real patients proves it."""
        return self in (Evidence.RETROSPECTIVE, Evidence.PROSPECTIVE)


class TrainedOn(Enum):
    """What a model learnt from, by the word of whoever made it."""

    UNSTATED = "unstated"
    RANDOM = "random"
    SIMULATED = "simulated"
    HOSPITAL = "hospital"


class UnusableReport(Exception):
    """A report does not earn a model its evidence. The message is one sentence that says why."""
