"""Pseudonyms of real identifiers."""

from __future__ import annotations

from fcv_api.feed.pseudonym import Identifier, encounter_of

KEY = "0123456789abcdef" * 4
VISIT = Identifier("uci", "VN", "HOSP", "4711")


def test_the_same_identifier_has_the_same_pseudonym_under_one_key() -> None:
    assert encounter_of(VISIT, KEY) == 5657777122406459365
    assert encounter_of(VISIT, KEY[::-1]) != encounter_of(VISIT, KEY)


def test_each_part_counts_and_none_runs_into_the_next() -> None:
    others = [
        VISIT._replace(source="sala"),
        VISIT._replace(kind="MR"),
        VISIT._replace(authority=""),
        VISIT._replace(value="4712"),
        VISIT._replace(kind="VNH", authority="OSP"),
    ]
    found = {encounter_of(each, KEY) for each in [VISIT, *others]}
    assert len(found) == 6
    assert all(0 <= each < 2**63 for each in found)
