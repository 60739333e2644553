"""The page of a validation in Spanish: every title, head and cell that `tables` writes in English.

The names of the report's members, of models, signs and problems stay as they are: they are what a reader looks up.
"""

from __future__ import annotations

import re

from fcv_api.lstm.attest import FEWEST_EVENTS
from fcv_api.training.tables import Table
from fcv_api.validation.spanish_phrases import PHRASES

ENGLISH, SPANISH = LANGUAGES = "en", "es"
PATTERNS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern), spanish)
    for pattern, spanish in (
        (r"(.+) † rests on one patient \((\d+%)\)", "{0} † depende de un paciente ({1})"),
        (r"(.+) \((\d+) events\)", "{0} ({1} eventos)"),
        (r"(\d+) of (\d+): (.+)", "{0} de {1}: {2}"),
        (r"(-|[-+\d.]+) \((-|[-+\d.]+) to (-|[-+\d.]+)\)", "{0} ({1} a {2})"),
        (
            r"Events: stays with a window within (\S+) minutes before the onset",
            ("Eventos: estancias con una ventana en los {0} minutos antes del comienzo"),
        ),
        (rf"cannot be answered: under ({FEWEST_EVENTS}) events", "no se puede responder: menos de {0} eventos"),
        (r"figures are rough: under (\d+) events", "las cifras son aproximadas: menos de {0} eventos"),
        (r"(\d+) minutes ahead or more", "{0} minutos antes o más"),
        (r"PPV at (\S+) onsets a patient-day", "VPP con {0} comienzos por paciente y día"),
        (r"policy (\S+)", "política {0}"),
        (
            r"Onsets found by policy (\S+) in the two hours before, and lead time",
            ("Comienzos hallados por la política {0} en las dos horas previas, y antelación"),
        ),
        (r"Burden of policy (\S+) over whole stays", "Carga de la política {0} en estancias enteras"),
        (
            r"Refit \((\w+)\), saved as (\S+): the late part, before and after",
            ("Reajuste ({0}), guardado como {1}: la parte tardía, antes y después"),
        ),
        (
            r"the model is better than (.+) by (\S+) \((\S+) to (\S+)\)",
            "el modelo es mejor que {0} por {1} ({2} a {3})",
        ),
        (
            r"the model and (.+) are not told apart: (\S+) \((\S+) to (\S+)\)",
            ("el modelo y {0} no se distinguen: {1} ({2} a {3})"),
        ),
        (r"the model and (.+) cannot be compared", "el modelo y {0} no se pueden comparar"),
        (r"(.+) is better by (\S+) \((\S+) to (\S+)\)", "{0} es mejor por {1} ({2} a {3})"),
        (
            r"one bed \((.+)\) gives half of all windows or more: the figures are of that bed",
            ("una cama ({0}) da la mitad de las ventanas o más: las cifras son de esa cama"),
        ),
        (
            r"one patient gives half of all windows or more: the figures are of that patient",
            ("un paciente da la mitad de las ventanas o más: las cifras son de ese paciente"),
        ),
        (
            r"Evidence of this model: (\S+)\. Horizon: (\S+) minutes\.",
            "Evidencia de este modelo: {0}. Horizonte: {1} minutos.",
        ),
        (r"([-+]?\d+)\.(\d+)(%?)", "{0},{1}{2}"),
    )
]


def in_language(text: str, language: str) -> str:
    """Return a title, head, cell or sentence of the page in a language; what has no Spanish is a name or a code."""
    return text if language == ENGLISH else in_spanish(text)


def in_spanish(text: str) -> str:
    """Return a text in Spanish, with a decimal comma."""
    if text in PHRASES:
        return PHRASES[text]
    for pattern, spanish in PATTERNS:
        if found := pattern.fullmatch(text):
            return spanish.format(*map(in_spanish, found.groups()))
    return text


def table_in(table: Table, language: str) -> Table:
    """Return a table in a language."""
    title, head, rows = table
    return (
        in_language(title, language),
        [in_language(cell, language) for cell in head],
        [[in_language(cell, language) for cell in row] for row in rows],
    )
