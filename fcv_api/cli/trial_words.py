"""What a silent trial says, in English and in Spanish. Names of models, sites and problems are codes in both."""

from __future__ import annotations

from dataclasses import dataclass

from fcv_api.lstm.attest import FEWEST_EVENTS
from fcv_api.validation.spanish import ENGLISH, LANGUAGES, in_language

SWAPPED = str.maketrans(",.", ".,")
PHRASES = {
    "whom": (
        "Candidate {model} on {windows} recorded windows of {stays} stays.",
        "Candidato {model} en {windows} ventanas registradas de {stays} estancias.",
    ),
    "by": ("Answered by {models}, from {first} to {last}.", "Respondió {models}, de {first} a {last}."),
    "stays": ("Stays:", "Estancias:"),
    "no_outcomes": (
        (
            "No outcome of these stays was imported (`fcv outcomes import`): nothing can be said of sensitivity, lead "
            "time or calibration. That two models agree does not say that either is right."
        ),
        (
            "No se importó ningún desenlace de estas estancias (`fcv outcomes import`): nada puede decirse de "
            "sensibilidad, antelación ni calibración. Que dos modelos coincidan no dice que alguno tenga razón."
        ),
    ),
    "answered": ("answered", "respondió"),
    "candidate": ("candidate", "candidato"),
    "difference": ("difference (95 %)", "diferencia (95 %)"),
    "alarms": ("Alarms by {rule}, over {days} patient-days:", "Alarmas por {rule}, en {days} días de paciente:"),
    "whole": ("alarms a patient-day, whole stays", "alarmas por día, estancias enteras"),
    "before": ("alarms a patient-day, before onsets", "alarmas por día, antes de comienzos"),
    "gained": (
        "Stays with an alarm gained, which the candidate alone would have rung for: {count}.",
        "Estancias con una alarma ganada, por las que solo el candidato habría sonado: {count}.",
    ),
    "lost": (
        "Stays with an alarm lost, which the one that answered alone would have rung for: {count}.",
        "Estancias con una alarma perdida, por las que solo el que respondió habría sonado: {count}.",
    ),
    "more": ("and {count} more: --json names all.", "y {count} más: --json las nombra todas."),
    "policy": ("policy {policy}", "la política {policy}"),
    "policy_in_force": ("policy {policy}, which is in force", "la política {policy}, que está en vigor"),
    "at_most": (
        "at most {most} alarms a patient-day before onsets",
        "como máximo {most} alarmas por paciente y día antes de comienzos",
    ),
    "threshold": (
        "one threshold for both ({first}: {at_most}, of the model that answered; no policy is in force)",
        "un umbral para ambos ({first}: {at_most}, del modelo que respondió; ninguna política está en vigor)",
    ),
    "own_thresholds": (
        "a threshold for each ({first} and {second}: {at_most}, of each)",
        "un umbral para cada uno ({first} y {second}: {at_most}, de cada uno)",
    ),
    "none": ("none", "ninguno"),
    "found": ("onsets found, {what}", "comienzos hallados, {what}"),
    "lead_time": ("lead time", "antelación"),
    "any": ("any of the three", "cualquiera"),
    "median": ("minutes from alarm to onset, median", "minutos de alarma a comienzo, mediana"),
    "ahead": ("found {minutes} minutes ahead or more", "hallados {minutes} minutos antes o más"),
    "by_window": ("By window, before onsets:", "Por ventana, antes de comienzos:"),
    "named": ("named by State", "nombradas por State"),
    "cannot": (
        f"cannot be answered: under {FEWEST_EVENTS} events",
        f"no se puede responder: menos de {FEWEST_EVENTS} eventos",
    ),
    "few": (" ({count} events)", " ({count} eventos)"),
    "refusals": (
        "Refusals, of {asked} windows after the first 95 minutes of stays:",
        "Rechazos, de {asked} ventanas tras los primeros 95 minutos de las estancias:",
    ),
    "refused": ("share refused", "parte rechazada"),
    "no_kappa": ("cannot be computed", "no se puede calcular"),
    "same": (
        "Same state in {same} of {windows} windows; Cohen's kappa {kappa}. By state:",
        "El mismo estado en {same} de {windows} ventanas; kappa de Cohen {kappa}. Por estado:",
    ),
    "both": ("both in {both} of {either} that either named", "ambos en {both} de {either} que alguno nombró"),
    "largest": (
        "Largest difference of a probability: median {median}, most {most}.",
        "La mayor diferencia de una probabilidad: mediana {median}, máxima {most}.",
    ),
    "bed": (", bed {bed}", ", cama {bed}"),
    "unknown": ("outcome not known", "desenlace desconocido"),
    "onset": (" at {onset}", " a las {onset}"),
    "stay": (
        "{encounter}{bed}: first alarm {first}, {alarms} in all; {came}{onset}",
        "{encounter}{bed}: primera alarma {first}, {alarms} en total; {came}{onset}",
    ),
    "to": ("to", "a"),
    "higher": ("higher", "mayor"),
    "lower": ("lower", "menor"),
    "not told apart": ("not told apart", "no se distinguen"),
    "cannot be compared": ("cannot be compared", "no se pueden comparar"),
}
"""By name, in the order of `LANGUAGES`."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    language: str = ENGLISH

    def say(self, name: str, **given: object) -> str:
        """Return a phrase."""
        return PHRASES[name][LANGUAGES.index(self.language)].format(**given)

    def number(self, value: float, form: str = ",") -> str:
        """Return a number as it is written, `-` for NaN: Spanish has a decimal comma."""
        if value != value:  # noqa: PLR0124 - NaN
            return "-"
        text = f"{value:{form}}"
        return text if self.language == ENGLISH else text.translate(SWAPPED)

    def known(self, text: str) -> str:
        """Return what a validation's page says too, such as what became of a stay."""
        return in_language(text, self.language)
