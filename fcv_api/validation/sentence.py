"""What a validation found, in one sentence, and of whom, in English and in Spanish."""

from __future__ import annotations

from fcv_api.lstm.attest import FEWEST_EVENTS
from fcv_api.validation.cells import Members
from fcv_api.validation.spanish import in_spanish

OPENINGS = {
    "en": {
        "title": "Does {} work here?",
        "whom": (
            "{patients} patients, {encounters} stays and {windows} windows from {first} to {last}; origin: {origin}."
        ),
        "split": "Measured on stays that began from {} on; what came before was for baselines and a refit.",
        "unsplit": "Nothing was split.",
        "policy": (
            "Alarms go by policy {policy} (sha256 {sha256}), with {silence_minutes:g} minutes of silence; simpler "
            "scorers ring at most as often before onsets."
        ),
        "thresholds": (
            "Alarms go by no policy: by thresholds with at most 1.2 and 4.8 alarms a patient-day before onsets."
        ),
        "end": (
            "Intervals are 95 %, over patients; of a kind of patient who is not here they cannot know. † stands beside "
            "a figure that rests on one patient: theirs is more than half of its variance. "
            "docs/validate.md defines each figure."
        ),
    },
    "es": {
        "title": "¿Funciona {} aquí?",
        "whom": (
            "{patients} pacientes, {encounters} estancias y {windows} ventanas de {first} a {last}; origen: {origin}."
        ),
        "split": "Medido en estancias que empezaron desde {}; lo anterior fue para modelos simples y un reajuste.",
        "unsplit": "No se dividió nada.",
        "policy": (
            "Las alarmas siguen la política {policy} (sha256 {sha256}), con {silence_minutes:g} minutos de silencio; "
            "los modelos simples suenan como máximo tan a menudo antes de los comienzos."
        ),
        "thresholds": (
            "Las alarmas no siguen una política, sino umbrales con 1,2 y 4,8 alarmas por paciente y día como máximo "
            "antes de los comienzos."
        ),
        "end": (
            "Los intervalos son de 95 %, sobre pacientes; de una clase de pacientes que no está aquí no pueden saber. "
            "† está junto a una cifra que depende de un paciente: suya es más de la mitad de su varianza. "
            "docs/validate.es.md define cada cifra."
        ),
    },
}
"""What stands over the tables, by language."""


def sentence(report: Members) -> tuple[str, str]:
    """Return the sentence in both languages."""
    data, counts = report["data"], sum(report["events"].values())
    if "found_ahead" not in report["alarms"][-1]:
        return _unanswered(report["model"], counts, data["patients"])
    early = report["alarms"][-1]["found_ahead"]["15"]
    share = f"{early['value']:.0%}, {early['low']:.0%}-{early['high']:.0%}"
    rings = report["alarms"][-1]["whole_stays"]["alarms_per_patient_day"]["value"]
    english = (
        f"Among {data['patients']} patients, {report['model']} found {early['count']} of {early['of']} onsets "
        f"({share}) at least 15 minutes ahead, at {rings:.1f} alarms a patient-day."
    )
    spanish = (
        f"En {data['patients']} pacientes, {report['model']} encontró {early['count']} de {early['of']} comienzos "
        f"({share}) al menos 15 minutos antes, con {in_spanish(f'{rings:.1f}')} alarmas por paciente y día."
    )
    return english, spanish


def opening(report: Members, language: str) -> tuple[str, str]:
    """Return the page's title, and what stands over its tables: who was measured, and by which alarms."""
    policy, at, words = report["policy"], report["split"]["at"], OPENINGS[language]
    return words["title"].format(report["model"]), " ".join(
        (
            words["whom"].format_map(report["data"]),
            words["split" if at else "unsplit"].format(at),
            words["policy" if policy else "thresholds"].format_map(policy or {}),
            words["end"],
        )
    )


def _unanswered(model: str, events: int, patients: int) -> tuple[str, str]:
    english = (
        f"With {events} events in {patients} patients it cannot be answered whether {model} works here: "
        f"{FEWEST_EVENTS} at least are needed of a state."
    )
    spanish = (
        f"Con {events} eventos en {patients} pacientes no se puede responder si {model} funciona aquí: se necesitan "
        f"al menos {FEWEST_EVENTS} de un estado."
    )
    return english, spanish
