"""The ward: all beds, as a page and as the part of it that its script asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from time import time_ns
from typing import Any, cast

from flask import current_app, render_template, request, url_for
from flask.wrappers import Response
from markupsafe import Markup

from fcv_api.domain.stays import MINUTE
from fcv_api.feed.beds import now_known
from fcv_api.feed.changes import changes
from fcv_api.ledger.outcomes import marked_since, newest_seq
from fcv_api.web.requests import current_service
from fcv_api.web.ward import bp, state
from fcv_api.web.ward.language import language_of
from fcv_api.web.ward.picture import Drawing, Picture, draw, in_ward
from fcv_api.web.ward.session import signed_in
from fcv_api.web.ward.shown import Speaker

MARKS_SHOWN = 12 * 60 * MINUTE
"""Marks on older records are on no tile."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a page shows of now, as HTML; and its tag, by which a poll knows that nothing changed."""

    html: str
    tag: str


@dataclass(slots=True)
class Parts:
    """The picture that was drawn last, and its parts by language and ward. key: of what was so then."""

    key: tuple[Any, ...] = ()
    picture: Picture | None = None
    parts: dict[tuple[str, str | None], Part] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


@bp.get("/ward")
@signed_in()
def ward() -> Response:
    """Show all beds, or those of one ward of the file."""
    return answer(part_of(), "ward/ward.html", poll=url_for("ward.beds", ward=_wanted_ward()))


@bp.get("/ward/beds")
@signed_in(data=True)
def beds() -> Response:
    """Return what `/ward` shows, as its script asks for it; 304 where nothing changed."""
    part = part_of()
    response = Response(part.html, mimetype="text/html")
    response.set_etag(part.tag)
    return cast("Response", response.make_conditional(request))


def answer(part: Part, template: str, **more: object) -> Response:
    """Return a page around a part."""
    return Response(render_template(template, part=Markup(part.html), tag=part.tag, **more))  # noqa: S704


def part_of() -> Part:
    """Return what is shown of now, in a language and of a ward: written once for everybody who looks."""
    now, kept = time_ns() // 1000, _kept()
    wanted = language_of(request), _wanted_ward()
    with kept.lock:
        picture = _drawn(kept, now)
        if wanted not in kept.parts:
            kept.parts[wanted] = written(in_ward(picture, wanted[1]), wanted[0], now)
        return kept.parts[wanted]


def _wanted_ward() -> str | None:
    """Return the ward of the file that was asked for; None for all beds, also where there is no such ward."""
    name = request.args.get("ward")
    return name if name in {each.name for each in current_service().ward.wards} else None


def picture_of(now: int) -> Picture:
    """Return the picture of all beds."""
    kept = _kept()
    with kept.lock:
        return _drawn(kept, now)


def _kept() -> Parts:
    return cast("Parts", current_app.extensions.setdefault("fcv-ward-parts", Parts()))


def _drawn(kept: Parts, now: int) -> Picture:
    """Return the picture, drawn anew where anything changed or a minute ended. The caller holds the lock."""
    answering = state.serving()
    known = *changes(now, state.SOURCE_SILENT), newest_seq(), marked_since(now - MARKS_SHOWN)
    key = (now // MINUTE, answering, *known, state.is_feed_alive())
    if kept.key != key or kept.picture is None:
        drawing = drawing_of(now)
        kept.picture = draw(drawing, current_service().ward.wards, state.notices(answering, now))
        kept.parts, kept.key = {}, key
    return kept.picture


def drawing_of(now: int) -> Drawing:
    """Return what a picture is drawn from. Beds are read first: the record then holds the turn of each."""
    known, shows, recent = now_known(now), state.shows(state.serving()), state.recent()
    recent.update(now, shows)
    return Drawing(known, recent, shows, end_of_minute(now))


def end_of_minute(now: int) -> int:
    """Return the end of the minute: ages are whole minutes, the same for everybody, and never too small."""
    return (now // MINUTE + 1) * MINUTE


def written(picture: Picture, language: Any, now: int) -> Part:  # noqa: ANN401
    """Return a picture as HTML."""
    speaker = Speaker(language, current_service().zone, now)
    html = render_template("ward/part.html", picture=picture, speaker=speaker)
    return Part(html, tag_of(html))


def tag_of(html: str) -> str:
    """Return a tag of a part."""
    return sha256(html.encode()).hexdigest()[:24]
