"""Salted fingerprints of the patients that a model learnt from: they find them again and do not name them.

A patient is known by `idPaciente`, where the labels have it. Each encounter leaves two more: of its number, and of its
number with its first instant, which is its own in any hospital. A hospital's numbers are few, so whoever has the
manifest can try them all; the rounds make that slow, not impossible.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import pbkdf2_hmac
from typing import Any

import numpy as np

from fcv_api.domain.encounter import Encounter
from fcv_api.training.dataset import Cohort, UnusableData

ROUNDS = 1_000
"""Half a millisecond a fingerprint, so a million guessed numbers take ten minutes."""
BYTES = 6
"""Two sets of 20,000 and 1,000 share one by chance once in ten million."""
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """salt: of this model. known: of each patient and encounter."""

    salt: bytes
    rounds: int
    known: frozenset[bytes]

    @classmethod
    def of(cls, cohort: Cohort) -> Fingerprints:
        """Take them of all patients of a cohort, with a new salt."""
        texts = {text for each in cohort.encounters for text in texts_of(each, cohort.labels[each.id].patient)}
        return cls.none().and_those(texts)

    @classmethod
    def none(cls) -> Fingerprints:
        """Return those of nobody, with a new salt."""
        return cls(secrets.token_bytes(16), ROUNDS, frozenset())

    @classmethod
    def read(cls, manifest: dict[str, Any]) -> Fingerprints:
        """Read what `as_manifest` wrote."""
        together = base64.b64decode(manifest["fingerprints"])
        known = (together[start : start + BYTES] for start in range(0, len(together), BYTES))
        return cls(bytes.fromhex(manifest["salt"]), manifest["rounds"], frozenset(known))

    def and_those(self, texts: Iterable[str]) -> Fingerprints:
        """Return these and those of more texts, under the same salt."""
        return Fingerprints(self.salt, self.rounds, self.known | frozenset(map(self.take, texts)))

    def as_manifest(self) -> dict[str, Any]:
        """Write them as a manifest holds them: six bytes each, in Base64."""
        together = base64.b64encode(b"".join(sorted(self.known))).decode()
        return {"salt": self.salt.hex(), "rounds": self.rounds, "fingerprints": together}

    def take(self, text: str) -> bytes:
        """Return the fingerprint of one text."""
        return pbkdf2_hmac("sha256", text.encode(), self.salt, self.rounds)[:BYTES]

    def found(self, cohort: Cohort, *, other_hospital: bool) -> list[int]:
        """Return the encounters of a cohort that are of patients known here.

        other_hospital: numbers name other people there, so only a stay with the same first instant is the same.
        """
        labels = cohort.labels
        return [e.id for e in cohort.encounters if self.knows(e, labels[e.id].patient, other_hospital=other_hospital)]

    def knows(self, encounter: Encounter, patient: str, *, other_hospital: bool) -> bool:
        """Return whether an encounter is of a patient known here. patient: as the labels say whose it is."""
        return self.knows_any(texts_of(encounter, patient), other_hospital=other_hospital)

    def knows_any(self, texts: Iterable[str], *, other_hospital: bool) -> bool:
        """Return the same by the texts of a stay."""
        stay, *numbers = texts
        return any(self.take(text) in self.known for text in ([stay] if other_hospital else [stay, *numbers]))


def refuse_known(known: Fingerprints, cohort: Cohort, model: str, *, other_hospital: bool) -> None:
    """Raise UnusableData where a cohort holds patients that a model learnt from, or other stays of them."""
    if found := known.found(cohort, other_hospital=other_hospital):
        raise learnt_from(model, found, len({cohort.labels[each].patient for each in found}))


def learnt_from(model: str, found: list[int], patients: int) -> UnusableData:
    """Return why encounters, of so many patients, cannot be measured on."""
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return UnusableData(
        f"{model} learnt from {patients} of these patients, and would know them: encounters "
        f"{', '.join(map(str, found[:MOST_NAMED]))}{more}. Leave them out; where the export is another hospital's, "
        "whose numbers name other people, say --other-hospital."
    )


def texts_of(encounter: Encounter, patient: str) -> Iterator[str]:
    """Return what an encounter is known by: the stay first, then its number, and its patient's where there is one."""
    first = encounter.instants.min() if len(encounter.instants) else np.datetime64("NaT")
    return texts_of_stay(encounter.id, first, patient)


def texts_of_stay(number: int, first: np.datetime64, patient: str) -> Iterator[str]:
    """Return the same of a stay. first: its first instant."""
    yield f"stay {number} {np.datetime_as_string(first, unit='s')}"
    yield f"encounter {number}"
    if patient != str(number):
        yield f"patient {patient}"
