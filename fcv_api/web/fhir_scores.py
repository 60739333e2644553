"""Which scores a search of RiskAssessments gives, a page at a time, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import request
from marshmallow import Schema, fields
from marshmallow.validate import Range

from fcv_api import activations
from fcv_api.accounts.system import feed_test_account_id
from fcv_api.fhir.finding import ENCOUNTERS, Found
from fcv_api.fhir.risk import Page, Score
from fcv_api.ledger import query
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.record import Record, utc_moment
from fcv_api.web.requests import current_service
from fcv_api.wire.record_query import Cursor

MOST = 100
"""Scores of a page: what asks for more gets these, and a link to the next ones."""


class ScoresQuerySchema(Schema):
    """Whose scores, and how many at once. Other parameters of FHIR are passed over."""

    encounter = fields.String(
        metadata={
            "description": "`SYSTEM|VALUE` as the source names it, or the number that GET /beds gives; several with "
            "commas between them. `encounter:identifier` is the same.",
            "example": "5501",
        }
    )
    identifier = fields.String(data_key="encounter:identifier")
    count = fields.Integer(data_key="_count", load_default=20, validate=Range(1, 1000))
    cursor = Cursor(metadata={"type": "string", "description": "Of the link `next`."})


def page_of(found: Sequence[Found], asked: dict[str, Any]) -> tuple[list[Score], Page]:
    """Return a page of scores, and where it and the next one lie."""
    limit, before = min(asked["count"], MOST), asked.get("cursor")
    records = [
        (each, record)
        for each in found
        for record in query.search(Wanted(encounter=each.encounter, before=before, scores_of_turns=True), limit + 1)
    ]
    records.sort(key=lambda pair: -pair[1].seq)
    following = records[limit - 1][1].seq if len(records) > limit else None
    shown = [pair for pair in records[:limit] if before is not None or not _is_hidden(*pair, records)]
    links = Page(_url(found, limit, before), "" if following is None else _url(found, limit, following))
    return _scores(shown), links


def _is_hidden(found: Found, record: Record, records: Sequence[tuple[Found, Record]]) -> bool:
    """Return whether something that a stay's newest score may rest on was corrected since, as on the page."""
    newest = next(own for each, own in records if each.encounter == found.encounter)
    corrected_at = found.stay.corrected_at if found.stay else None
    recorded_at = utc_moment(record.at).timestamp() * 1e6
    return record is newest and corrected_at is not None and corrected_at > recorded_at


def _scores(pairs: Sequence[tuple[Found, Record]]) -> list[Score]:
    test_account = feed_test_account_id() if pairs else None
    horizons: dict[str | None, float | None] = {}
    scores = []
    for found, record in pairs:
        if record.model_sha256 not in horizons:
            horizons[record.model_sha256] = _horizon(record)
        bed, is_of_test = found.stay.bed if found.stay else None, record.user_id == test_account
        scores.append(Score(record, bed, horizons[record.model_sha256], is_of_test))
    return scores


def _horizon(record: Record) -> float | None:
    """Return how many minutes ahead a record's model looks; None where it is not known any more."""
    manifest = current_service().models.manifest()
    if getattr(manifest, "sha256", None) == record.model_sha256:
        return getattr(manifest, "horizon_minutes", None)
    copy = activations.find_copy(record.model_name or "", record.model_version or "", record.model_sha256 or "")
    return orjson.loads(copy.manifest).get("horizon_minutes") if copy else None


def _url(found: Sequence[Found], limit: int, before: int | None) -> str:
    named = {"encounter": ",".join(f"{ENCOUNTERS}|{each.encounter}" for each in found)} if found else {}
    cursor = ScoresQuerySchema().dump({"cursor": before})["cursor"] if before is not None else None
    more = {"cursor": cursor} if cursor else {}
    return f"{request.base_url}?{urlencode({**named, '_count': limit, **more})}"
