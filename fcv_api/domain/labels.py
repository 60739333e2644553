"""Short names of what people read on a page: warnings, signs and states, in English and Spanish.

The sentences of warnings stand in `messages.WORDS`, and those of refusals in the table of problems.
"""

from __future__ import annotations

import re

from fcv_api.domain.messages import Pair
from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.domain.words import ScoreWarning, number

TITLES: dict[str, Pair] = {
    "unvalidated_model": ("Model not validated", "Modelo no validado"),
    "stale": ("Old data", "Datos viejos"),
    "critical_value": ("Critical value", "Valor crítico"),
    "asystole": ("Heart rate of 0 measured", "Frecuencia cardíaca de 0 medida"),
    "no_pulse": ("ECG without a pulse", "ECG sin pulso"),
    "level": ("Somebody should look", "Alguien debe mirar"),
    "trend": ("Trend", "Tendencia"),
    "several_signs": ("Several signs are off", "Varios signos alterados"),
    "past_danger": ("Critical earlier", "Crítico antes"),
    "unusual_value": ("Unusual value", "Valor inusual"),
    "not_adult": ("No adult?", "¿No es adulto?"),
    "rate_mismatch": ("Heart and pulse rate differ", "Corazón y pulso difieren"),
    "flat_line": ("Flat line", "Línea plana"),
    "implausible_value": ("Implausible values dropped", "Valores no plausibles descartados"),
    "questionable_value": ("Doubtful values", "Valores dudosos"),
    "filled": ("Gaps were filled", "Huecos rellenados"),
    "conflicting_values": ("Conflicting values", "Valores en conflicto"),
    "irregular_sampling": ("Irregular data", "Datos irregulares"),
    "resampled": ("Dense rows, read in slots", "Filas densas, leídas por intervalos"),
    "not_entered": ("Never entered", "Nunca ingresado"),
    "unknown_unit": ("Unknown unit", "Unidad desconocida"),
    "undecided": ("The model is undecided", "El modelo está indeciso"),
}
"""By code of a warning."""

SIGN_LABELS: dict[str, Pair] = {
    "MDC_BLD_PERF_INDEX": ("Perfusion index", "Índice de perfusión"),
    "MDC_ECG_HEART_RATE": ("Heart rate", "Frecuencia cardíaca"),
    "MDC_ECG_V_P_C_RATE": ("Premature beats", "Extrasístoles"),
    "MDC_LEN_BODY_ACTUAL": ("Height", "Estatura"),
    "MDC_MASS_BODY_ACTUAL": ("Weight", "Peso"),
    "MDC_PULS_OXIM_PULS_RATE": ("Pulse rate", "Frecuencia del pulso"),
    "MDC_PULS_OXIM_SAT_O2": ("Oxygen saturation", "Saturación de oxígeno"),
    "MDC_TEMP": ("Temperature", "Temperatura"),
    "MDC_TTHOR_RESP_RATE": ("Respiratory rate", "Frecuencia respiratoria"),
}

STATE_LABELS: dict[State, Pair] = {
    State.CARDIAC_ARREST: ("Cardiac arrest", "Paro cardíaco"),
    State.LOW_CARDIAC_OUTPUT: ("Low cardiac output", "Bajo gasto cardíaco"),
    State.CARDIOGENIC_SHOCK: ("Cardiogenic shock", "Choque cardiogénico"),
    State.NONE_OF_THESE: ("None of the three", "Ninguno de los tres"),
}

TOGETHER = "\N{NO-BREAK SPACE}"
"""Between a value and its unit: a line never ends there."""
SAID_BY_VALUES = ("critical_value", "level", "trend")
"""Their sign and values say it from the door, on one line: how loud they are the bed says itself."""
_MDC = re.compile("|".join(SIGN_LABELS))
FROM_TO, ENDS = ("first", "last"), ("lowest", "highest")


def in_language(pair: Pair, language: str) -> str:
    """Return a text of a table. language: "en" or "es"."""
    return pair[language == "es"]


def sentence_of(warning: ScoreWarning, language: str) -> str:
    """Return a warning's sentence, with the names that people use. Of an old record there is English alone.

    That of an undecided score holds shares of the model's answer, which no page shows.
    """
    if warning.code == "undecided":
        return in_language(TITLES["undecided"], language)
    text = (warning.detail_es or warning.detail) if language == "es" else warning.detail
    return _MDC.sub(lambda found: in_language(SIGN_LABELS[found[0]], language), text)


def headline_of(warning: ScoreWarning, language: str) -> str:
    """Return a warning in a few words, with its sign and values: what is read from the door."""
    title = in_language(TITLES[warning.code], language) if warning.code in TITLES else warning.code
    if warning.sign not in SIGN_LABELS:
        return title
    label, values = in_language(SIGN_LABELS[warning.sign], language), _values(warning, language)
    if values and warning.code in SAID_BY_VALUES:
        return f"{label} {values}"
    return f"{title}: {label} {values}" if values else f"{title}: {label}"


def _values(warning: ScoreWarning, language: str) -> str:
    """Return the values of a warning, with their unit; empty where it has none."""
    figures, unit = warning.figures, SIGNS[INDEX_BY_NAME[warning.sign or ""]].unit.words
    found = [figures.get(name) for name in FROM_TO] if "first" in figures else []
    found = found or [figures.get(name) for name in ENDS if name in figures]
    found = found or [figures[name] for name in ("level", "value") if name in figures]
    values = [number(float(each))[language == "es"] for each in found if isinstance(each, (int, float))]
    if warning.code not in ("critical_value", "level", "trend", "unusual_value", "past_danger", "flat_line"):
        return ""
    distinct = list(dict.fromkeys(values))
    joint = "→" if "first" in figures else "-"
    return f"{joint.join(distinct)}{TOGETHER}{unit}" if distinct else ""
