"""The reader of the service against a plain one. `make fuzz` compares them on 200,000 bodies."""

from __future__ import annotations

from differential import compare


def test_2000_spoilt_bodies_are_read_as_a_plain_reader_reads_them() -> None:
    kinds = compare(2_000, seed=3)
    assert kinds.total() == 2_000
    assert kinds["read"] > 400
    assert {"NotJson", "InvalidBody", "InvalidRows", "ValidationError"} <= kinds.keys()
