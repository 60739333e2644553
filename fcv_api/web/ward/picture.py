"""The picture of all beds: those that the feed knows, and those that come by `/predict`, at their places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from fcv_api.alerts.query import Holding
from fcv_api.domain.prediction import State
from fcv_api.domain.stays import is_of_test
from fcv_api.domain.ward import (
    CONFLICT,
    CORRECTED,
    OVERDUE,
    WAITS,
    Condition,
    Place,
    Standing,
    Tile,
    standing_of,
    strip_of,
    tile_of,
)
from fcv_api.domain.ward_line import SixHours, six_hours
from fcv_api.domain.ward_score import Outcome, Shows
from fcv_api.feed.beds import Bed, Status
from fcv_api.ledger.seen import Mark, seen_by
from fcv_api.web.ward.alerted import by_encounter
from fcv_api.web.ward.bed_names import natural, readable
from fcv_api.web.ward.recent import Course, Recent, warnings_of
from fcv_api.web.ward.state import Notice
from fcv_api.wire.ward_file import ListedBed, Ward


@dataclass(frozen=True, slots=True)
class Shown:
    """A tile, with its line of six hours; None where nobody can say whose the hours are."""

    tile: Tile
    line: SixHours | None


@dataclass(frozen=True, slots=True)
class Group:
    """Beds under one heading. name: None for those of no ward. is_test: they are of test systems."""

    name: str | None
    beds: tuple[Shown, ...]
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a page of the ward shows. left_out: patients for whom there was no room.

    seen: marks, by record. alerts: those that hold, by encounter.
    """

    groups: tuple[Group, ...]
    strip: tuple[Tile, ...]
    notices: tuple[Notice, ...]
    left_out: int
    seen: Mapping[str, Sequence[Mark]]
    alerts: Mapping[int, Sequence[Holding]]

    @property
    def count(self) -> int:
        """How many beds there are."""
        return sum(len(group.beds) for group in self.groups)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a picture is drawn from. known: read before `recent`, which then knows the turns of all of them.

    now: in microseconds; of ages, the end of this minute.
    """

    known: Sequence[Bed]
    recent: Recent
    shows: Shows
    now: int


def draw(drawing: Drawing, wards: Sequence[Ward], notices: Iterable[Notice]) -> Picture:
    """Return the picture of now. Test systems' beds stand apart, at its end, and never in the strip."""
    known = [each for each in drawing.known if not is_of_test(each.source)]
    # A bed of the file has its place whether anything is known of it or not.
    groups = [Group(ward.name, tuple(_at(drawing, place, known) for place in ward.beds)) for ward in wards]
    listed = {id(bed) for ward in wards for place in ward.beds for bed in known if place.is_of(bed.source, bed.bed)}
    others = [each for each in known if id(each) not in listed]
    beds = [*_by_feed(drawing, others), *_by_predict(drawing, drawing.known)]
    groups += [Group(None, tuple(beds))] if beds else []
    strip = strip_of([each.tile for group in groups for each in group.beds])
    tests = _by_feed(drawing, [each for each in drawing.known if is_of_test(each.source)])
    groups += [Group(None, tuple(tests), is_test=True)] if tests else []
    tiles = [each.tile for group in groups for each in group.beds]
    seen = seen_by([each.place.record for each in tiles if each.place.record])
    return Picture(tuple(groups), tuple(strip), tuple(notices), len(drawing.recent.left_out), seen, by_encounter())


def _at(drawing: Drawing, place: ListedBed, known: Sequence[Bed]) -> Shown:
    own = [bed for bed in known if place.is_of(bed.source, bed.bed)]
    if not own:
        empty = Place(_key(place.source or "", place.bed), place.label, None)
        return Shown(tile_of(empty, Standing(Condition.EMPTY, drawing.now), drawing.shows, drawing.now), None)
    return shown(drawing, _of_now(own), place.label)


