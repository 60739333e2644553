"""What a validation found, in one sentence, in English and in Spanish."""

from __future__ import annotations

from fcv_api.lstm.attest import FEWEST_EVENTS
from fcv_api.validation.cells import Members


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
        f"({share}) al menos 15 minutos antes, con {rings:.1f} alarmas por paciente y día."
    )
    return english, spanish


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
