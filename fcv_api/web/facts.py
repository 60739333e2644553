"""What the problem of a fact holds: the same whether it is the answer, or one result of a batch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response

from fcv_api.accounts import UnusableCredentials
from fcv_api.domain.errors import BadCells, Cell, MissingSigns, TooFewInstants, WindowSpan
from fcv_api.web.problems import FACTS, PROBLEMS, answer


def slug_of(fact: Exception) -> str:
    """Name the problem of a fact."""
    return next(FACTS[kind] for kind in type(fact).__mro__ if kind in FACTS)


def type_of(fact: Exception) -> str:
    """Give the stable URI reference of a fact's problem."""
    return PROBLEMS[slug_of(fact)].type


def problem_of(fact: Exception) -> Response:
    """Answer with the problem of a fact."""
    return answer(slug_of(fact), str(fact), **members_of(fact))


def members_of(fact: Exception) -> dict[str, Any]:
    """Give the members that only this type of problem has."""
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
