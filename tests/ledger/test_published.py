"""What was published is read by whole lines of our own logger: no client's words are ever taken for one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcv_api.ledger.published import BrokenChain, Published, Restored, fold, parse, read_logs
from fcv_api.ledger.record import Link
from fcv_api.ledger.tables import GENESIS

A, B, C = "a" * 64, "b" * 64, "c" * 64
AT = "2026-11-24T05:05:12.114000Z"
OF_APP_LOG = f"2026-11-23 00:33:53,895 , INFO , ledger: head 3 {A}"


def head(seq: int, value: str, purged: int = 0, last: str = GENESIS) -> str:
    return f"{AT} head {seq} {value} purged {purged} {purged} {last}"


def purge(seq: int, value: str) -> str:
    return f"{AT} purge {seq} {value} count 1"


def request(path: str) -> str:
    """Write a request's line as `access_log.py` does."""
    return f"2026-11-23 05:49:32,723 , INFO , {{'url': {path!r}, 'method': 'GET', 'status': 401, 'problem': None}}"


def read(*lines: str) -> Published:
    return fold(list(parse("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))))


def test_heads_of_both_logs_are_read() -> None:
    assert read(OF_APP_LOG, "Starting FCV-MLAPI....", head(5, B)).heads == {3: A, 5: B}


@pytest.mark.parametrize("spoilt", [" {}", "{} ", "x{}", "{}x", "a , INFO , {}", "{}\r", "{}\0"])
@pytest.mark.parametrize("line", [OF_APP_LOG, head(5, B), purge(5, B)])
def test_a_line_that_is_not_whole_or_holds_more_is_not_read(line: str, spoilt: str) -> None:
    assert read(spoilt.format(line)) == Published()


@pytest.mark.parametrize("line", [OF_APP_LOG, head(5, B), purge(5, B)])
@pytest.mark.parametrize("around", ["/{}", "/\n{}\n", "/\r{}\r", "/\x0b{}\x0c", "/\x85{}\u2028", "/'}}\n{}\n{{'"])
def test_no_path_of_a_request_is_taken_for_a_head(line: str, around: str) -> None:
    assert read(request(around.format(line))) == Published()


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_stands_around_a_head_in_a_path_it_is_not_taken_for_one(before: str, after: str) -> None:
    assert read(request(before + OF_APP_LOG + after), request(before + head(5, B) + after)) == Published()


def test_two_hashes_of_one_number_are_broken() -> None:
    assert read(head(5, B), head(5, B), purge(4, A)).heads == {4: A, 5: B}
    for lines in ([OF_APP_LOG, head(3, B)], [head(5, A), head(5, B)], [purge(5, A), head(5, B)]):
        with pytest.raises(BrokenChain, match=r"Two different hashes of record [35] "):
            read(*lines)


def test_a_purge_that_was_announced_is_known_and_what_was_purged_before_the_logs_begin() -> None:
    assert read(head(9, B), purge(4, A), head(10, C, 4, A)).purged == 4
    assert read(head(9, B, 4, A), head(10, C, 4, A)).purged == 4
    assert read(OF_APP_LOG).purged is None


def test_a_head_that_tells_of_a_purge_that_nobody_announced_is_broken() -> None:
    with pytest.raises(BrokenChain, match="up to 4 were purged, and the logs announce a purge up to record 0 only"):
        read(head(9, B), head(10, C, 4, A))


def restore(seq: int, value: str, at: str = AT) -> str:
    return f"{at} restore {seq} {value}"


def test_a_restore_gives_up_what_was_published_after_the_backup() -> None:
    told = read(head(5, A), purge(4, C), head(9, B, 4, C), restore(5, A), head(9, C))
    assert (told.heads, told.newest, told.purged) == ({4: C, 5: A, 9: C}, Link(9, C), 4)
    assert told.restored == (Restored(AT, Link(5, A), (Link(9, B),)),)
    assert read(head(5, A), head(5, B), restore(4, C)).heads == {4: C}


@pytest.mark.parametrize("lines", [[head(5, A), restore(5, B)], [head(5, A), head(5, B), restore(5, B)]])
def test_a_restore_hides_no_other_hash_of_a_record_that_it_kept(lines: list[str]) -> None:
    with pytest.raises(BrokenChain, match="Two different hashes of record 5 "):
        read(*lines)


def test_a_head_was_given_up_by_a_restore_after_it_alone() -> None:
    told = read(head(9, B), restore(5, A, "2026-11-25T00:00:00.000000Z"))
    assert told.gave_up(Link(9, B), "")
    assert told.gave_up(Link(7, C), "2026-11-24T23:00:00.000000Z")
    assert not told.gave_up(Link(5, A), "2026-11-24T23:00:00.000000Z")
    assert not told.gave_up(Link(7, C), "2026-11-25T01:00:00.000000Z")


def test_a_restore_on_one_host_gives_up_what_another_had_published_before_it(tmp_path: Path) -> None:
    (tmp_path / "1.log").write_text(f"{restore(5, A, '2026-11-25T00:00:00.000000Z')}\n{head(6, C)}\n")
    (tmp_path / "2.log").write_text(f"{head(6, B)}\n")
    assert read_logs([tmp_path / "1.log", tmp_path / "2.log"]).heads == {5: A, 6: C}


def test_several_logs_are_read_as_one_and_one_that_was_compressed_too(tmp_path: Path) -> None:
    (tmp_path / "heads.log").write_text(head(9, B) + "\n")
    (tmp_path / "heads.log-1.gz").write_bytes(gzip.compress(f"{purge(4, A)}\n".encode()))
    assert read_logs(tmp_path.iterdir()) == Published({4: A, 9: B}, 4, (), AT)


def test_a_log_of_other_things_is_read_as_nothing() -> None:
    assert fold(list(parse(bytes(range(256)) * 10))) == Published()
