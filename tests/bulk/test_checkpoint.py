"""What an unfinished run leaves: whole files, of one run, for one process."""

from __future__ import annotations

from pathlib import Path

import pytest

from fcv_api.bulk.checkpoint import Checkpoint, OtherRun

ASKED = {"input": ["a.csv", 5, 7], "--rolling": True}


def checkpoint(folder: Path, **other: object) -> Checkpoint:
    return Checkpoint(folder / "out.csv", ASKED | other)


def partitioned(folder: Path) -> Checkpoint:
    begun = checkpoint(folder)
    begun.folder.mkdir()
    begun.begin()
    begun.keep_parts([(b"one", 10), (b"two", 20)])
    return begun


def test_a_part_is_there_until_it_was_scored_and_then_its_scores_are(tmp_path: Path) -> None:
    begun = partitioned(tmp_path)
    assert (begun.rows(), begun.part(1), begun.is_scored(1)) == ([10, 20], b"two", False)
    begun.keep_scores(1, b"TWO")
    begun.keep_scores(0, b"ONE")
    assert [begun.is_scored(number) for number in (0, 1)] == [True, True]
    assert list(begun.scores()) == [b"ONE", b"TWO"]
    assert list((begun.folder / "parts").iterdir()) == []


def test_parts_without_a_plan_are_begun_anew(tmp_path: Path) -> None:
    begun = checkpoint(tmp_path)
    begun.folder.mkdir()
    begun.begin()

    def killed() -> object:
        yield b"one", 10
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begun.keep_parts(killed())  # type: ignore[arg-type]
    assert not begun.is_partitioned
    begun.check()
    begun.begin()
    assert list((begun.folder / "parts").iterdir()) == []


@pytest.mark.parametrize(("name", "value"), [("input", ["a.csv", 6, 7]), ("--rolling", False)])
def test_a_run_is_not_gone_on_with_as_another(tmp_path: Path, name: str, value: object) -> None:
    partitioned(tmp_path).check()
    with pytest.raises(OtherRun, match=f"another {name}. Give the same again to finish it, or --restart"):
        checkpoint(tmp_path, **{name: value}).check()


def test_two_processes_do_not_write_one_output(tmp_path: Path) -> None:
    with (
        checkpoint(tmp_path).locked(),
        pytest.raises(OtherRun, match="Another process is writing"),
        checkpoint(tmp_path).locked(),
    ):
        pass
    with checkpoint(tmp_path).locked():
        pass


def test_nothing_is_left_of_a_run_that_ended(tmp_path: Path) -> None:
    partitioned(tmp_path).remove()
    assert list(tmp_path.iterdir()) == []
