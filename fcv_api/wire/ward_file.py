"""The file of wards (TOML): which beds a page shows, in which order and by what names. An unknown key is an error."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fcv_api.domain.stays import is_of_test

KEYS = ("name", "bed")
BED_KEYS = ("bed", "source", "label")
LONGEST = 80


class WrongWards(Exception):
    """The file of wards is wrong. The message names the place and says what is wanted."""


@dataclass(frozen=True, slots=True)
class ListedBed:
    """A bed of a ward. bed: as `GET /beds` writes it. source: None for whichever names such a bed."""

    bed: str
    label: str
    source: str | None = None

    def is_of(self, source: str, bed: str | None) -> bool:
        """Whether a bed of a source is this one. A test system's is only where the file names it."""
        anybody = self.source is None and not is_of_test(source)
        return self.bed == bed and (anybody or self.source == source)


@dataclass(frozen=True, slots=True)
class Ward:
    """A ward, with its beds in the order in which they stand on the page."""

    name: str
    beds: tuple[ListedBed, ...]


def read_ward_file(file: Path) -> tuple[Ward, ...]:
    """Read a file of wards. Raises WrongWards, with the setting's name and the file's."""
    try:
        return read_wards(file.read_text("utf-8"))
    except WrongWards as error:
        raise WrongWards(f"FCV_WARD_FILE: {file} {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise WrongWards(f"FCV_WARD_FILE: cannot read {file}: {reason}.") from None


def read_wards(text: str) -> tuple[Ward, ...]:
    """Read the file's text. Raises WrongWards."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongWards(f"is no TOML: {error}.") from None
    _refuse_unknown("The file", content, ("ward",))
    wards = tuple(_ward(table) for table in _tables("The file", content, "ward"))
    _refuse_twice([each.name for each in wards], "ward")
    _refuse_twice([(bed.source or "", bed.bed) for ward in wards for bed in ward.beds], "bed")
    return wards


def _ward(table: Mapping[str, Any]) -> Ward:
    name = _text("[[ward]]", table, "name")
    where = f"[[ward]] {name}"
    _refuse_unknown(where, table, KEYS)
    return Ward(name, tuple(_bed(where, each) for each in _tables(where, table, "bed")))


def _bed(where: str, table: Mapping[str, Any]) -> ListedBed:
    bed = _text(f"{where}: [[ward.bed]]", table, "bed")
    where = f"{where}: bed {bed}"
    _refuse_unknown(where, table, BED_KEYS)
    label = _text(where, table, "label") if "label" in table else bed
    return ListedBed(bed, label, _text(where, table, "source") if "source" in table else None)


def _tables(where: str, table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = table.get(key)
    if not (isinstance(found, list) and found and all(isinstance(each, dict) for each in found)):
        raise WrongWards(f"{where} has no list of tables [[{'ward.' if key == 'bed' else ''}{key}]].")
    return found


def _text(where: str, table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if not (isinstance(value, str) and 0 < len(value.strip()) <= LONGEST * 4):
        raise WrongWards(f"{where}: {key} must be a text.")
    if key != "bed" and len(value) > LONGEST:
        raise WrongWards(f"{where}: {key} has more than {LONGEST} characters.")
    return value


def _refuse_unknown(where: str, table: Mapping[str, Any], keys: Collection[str]) -> None:
    if unknown := sorted(table.keys() - keys):
        raise WrongWards(f"{where}: {unknown[0]} is not a key. The keys are: {', '.join(keys)}.")


def _refuse_twice(found: list[Any], what: str) -> None:
    for each in found:
        if found.count(each) > 1:
            raise WrongWards(f"{what} {each if isinstance(each, str) else each[1]} is listed twice.")