def _by_feed(drawing: Drawing, known: Iterable[Bed]) -> list[Shown]:
    """Return the beds that no file lists, by their names: numbers in a name as numbers."""
    by_place: dict[tuple[str, str], list[Bed]] = {}
    for bed in known:
        by_place.setdefault((bed.source, bed.bed or f"#{bed.encounter}"), []).append(bed)
    names = Counter(name for _source, name in by_place)
    found = []
    for (source, name), own in sorted(by_place.items(), key=lambda each: (natural(each[0][1]), each[0][0])):
        label = f"{readable(name)} · {source}" if names[name] > 1 or is_of_test(source) else readable(name)
        found.append(shown(drawing, _of_now(own), label))
    return found


def label_of(bed: Bed) -> str:
    """Return the label of a bed that no tile is of."""
    return readable(bed.bed) if bed.bed else f"#{bed.encounter}"


def _of_now(own: Sequence[Bed]) -> Bed:
    """Return which of the stays of one bed its tile is of: an open one, a conflict first, then the newest."""
    return max(own, key=lambda bed: (bed.status != Status.CLOSED, bed.reason == CONFLICT, bed.newest))


def _by_predict(drawing: Drawing, known: Iterable[Bed]) -> list[Shown]:
    """Return the encounters that the feed does not know, by number: they name no bed."""
    named = {bed.encounter for bed in known}
    found = []
    for encounter, course in sorted(drawing.recent.courses.items()):
        if encounter not in named and not course.is_by_turn:
            standing = standing_of(course.last, drawing.now, course.since)
            place = Place(f"e{encounter}", f"#{encounter}", encounter, course.last.id)
            tile = tile_of(place, standing, drawing.shows, drawing.now)
            found.append(Shown(tile, six_hours(course.points, drawing.now)))
    return found


def shown(drawing: Drawing, bed: Bed, label: str) -> Shown:
    """Return a bed that the feed knows as it is shown."""
    course = drawing.recent.courses.get(bed.encounter) if bed.encounter is not None else None
    key = _key(bed.source, bed.bed or "") if bed.encounter is None else f"e{bed.encounter}"
    place = Place(key, label, bed.encounter, bed.turn.id if bed.turn else None)
    tile = tile_of(place, _standing(bed, course), drawing.shows, drawing.now)
    if bed.reason == CONFLICT or bed.encounter is None:
        return Shown(tile, None)
    points = list(course.points) if course else []
    if bed.reason == CORRECTED and bed.turn:  # what was corrected hides at once, on the line too
        points = [each for each in points if each.at != bed.turn.slot]
    return Shown(tile, six_hours(points, drawing.now))


def _standing(bed: Bed, course: Course | None) -> Standing:
    """Return how a bed of the feed stands. One that is not scored says since when it was not."""
    condition, reason, since = Condition(bed.status.value), bed.reason, bed.since
    if condition is Condition.SCORED:
        return Standing(condition, since, None, _outcome(bed, course))
    if condition is Condition.NOT_SCORED and reason not in (CONFLICT, CORRECTED):
        reason = OVERDUE if reason == WAITS and bed.turn is not None else reason
        since = course.since if course and course.since else since
    return Standing(condition, since, reason)


def _outcome(bed: Bed, course: Course | None) -> Outcome | None:
    """Return the record of a bed's last turn. Where there was no room for it, nobody knows of which model it is."""
    if bed.turn is None or bed.turn.state is None:
        return None
    if course and course.turn and course.turn.id == bed.turn.id:
        return course.turn
    return Outcome(bed.turn.id, bed.turn.slot, None, State(bed.turn.state), None, warnings_of(bed.turn.warnings))


def _key(source: str, bed: str) -> str:
    """Return how a bed without a patient is named within a page: its own name may be any text."""
    return f"b{sha256(f'{source} {bed}'.encode()).hexdigest()[:12]}"


def in_ward(picture: Picture, name: str | None) -> Picture:
    """Return one ward of a picture; all of it where none of that name is there."""
    groups = tuple(group for group in picture.groups if group.name == name)
    if name is None or not groups:
        return picture
    strip = strip_of([each.tile for group in groups for each in group.beds])
    return replace(picture, groups=groups, strip=tuple(strip), left_out=0)
