"""What warnings say: one table, in English and Spanish. `words.warn` fills it in."""

from __future__ import annotations

Pair = tuple[str, str]
"""The same in English and in Spanish."""

WORDS: dict[str, Pair] = {
    "unvalidated_model": (
        "Model {model} was never validated on real patients (evidence: {evidence}). Do not act on this score.",
        "El modelo {model} nunca se validó con pacientes reales (evidencia: {evidence}). No actúe según este puntaje.",
    ),
    "stale.old": (
        "The window ended {minutes} minutes ago: this is no score of now.",
        "La ventana terminó hace {minutes} minutos: este puntaje no es de ahora.",
    ),
    "stale.future": (
        "The window ends {minutes} minutes in the future: a clock or a time zone is wrong.",
        "La ventana termina {minutes} minutos en el futuro: un reloj o una zona horaria está mal.",
    ),
    "stale.outrun": (
        "The window ends at {last}; rows were sent up to {sent}, without a measurement of the nine signs.",
        "La ventana termina a las {last}; llegaron filas hasta las {sent}, sin medición de los nueve signos.",
    ),
    "critical_value": (
        "{values} in the last {rows} {kind}; {danger} is critical.",
        "{values} en los últimos {rows} {kind}; {danger} es crítico.",
    ),
    "critical_value.channel": (
        "{values} on {source} in the last {rows} {kind}; {danger} is critical.",
        "{values} en {source} en los últimos {rows} {kind}; {danger} es crítico.",
    ),
    "critical_value.agreed": (
        "{values} in the last {rows} {kind}, and another sign agrees; {danger} is critical.",
        "{values} en los últimos {rows} {kind}, y otro signo coincide; {danger} es crítico.",
    ),
    "asystole": (
        "0 /min in {count} of {of} measurements of the window, the last {minutes} minutes before its end.",
        "0 /min en {count} de {of} mediciones de la ventana, la última {minutes} minutos antes de su fin.",
    ),
    "no_pulse": (
        (
            "{heart_rate} /min on the ECG without a pulse, at a perfusion index of {perfusion} %, "
            "in {count} of the last {rows} {kind}. Pulseless electrical activity looks like this: look at the patient."
        ),
        (
            "{heart_rate} /min en el ECG sin pulso, con un índice de perfusión de {perfusion} %, "
            "en {count} de los últimos {rows} {kind}. Así se ve la actividad eléctrica sin pulso: mire al paciente."
        ),
    ),
    "level": (
        "{level} {unit} is the median of the last measurements; at {limits} somebody should look.",
        "{level} {unit} es la mediana de las últimas mediciones; con {limits} alguien debe mirar.",
    ),
    "trend": (
        "from {first} to {last} {unit} over the window ({minutes} minutes).",
        "de {first} a {last} {unit} a lo largo de la ventana ({minutes} minutos).",
    ),
    "several_signs": (
        "{count} signs are off together: {signs}.",
        "{count} signos están alterados a la vez: {signs}.",
    ),
    "past_danger": (
        "{values} one after the other in the window, the last {minutes} minutes before its end; {danger} is critical.",
        "{values} de seguido en la ventana, la última {minutes} minutos antes de su fin; {danger} es crítico.",
    ),
    "unusual_value": (
        "{values} in the last {rows} {kind}; usual is {usual}.",
        "{values} en los últimos {rows} {kind}; lo usual es {usual}.",
    ),
    "unusual_value.single": (
        "{values} once in the last {rows} {kind}, which other values do not confirm; {danger} would be critical.",
        "{values} una vez en los últimos {rows} {kind}, sin que otros valores lo confirmen; {danger} sería crítico.",
    ),
    "not_adult": (
        "{values} is no adult's; the model reads adults.",
        "{values} no es de un adulto; el modelo lee adultos.",
    ),
    "implausible_value": (
        "{count} of its values in the window lay outside {hard} and were dropped, the last at {at}.",
        "{count} de sus valores en la ventana estaban fuera de {hard} y se descartaron, el último a las {at}.",
    ),
    "questionable_value": (
        "{count} of its values in the window were called questionable by the monitor (QUES).",
        "{count} de sus valores en la ventana fueron marcados como dudosos por el monitor (QUES).",
    ),
    "filled": (
        "{filled} of {of} values were filled; last measured {minutes} minutes before the window's end.",
        "{filled} de {of} valores se rellenaron; la última medición, {minutes} minutos antes del fin de la ventana.",
    ),
    "filled.at_end": (
        "{filled} of {of} values were filled; last measured at the window's end.",
        "{filled} de {of} valores se rellenaron; la última medición, al fin de la ventana.",
    ),
    "flat_line": (
        "{value} {unit} in all {of} {kind}. A pacemaker can do that; so can a detached sensor.",
        "{value} {unit} en los {of} {kind}. Un marcapasos puede hacerlo; un sensor suelto también.",
    ),
    "flat_line.frozen": (
        "{value} {unit} in all {of} {kind}. A sensor that moves never stands so still: is this a repeated value?",
        "{value} {unit} en los {of} {kind}. Un sensor que mide nunca queda tan quieto: ¿es un valor repetido?",
    ),
    "rate_mismatch": (
        (
            "over {gap} /min apart from MDC_ECG_HEART_RATE in {count} of {of} {kind}. "
            "Beats without a pulse can do that; so can a sensor that hangs loose."
        ),
        (
            "a más de {gap} /min de MDC_ECG_HEART_RATE en {count} de {of} {kind}. "
            "Los latidos sin pulso pueden hacerlo; un sensor flojo también."
        ),
    ),
    "rate_mismatch.deficit": (
        (
            "{deficit} /min below MDC_ECG_HEART_RATE over the whole window (the median of {of} {kind}). "
            "Beats without a pulse do that, as in fibrillation."
        ),
        (
            "{deficit} /min por debajo de MDC_ECG_HEART_RATE en toda la ventana (la mediana de {of} {kind}). "
            "Los latidos sin pulso lo hacen, como en la fibrilación."
        ),
    ),
    "conflicting_values": (
        "values of one instant up to {apart} {unit} apart, at {count} of {of} instants; the mean was used.",
        (
            "valores de un mismo instante con hasta {apart} {unit} de diferencia, en {count} de {of} instantes; "
            "se usó la media."
        ),
    ),
    "irregular_sampling": (
        (
            "{count} of {of} steps between {kind} are under half or over twice the model's {step} minutes: "
            "from {shortest} to {longest}."
        ),
        (
            "{count} de {of} pasos entre {kind} duran menos de la mitad o más del doble de los {step} minutos "
            "del modelo: de {shortest} a {longest}."
        ),
    ),
    "resampled": (
        (
            "{rows} rows at {instants} instants are denser than the model's steps; "
            "read were each sign's last values in {slots} slots of {step} minutes."
        ),
        (
            "{rows} filas en {instants} instantes son más densas que los pasos del modelo; "
            "se leyó el último valor de cada signo en {slots} intervalos de {step} minutos."
        ),
    ),
    "resampled.mean": (
        (
            "{rows} rows at {instants} instants are denser than the model's steps; "
            "read was each sign's mean in {slots} slots of {step} minutes."
        ),
        (
            "{rows} filas en {instants} instantes son más densas que los pasos del modelo; "
            "se leyó la media de cada signo en {slots} intervalos de {step} minutos."
        ),
    ),
    "not_entered": (
        "was never entered. The model was given a placeholder for it.",
        "nunca se ingresó. El modelo recibió un valor de relleno.",
    ),
    "unknown_unit": (
        "the unit {given} is not known; the values were taken for {unit}.",
        "la unidad {given} no se conoce; los valores se tomaron como {unit}.",
    ),
    "undecided": (
        "The largest probability is {largest}, and leads by {lead}: the model hardly tells the states apart.",
        "La mayor probabilidad es {largest}, con una ventaja de {lead}: el modelo apenas distingue los estados.",
    ),
}
"""By code, and what follows a point where one code has several sentences. Before a sign's sentence comes its name."""
