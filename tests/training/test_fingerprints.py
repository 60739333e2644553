"""Fingerprints of the patients that a model learnt from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import orjson
import pytest

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import State
from fcv_api.training.dataset import Cohort, Label, UnusableData
from fcv_api.training.fingerprints import Fingerprints, refuse_known

START = np.datetime64("2024-03-03T00:00", "us")


def cohort(whose: dict[int, str], start: np.datetime64 = START) -> Cohort:
    """Return a cohort of short stays, by encounter and patient."""
    nothing = np.array([0], dtype=np.intp), np.array([1.0]), np.array([start])
    labels = {number: Label(State.NONE_OF_THESE, None, patient) for number, patient in whose.items()}
    return Cohort([Encounter(number, *nothing) for number in whose], labels)


def found(learnt: Cohort, measured: Cohort, *, other_hospital: bool = False) -> list[int]:
    manifest = orjson.loads(orjson.dumps(Fingerprints.of(learnt).as_manifest()))
    return Fingerprints.read(manifest).found(measured, other_hospital=other_hospital)


def test_a_training_patient_is_found_again_and_no_other() -> None:
    assert found(cohort({1: "1", 2: "2"}), cohort({2: "2", 3: "3"})) == [2]


def test_another_stay_of_a_training_patient_is_found() -> None:
    assert found(cohort({1: "ana"}), cohort({5: "ana", 6: "eva"}, START + np.timedelta64(30, "D"))) == [5]


def test_a_stay_is_found_though_only_one_of_the_files_names_its_patient() -> None:
    assert found(cohort({1: "1"}), cohort({1: "ana"})) == [1]
    assert found(cohort({1: "ana"}), cohort({1: "1"})) == [1]


def test_the_numbers_of_another_hospital_name_other_people_but_a_stay_is_itself() -> None:
    later = cohort({1: "ana"}, START + np.timedelta64(1, "h"))
    assert found(cohort({1: "ana"}), later, other_hospital=True) == []
    assert found(cohort({1: "ana"}), cohort({1: "ana"}), other_hospital=True) == [1]


def test_each_model_has_a_salt_of_its_own_and_its_manifest_names_nobody() -> None:
    one, two = (Fingerprints.of(cohort({1: "ana"})).as_manifest() for _ in range(2))
    assert one["salt"] != two["salt"]
    assert one["fingerprints"] != two["fingerprints"]
    assert "ana" not in str(one)


def test_known_patients_are_refused_in_a_sentence_that_names_them() -> None:
    known = Fingerprints.of(cohort(dict.fromkeys(range(5), "ana")))
    with pytest.raises(UnusableData, match=r"ours/1 learnt from 1 of these patients.*encounters 0, 1, 2 and 2 more"):
        refuse_known(known, cohort(dict.fromkeys(range(5), "ana")), "ours/1", other_hospital=False)
    refuse_known(replace(known, known=frozenset()), cohort({1: "ana"}), "ours/1", other_hospital=False)
