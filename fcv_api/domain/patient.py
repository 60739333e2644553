"""What the raw window says of the patient: each warning once, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator

from fcv_api.domain.beside import critical_beside
from fcv_api.domain.dangers import asystole, critical, find_dangers, no_pulse, past_danger
from fcv_api.domain.levels import level, level_signs, several_signs, trends, unusual_values
from fcv_api.domain.raw_window import Raw
from fcv_api.domain.words import ScoreWarning


def speak_of_patient(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of the patient, gravest first. Of one sign a graver warning takes the place of a lesser one."""
    dangers = find_dangers(raw)
    grave = {sign for sign, each in dangers.items() if each.critical}
    levels = [sign for sign in level_signs(raw) if sign not in grave]
    yield from (critical(raw, dangers[sign]) for sign in sorted(grave))
    yield from critical_beside(raw)
    yield from asystole(raw)
    yield from no_pulse(raw)
    yield from (level(raw, sign) for sign in levels)
    yield from trends(raw, grave)
    yield from several_signs(raw)
    for sign in sorted(dangers.keys() - grave):
        yield from past_danger(raw, dangers[sign])
    yield from unusual_values(raw, dangers, grave | set(levels))
