"""Read records: their windows, what the model answered, and what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

import numpy as np
import orjson
from numpy.typing import NDArray

from fcv_api.domain.policy import Policy
from fcv_api.domain.prediction import ModelIdentity, Scorer, probabilities_of
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGN_NAMES
from fcv_api.domain.window import Matrix
from fcv_api.ledger.record import Record
from fcv_api.ledger.sources import source_of
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.baselines import summaries_of
from fcv_api.training.dataset import Horizon
from fcv_api.training.fingerprints import Fingerprints
from fcv_api.training.flow import NO_LABEL
from fcv_api.validation.gathered import Block, Gatherer, StayFacts, Warned
from fcv_api.validation.policy_alarms import read_by
from fcv_api.wire.outcomes import StayOutcome

OTHER_WINDOW = "other-window"
"""The record's window has another number of instants than the model reads."""


@dataclass(frozen=True, slots=True)
class RecordSource:
    """What labels and filters the record. outcomes: by encounter. known_at: when each was imported.

    listed: takes a line for each record that is used, so that a report can name what it was made from. policy: whose
    warnings are kept.
    """

    outcomes: dict[int, StayOutcome]
    known_at: dict[int, np.datetime64]
    listed: TextIO
    horizon: Horizon
    known: Fingerprints | None = None
    other_hospital: bool = False
    policy: Policy | None = None


class Reader:
    """Takes records some hundred at a time."""

    def __init__(self, source: RecordSource, model: Scorer, gatherer: Gatherer) -> None:
        """source: whose outcomes are known. gatherer: where windows go."""
        self.source, self.model, self.gatherer = source, model, gatherer
        self.order = [INDEX_BY_NAME[name] for name in model.spec.signs]
        self.bytes = model.spec.instants * len(SIGN_NAMES) * 8
        self.seen: set[int] = set()
        self.at: list[NDArray[np.datetime64]] = []

    def take(self, records: Sequence[Record]) -> None:
        """Keep their windows, and count their refusals."""
        stated = self.source.outcomes
        self.seen |= {each.encounter for each in records}
        nobodys = (each.encounter for each in records if each.encounter not in stated)
        self.gatherer.fates |= dict.fromkeys(nobodys, NO_LABEL)
        usable = [each for each in records if each.encounter in stated and self._asked(each)]
        if not usable:
            return
        self.at.append(_instants([each.at for each in usable]))
        raw = np.stack([np.frombuffer(each.window_raw or b"", "<f8").reshape(-1, len(SIGN_NAMES)) for each in usable])
        ids, ends = (
            np.array([each.encounter for each in usable]),
            _instants([each.window_last or "" for each in usable]),
        )
        own = np.array([_is_of(each, self.model.identity) for each in usable])
        answers = np.array([self._answer(each, window) for each, window in zip(usable, raw, strict=True)])
        gaps = np.stack([gaps_of_record(each) for each in usable])
        unknown = np.full(len(ids), np.nan)
        warnings = [self._warnings(each) for each in usable]
        states = np.zeros(len(ids))
        self.gatherer.add(Block(ids, ends, states, unknown, answers, summaries_of(raw), gaps, own, warnings))
        self.source.listed.writelines(
            f"{each.id},{each.hash},{each.encounter},{each.window_last},{each.at}\n" for each in usable
        )

    def _warnings(self, record: Record) -> Warned:
        """Return what a policy reads of a record's warnings."""
        if self.source.policy is None:
            return ()
        said = ((each["code"], each["sign"]) for each in orjson.loads(record.warnings or b"[]"))
        return read_by(self.source.policy, said)

    def whole(self) -> NDArray[np.datetime64]:
        """Return when each window was recorded, (n,)."""
        return np.concatenate([np.empty(0, "datetime64[us]"), *self.at])

    def _asked(self, record: Record) -> bool:
        """Count what was asked of a stay, and return whether there is a window."""
        facts = self._facts(record)
        facts.asked += 1
        reason = record.problem
        if reason is None and len(record.window_raw or b"") != self.bytes:
            reason = OTHER_WINDOW
        if reason is not None:
            facts.refused[reason] += 1
            return False
        first, last = _instants([record.window_first or "", record.window_last or ""])
        facts.first, facts.last = min(facts.first, first), max(facts.last, last)
        return True

    def _facts(self, record: Record) -> StayFacts:
        known = self.gatherer.stays.get(record.encounter)
        if known is None:
            stated, at = self.source.outcomes[record.encounter], _instants([record.at])[0]
            known = StayFacts(record.encounter, stated.patient, at, at, several=stated.several, places=stated.beds)
            known.unit, known.age, known.sex, known.site = (
                stated.unit,
                stated.age,
                stated.sex,
                source_of(record.sources) or "-",
            )
            self.gatherer.stays[record.encounter] = known
        return known

    def _answer(self, record: Record, raw: Matrix) -> list[float]:
        """Return what the model said, or says now where another one was asked; by `CLASSES`."""
        if _is_of(record, self.model.identity):
            said = orjson.loads(record.probabilities or b"{}")
            return [float(said[state.value]) for state in CLASSES]
        scaled = self.model.spec.scale(np.ascontiguousarray(raw[:, self.order]))
        by_state = probabilities_of(self.model.score(scaled), self.model)
        return [by_state[state] for state in CLASSES]


def _is_of(record: Record, identity: ModelIdentity) -> bool:
    wanted = identity.name, identity.version, identity.sha256
    return (record.model_name, record.model_version, record.model_sha256) == wanted


def _instants(texts: list[str]) -> NDArray[np.datetime64]:
    return np.array([text.removesuffix("Z") for text in texts], dtype="datetime64[us]")


def gaps_of_record(record: Record) -> NDArray[np.bool_]:
    """Return, (9,), the signs that the record warns of as filled."""
    found = np.zeros(len(SIGN_NAMES), dtype=np.bool_)
    for warning in orjson.loads(record.warnings or b"[]"):
        if warning["code"] == "filled" and warning["sign"] in INDEX_BY_NAME:
            found[INDEX_BY_NAME[warning["sign"]]] = True
    return found
