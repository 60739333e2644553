"""One bed: how it stands, its risks and signs over time, its records, and one of them computed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import time_ns

from flask import abort, render_template, request, url_for
from flask.wrappers import Response

from fcv_api.domain.stays import CLOSED_AFTER
from fcv_api.domain.ward import CONFLICT, CORRECTED, Tile
from fcv_api.domain.ward_line import SLOTS
from fcv_api.domain.ward_score import Score, Shows, shown_score, shown_warnings
from fcv_api.feed.beds import Bed, now_known
from fcv_api.feed.measured import measured
from fcv_api.ledger import query
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.record import Record, utc_text
from fcv_api.ledger.seen import seen_by
from fcv_api.web.requests import current_service
from fcv_api.web.ward import bp, state
from fcv_api.web.ward.alerted import by_encounter
from fcv_api.web.ward.bed_charts import Figure, risk_figures, sign_figures, window_figures
from fcv_api.web.ward.language import language_of
from fcv_api.web.ward.pages import Part, answer, drawing_of, picture_of, tag_of
from fcv_api.web.ward.picture import Shown, label_of, shown
from fcv_api.web.ward.recent import microseconds, outcome_of
from fcv_api.web.ward.recomputed import replayed, what_moved
from fcv_api.web.ward.session import current_session, signed_in
from fcv_api.web.ward.shown import Said, Speaker
from fcv_api.wire.records import values_of

MOST_RECORDS = 150
SIX_HOURS = SLOTS * 5 * 60_000_000
LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Line:
    """A record in the list. reason: of a refusal."""

    id: str
    at: int
    reason: str | None
    score: Score
    said: list[Said]
    model: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A record that was opened: its window, sign by sign, what came of computing it again, and what moved its score."""

    line: Line
    first: int
    last: int
    figures: list[Figure]
    verdict: str
    moved: list[str]


@bp.get("/ward/beds/<encounter>")
@signed_in()
def bed(encounter: str) -> Response:
    """Show one stay."""
    number, speaker = _number(encounter), Speaker(language_of(request), current_service().zone, time_ns() // 1000)
    found = find(number, speaker.now)
    records = _records(number, speaker.now)
    if found is None and not records:
        abort(404)
    html = render_template("ward/bed_part.html", **_words_of(number, found, records, speaker))
    part = Part(html, tag_of(html))
    if request.if_none_match.contains_weak(part.tag):
        return Response(status=304)
    poll = url_for("ward.bed", encounter=number, record=request.args.get("record"))
    response = answer(part, "ward/bed.html", label=found[0].tile.place.label if found else f"#{number}", poll=poll)
    response.set_etag(part.tag)
    return response


def _number(text: str) -> int:
    if not text.removeprefix("-").isdecimal() or not text.isascii() or abs(int(text[:20])) >= LARGEST:
        abort(404)
    return int(text)


def find(number: int, now: int) -> tuple[Shown, Bed | None] | None:
    """Return a stay as it is shown, and what the feed knows of it; None where nothing is known."""
    known = next((each for each in now_known(now) if each.encounter == number), None)
    tiles = [each for group in picture_of(now).groups for each in group.beds if each.tile.place.encounter == number]
    if tiles:
        return tiles[0], known
    return (shown(drawing_of(now), known, label_of(known)), known) if known else None


def _records(number: int, now: int) -> list[Record]:
    since = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=now - CLOSED_AFTER)
    return query.search(Wanted(encounter=number, since=utc_text(since)), MOST_RECORDS)


def _words_of(
    number: int, found: tuple[Shown, Bed | None] | None, records: Sequence[Record], speaker: Speaker
) -> dict[str, object]:
    """Return what the template shows."""
    shows, gone = shown_of(found[0].tile if found else None)
    known = found[1] if found else None
    outcomes = [outcome_of(each) for each in records]
    signs = None
    if known is not None:
        signs = sign_figures(measured(number, speaker.now - SIX_HOURS, speaker.now), speaker)
    record = found[0].tile.place.record if found else None
    scored = next((each for each in records if each.problem is None), None)
    return {
        "number": number,
        "shown": found[0] if found else None,
        "source": known.source if known else None,
        "speaker": speaker,
        "record": record,
        "alerts": by_encounter().get(number, ()),
        "moved": _moved(found[0].tile, records, speaker) if found else [],
        "marks": seen_by([record]).get(record, []) if record else [],
        "session": current_session(),
        "risks": risk_figures([each for each in outcomes if each.id != gone], shows, speaker),
        "signs": signs,
        "unsure": found is not None and found[0].tile.standing.reason == CONFLICT,
        "window": _window(scored, speaker) if scored and signs is None else None,
        "lines": [_line(each, Shows() if each.id == gone else shows, speaker) for each in records],
        "opened": _opened(number, (shows, gone), speaker),
    }


def _moved(tile: Tile, records: Sequence[Record], speaker: Speaker) -> list[str]:
    """Return what moved the score that a tile shows."""
    record = next((each for each in records if each.id == tile.place.record), None)
    return what_moved(record, tile.score, speaker.language)


def shown_of(tile: Tile | None) -> tuple[Shows, str | None]:
    """Return what a stay's page may show, and the record whose score may not be shown any more: it was corrected.

    In a conflict nobody can say whose a score is: there is none on the page.
    """
    reason = tile.standing.reason if tile else None
    gone = tile.place.record if tile and reason == CORRECTED else None
    return (Shows() if reason == CONFLICT else state.shows(state.serving())), gone


def _line(record: Record, shows: Shows, speaker: Speaker) -> Line:
    outcome = outcome_of(record)
    score = shown_score(outcome, shows)
    said = speaker.warnings(shown_warnings(outcome, score))
    model = f"{record.model_name}/{record.model_version}" if record.problem is None else ""
    return Line(record.id, outcome.at, record.problem, score, said, model)


@dataclass(frozen=True, slots=True)
class WindowShown:
    """A recorded window: its ends in microseconds, how many rows it has, and its signs."""

    first: int
    last: int
    count: int
    figures: list[Figure]


def _window(record: Record, speaker: Speaker) -> WindowShown:
    columns = values_of(record) or {}
    ends = microseconds(record.window_first or record.at), microseconds(record.window_last or record.at)
    return WindowShown(*ends, max(map(len, columns.values()), default=0), window_figures(columns, speaker))


def _opened(number: int, may: tuple[Shows, str | None], speaker: Speaker) -> Opened | None:
    """Return the record that was asked for; it must be of this stay. may: as `shown_of` returns it."""
    record = query.find(request.args["record"]) if "record" in request.args else None
    if record is None:
        return None
    if record.encounter != number:
        abort(404)
    line = _line(record, Shows() if record.id == may[1] else may[0], speaker)
    if record.problem is not None:
        return Opened(line, line.at, line.at, [], "", [])
    window = _window(record, speaker)
    moved = what_moved(record, line.score, speaker.language)
    return Opened(line, window.first, window.last, window.figures, replayed(record), moved)
