"""What a validation found, in one sentence, and of whom, in English and in Spanish."""

from __future__ import annotations

from collections.abc import Iterator

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


def opening(report: Members, language: str) -> tuple[str, str]:
    """Return the page's title, and what stands over its tables: who was measured, and by which alarms."""
    data, policy, at = report["data"], report.get("policy"), report["split"]["at"]
    if language == "es":
        return f"¿Funciona {report['model']} aquí?", " ".join(_opening_in_spanish(data, policy, at))
    return f"Does {report['model']} work here?", " ".join(_opening_in_english(data, policy, at))


def _opening_in_english(data: Members, policy: Members | None, at: str | None) -> Iterator[str]:
    yield (
        f"{data['patients']} patients, {data['encounters']} stays and {data['windows']} windows from {data['first']} "
        f"to {data['last']}; origin: {data['origin']}."
    )
    later = f"Measured on stays that began from {at} on; what came before was for baselines and a refit."
    yield "Nothing was split." if at is None else later
    if policy:
        yield (
            f"Alarms go by policy {policy['policy']} (sha256 {policy['sha256']}), with {policy['silence_minutes']:g} "
            "minutes of silence; simpler scorers ring at most as often before onsets."
        )
    else:
        yield "Alarms go by no policy: by thresholds with at most 1.2 and 4.8 alarms a patient-day before onsets."
    yield "Intervals are 95 %, over patients; of few events those of AUPRC, Brier skill and slope are too narrow."
    yield "docs/validate.md defines each figure."


def _opening_in_spanish(data: Members, policy: Members | None, at: str | None) -> Iterator[str]:
    yield (
        f"{data['patients']} pacientes, {data['encounters']} estancias y {data['windows']} ventanas de {data['first']} "
        f"a {data['last']}; origen: {data['origin']}."
    )
    later = f"Medido en estancias que empezaron desde {at}; lo anterior fue para modelos simples y un reajuste."
    yield "No se dividió nada." if at is None else later
    if policy:
        yield (
            f"Las alarmas siguen la política {policy['policy']} (sha256 {policy['sha256']}), con "
            f"{policy['silence_minutes']:g} minutos de silencio; los modelos simples suenan como máximo tan a "
            "menudo antes de los comienzos."
        )
    else:
        yield (
            "Las alarmas no siguen una política, sino umbrales con 1,2 y 4,8 alarmas por paciente y día como máximo "
            "antes de los comienzos."
        )
    yield (
        "Los intervalos son de 95 %, sobre pacientes; con pocos eventos los de AUPRC, habilidad de Brier y pendiente "
        "son demasiado estrechos."
    )
    yield "docs/validate.es.md define cada cifra."


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
