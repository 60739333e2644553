"""What the problem of a fact holds: the same whether it is the answer, or one result of a batch."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol, get_args

from flask import Response

from fcv_api.accounts import UnusableCredentials, UsernameTaken
from fcv_api.accounts.passwords import TooManyPasswords
from fcv_api.domain.bad_cells import BadCells, Cell
from fcv_api.domain.errors import MissingSigns, TooFewInstants, Unscorable, WindowSpan
from fcv_api.fhir.finding import WrongSearch
from fcv_api.fhir.reading import WrongBundle
from fcv_api.web.problems import answer, body_of

Fact = Unscorable | WrongBundle | WrongSearch | UsernameTaken | UnusableCredentials | TooManyPasswords
FACTS: tuple[type[Fact], ...] = get_args(Fact)


class Coded(Protocol):
    """A fact of any room, whose text is one plain sentence."""

    @property
    def code(self) -> str:
        """Of its problem."""


def problem_of(fact: Coded) -> Response:
    """Return the response to a fact."""
    return answer(fact.code, str(fact), **_members(fact))


def problem_body(fact: Coded) -> dict[str, Any]:
    """Return the body of that response."""
    return body_of(fact.code, str(fact), **_members(fact))


def _members(fact: Coded) -> dict[str, Any]:
    """Return the members that only this type of problem has."""
    match fact:
        case BadCells():
            return {"errors": [_cell(cell) for cell in fact.cells]}
        case UnusableCredentials():
            return {"errors": [_cell(Cell(fact.field, None, fact.reason))]}
        case TooFewInstants():
            return {"have": fact.have, "need": fact.need, "ready_at": _time(fact.ready_at)}
        case MissingSigns():
            return {"signs": [{"sign": each.name, "last_measured": _time(each.last_measured)} for each in fact.signs]}
        case WindowSpan():
            return {"first": _time(fact.first), "last": _time(fact.last), "median_step_minutes": fact.median_step}
    return {}


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(" ")


def _cell(cell: Cell) -> dict[str, str | None]:
    return {"column": cell.column, "row": cell.shown_row, "reason": cell.reason}
