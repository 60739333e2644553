"""What the pages say of beds, in English and Spanish, beside the words of warnings, signs and refusals.

No text says that a patient is well: a score is of three dangers, and the page knows of no other.
"""

from __future__ import annotations

from fcv_api.domain.messages import Pair
from fcv_api.web.problems import PROBLEMS
from fcv_api.web.ward.language import Language

SHOWN: dict[str, Pair] = {
    "look_first": ("Look here first", "Mire aquí primero"),
    "nothing_first": (
        "No bed warns, and each is scored. That is no statement of health.",
        "Ninguna cama advierte y todas tienen puntaje. No es una declaración de salud.",
    ),
    "no_beds": ("No bed has sent anything in the last 12 hours.", "Ninguna cama ha enviado datos en las últimas 12 h."),
    "other_beds": ("Other beds", "Otras camas"),
    "test_beds": ("Test systems: no patients", "Sistemas de prueba: no son pacientes"),
    "beds": ("Beds", "Camas"),
    "left_out": (
        "{count} patients more are not on this page. Name the ward's beds in its file.",
        "{count} pacientes más no están en esta página. Nombre las camas de la unidad en su archivo.",
    ),
    "only_warnings": (
        "Warnings only: no score is shown here.",
        "Solo advertencias: aquí no se muestra ningún puntaje.",
    ),
    "no_attested": (
        "No score is shown: the model is not validated on patients of this hospital.",
        "No se muestra ningún puntaje: el modelo no está validado con pacientes de este hospital.",
    ),
    "no_model": (
        "No verified model: no bed is scored.",
        "No hay un modelo verificado: ninguna cama recibe puntaje.",
    ),
    "model_refused": (
        "The model that was activated last was refused; the one before it goes on.",
        "El último modelo activado fue rechazado; sigue el anterior.",
    ),
    "feed_silent": ("Nothing scores the beds.", "Nada está calculando el puntaje de las camas."),
    "feed_late": ("Scores are late: {count}.", "Hay puntajes atrasados: {count}."),
    "source_silent": (
        "Source {name} is silent since {time}.",
        "La fuente {name} no envía nada desde las {time}.",
    ),
    "level.critical": ("Critical", "Crítico"),
    "level.conflict": ("Whose bed?", "¿De quién es la cama?"),
    "level.unscored": ("Not scored", "Sin puntaje"),
    "level.warning": ("Warning", "Advertencia"),
    "level.data": ("Data", "Datos"),
    "level.risk": ("Risk", "Riesgo"),
    "level.quiet": ("", ""),
    "line.no_warning": ("No warning; no statement of health", "Sin advertencia; no es una declaración de salud"),
    "line.no_alert": ("No alert; no statement of health", "Sin alerta; no es una declaración de salud"),
    "line.none_of_these": (
        "Model: none of the three; no statement of health",
        "Modelo: ninguno de los tres; no es una declaración de salud",
    ),
    "line.warned": ("", ""),
    "line.risk": ("{state}", "{state}"),
    "line.unvalidated": (
        "No score: model not validated here",
        "Sin puntaje: modelo no validado aquí",
    ),
    "line.stale": ("No score: the data are old", "Sin puntaje: los datos son viejos"),
    "line.nothing": ("", ""),
    "alert": ("Alert since {time}: {cause}", "Alerta desde las {time}: {cause}"),
    "moved": ("What moved the score, not the cause", "Lo que movió el puntaje, no la causa"),
    "more": ("and {count} more", "y {count} más"),
    "scored_ago": ("Scored {minutes} min ago", "Puntaje de hace {minutes} min"),
    "not_scored": ("Not scored since {time} because: {reason}", "Sin puntaje desde las {time} porque: {reason}"),
    "silent": (
        "Not scored since {time} because: no vital signs arrive",
        "Sin puntaje desde las {time} porque: no llegan signos vitales",
    ),
    "no_patient": ("No patient named since {time}", "Sin paciente identificado desde las {time}"),
    "closed": ("Stay closed since {time}", "Estancia cerrada desde las {time}"),
    "empty": ("Nothing received in 12 hours", "Nada recibido en 12 horas"),
    "reason.not-scored-yet": ("it waits for its first score", "espera su primer puntaje"),
    "reason.corrected": (
        "a value was corrected; the next score will read it",
        "se corrigió un valor; lo leerá el próximo puntaje",
    ),
    "reason.silent": ("no vital signs arrive", "no llegan signos vitales"),
    "reason.too-few-instants": (
        "too little data yet: it takes 100 minutes",
        "aún hay pocos datos: hacen falta 100 minutos",
    ),
    "reason.missing-signs": ("a sign is missing: look at the sensors", "falta un signo: mire los sensores"),
    "reason.window-span": ("there was a long gap in the data", "hubo un hueco largo en los datos"),
    "reason.identity-conflict": ("two patients at once in this bed", "dos pacientes a la vez en esta cama"),
    "reason.overdue": ("no score for 15 minutes", "no hubo puntaje en 15 minutos"),
    "reason.ahead": ("a clock is wrong: the data are of the future", "un reloj está mal: los datos son del futuro"),
    "since": ("{reason} (since {time})", "{reason} (desde las {time})"),
    "seen_by": ("Seen by {name} at {time}", "Visto por {name} a las {time}"),
    "mark_seen": ("Mark as seen", "Marcar como visto"),
    "seen_is": (
        "It changes nothing but this mark: no warning is silenced.",
        "No cambia nada más que esta marca: ninguna advertencia se silencia.",
    ),
    "hours_line": (
        "Last 6 hours: scored in {scored} of 72 slots, warnings in {warned}, critical in {critical}",
        "Últimas 6 horas: puntaje en {scored} de 72 intervalos, advertencias en {warned}, críticas en {critical}",
    ),
    "warnings": ("Warnings", "Advertencias"),
    "score": ("Score", "Puntaje"),
    "bed": ("Bed", "Cama"),
    "encounter": ("Encounter {number}", "Atención {number}"),
    "source": ("Source: {name}", "Fuente: {name}"),
    "risks": ("The three risks, last 6 hours", "Los tres riesgos, últimas 6 horas"),
    "risks_hidden": ("They are not shown here.", "Aquí no se muestran."),
    "signs": ("The nine signs, last 6 hours", "Los nueve signos, últimas 6 horas"),
    "signs_title": ("The nine signs", "Los nueve signos"),
    "whose_signs": (
        "They are not shown: nobody can say whose they are.",
        "No se muestran: nadie puede decir de quién son.",
    ),
    "signs_of_window": (
        (
            "The nine signs as the model read them in the last record: {count} rows from {first} to {last}. "
            "Gaps were filled before it read them, so no line is drawn."
        ),
        (
            "Los nueve signos como los leyó el modelo en el último registro: {count} filas de {first} a {last}. "
            "Los huecos se rellenaron antes de leerlos; por eso no se dibuja ninguna línea."
        ),
    ),
    "gap_is_gap": (
        (
            "One value every 5 minutes, as measured. Where none was measured there is a gap. "
            "Dashed: the danger range begins."
        ),
        (
            "Un valor cada 5 minutos, como se midió. Donde no se midió hay un hueco. "
            "Línea de trazos: ahí empieza el rango de peligro."
        ),
    ),
    "sign_words": (
        "{what}: {count} values, from {low} to {high} {unit}, the last {last} {unit}",
        "{what}: {count} valores, de {low} a {high} {unit}, el último {last} {unit}",
    ),
    "risk_words": ("{what}: {count} scores", "{what}: {count} puntajes"),
    "not_measured": ("Not measured in this time", "No medido en este tiempo"),
    "table_of": ("Table: {what}", "Tabla: {what}"),
    "time": ("Time", "Hora"),
    "row": ("Row", "Fila"),
    "records": ("Records", "Registros"),
    "record": ("Record", "Registro"),
    "outcome": ("Outcome", "Resultado"),
    "model": ("Model", "Modelo"),
    "scored": ("Scored", "Con puntaje"),
    "refused": ("Refused: {reason}", "Rechazado: {reason}"),
    "no_records": ("Nothing was recorded in the last 12 hours.", "No se registró nada en las últimas 12 horas."),
    "open_record": ("Open and replay", "Abrir y repetir"),
    "window_of": ("Window from {first} to {last}", "Ventana de {first} a {last}"),
    "replay": ("Replay", "Repetición"),
    "replay.equal": ("Computed again: equal to the last bit.", "Calculado de nuevo: igual hasta el último bit."),
    "replay.within tolerance": (
        "Computed again by another runtime: equal within tolerance.",
        "Calculado de nuevo con otro entorno: igual dentro de la tolerancia.",
    ),
    "replay.different": (
        "Computed again: DIFFERENT. Tell whoever runs the service.",
        "Calculado de nuevo: DIFERENTE. Avise a quien opera el servicio.",
    ),
    "replay.missing": (
        "It cannot be computed again: its model is not here.",
        "No se puede calcular de nuevo: su modelo no está aquí.",
    ),
    "not_here": (
        "Nothing is known of this stay in the last 12 hours.",
        "No se sabe nada de esta estancia en las últimas 12 horas.",
    ),
}


def speak(key: str, language: Language, **parts: object) -> str:
    """Return a text of the table in one language. parts: what stands in its braces."""
    return SHOWN[key][language == "es"].format_map(parts)


def reason_of(reason: str | None, language: Language) -> str:
    """Return why a bed is not scored: by this table, else by the title of the refusal's problem."""
    if f"reason.{reason}" in SHOWN:
        return speak(f"reason.{reason}", language)
    problem = PROBLEMS.get(reason or "", PROBLEMS["internal-error"])
    title = problem.spanish if language == "es" else problem.title
    return title[0].lower() + title[1:]
