"""What the page of a validation writes in fixed words, in Spanish."""

from __future__ import annotations

from fcv_api.training import flow
from fcv_api.training.baselines import EARLY_WARNING

PHRASES = {
    "Patients, and what became of them": "Los pacientes, y qué fue de ellos",
    "Of those who were measured": "De los que se midieron",
    "Discrimination, on windows before an onset": "Discriminación, en ventanas antes de un comienzo",
    "Calibration: whether a state comes as often as its probability says (95 %)": (
        "Calibración: si un estado ocurre tan a menudo como dice su probabilidad (95 %)"
    ),
    "Sensitivity of State, the most probable class, by window": (
        "Sensibilidad de State, la clase más probable, por ventana"
    ),
    "Onsets found in the two hours before, and lead time": (
        "Comienzos hallados en las dos horas previas, y antelación"
    ),
    "Burden over whole stays": "Carga en estancias enteras",
    "Subgroups, any of the three states": "Subgrupos, cualquiera de los tres estados",
    "Beside simpler scorers, on the same drawn patients": (
        "Junto a modelos más simples, con los mismos pacientes sorteados"
    ),
    "Drift against the reference in the model's manifest": "Deriva frente a la referencia del manifiesto del modelo",
    "what became of them": "qué fue de ellos",
    "state": "estado",
    "site": "sede",
    "patients": "pacientes",
    "encounters": "estancias",
    "what must be known": "lo que debe saberse",
    "of all windows": "de todas las ventanas",
    "events": "eventos",
    "what can be said": "qué se puede decir",
    "scorer": "modelo",
    "windows": "ventanas",
    "expected": "esperadas",
    "observed to expected": "observados entre esperados",
    "observed to expected (95 %)": "observados entre esperados (95 %)",
    "slope": "pendiente",
    "intercept": "intercepto",
    "Brier skill": "habilidad de Brier",
    "share of its windows before the onset (95 %)": "parte de sus ventanas antes del comienzo (95 %)",
    "alarms a patient-day, at most": "alarmas por paciente y día, como máximo",
    "onsets found": "comienzos hallados",
    "lead, quartiles in minutes": "antelación, cuartiles en minutos",
    "threshold": "umbral",
    "alarms a patient-day (95 %)": "alarmas por paciente y día (95 %)",
    "stays that ring": "estancias con alarma",
    "patient-hours": "horas de paciente",
    "by": "por",
    "group": "grupo",
    "figure": "cifra",
    "verdict": "veredicto",
    "what": "qué",
    "sign": "signo",
    "effect (95 %)": "efecto (95 %)",
    "reference": "referencia",
    "now": "ahora",
    "before": "antes",
    "after": "después",
    "cannot be answered": "no se puede responder",
    "figures below": "cifras abajo",
    "nothing rings": "nada suena",
    "cardiac arrest": "paro cardíaco",
    "low cardiac output": "bajo gasto cardíaco",
    "cardiogenic shock": "choque cardiogénico",
    "any of the three": "cualquiera de los tres",
    "mean of the three": "media de los tres",
    "cardiac_arrest": "paro cardíaco",
    "low_cardiac_output": "bajo gasto cardíaco",
    "cardiogenic_shock": "choque cardiogénico",
    "none_of_these": "ninguno de los tres",
    flow.MEASURED: "medidos",
    flow.APART: "apartados",
    flow.LOST: "perdidos",
    flow.KEPT: "medidos",
    flow.NO_LABEL: "sin desenlace",
    flow.NO_ROWS: "sin filas en la exportación",
    flow.ONSET_OUTSIDE: "comienzo fuera de la estancia",
    flow.TOO_SHORT: "la estancia termina antes del horizonte de su primera ventana",
    flow.LONG_AFTER: "solo ventanas mucho después del comienzo",
    flow.EVENT_UNSEEN: "medidos, pero sin ventana en el horizonte antes del comienzo",
    flow.EARLIER: "empieza antes del primer día pedido",
    flow.IN_EARLY: "en la parte temprana, para modelos simples y un reajuste",
    flow.RETURNS: "en la parte temprana, de un paciente que vuelve en la tardía",
    flow.ALARMS_ALONE: "sin desenlace conocido: cuenta solo para las alarmas",
    flow.OF_TESTS: "de una fuente de prueba",
    "no record": "sin registro",
    "readmissions: stays of patients who have another one here; drawn together": (
        "reingresos: estancias de pacientes que tienen otra aquí; se sortean juntas"
    ),
    "transfers: stays in more than one bed; counted for the first": (
        "traslados: estancias en más de una cama; cuentan para la primera"
    ),
    "stays with two outcomes or more; the first one counts": "estancias con dos desenlaces o más; cuenta el primero",
    "stays of which a window was recorded more than once; the first record counts": (
        "estancias con una ventana registrada más de una vez; cuenta el primer registro"
    ),
    "unit": "unidad",
    "age": "edad",
    "sex": "sexo",
    "month": "mes",
    "missing": "faltantes",
    "under 40": "menos de 40",
    "40 to 59": "40 a 59",
    "60 to 74": "60 a 74",
    "75 and over": "75 y más",
    "no sign filled": "ningún signo rellenado",
    "a sign filled for a quarter or more, or at the end": "un signo rellenado en un cuarto o más, o al final",
    "distribution": "distribución",
    "gaps": "huecos",
    "refusals": "rechazos",
    "no drift seen": "no se ve deriva",
    "drift": "deriva",
    "large drift": "deriva grande",
    "cannot be told": "no se puede decir",
    "last-value logistic regression": "regresión logística del último valor",
    "gradient boosting": "potenciación del gradiente",
    EARLY_WARNING: "NEWS2 parcial",
    "Nothing was split.": "No se dividió nada.",
    "Reliability curves": "Curvas de fiabilidad",
    "Probability said": "Probabilidad dicha",
    "Frequency seen": "Frecuencia vista",
    "AUROC: 0.5 is chance, 1 is perfect (95 % interval)": "AUROC: 0,5 es azar, 1 es perfecto (intervalo de 95 %)",
    "Drift is not shown: the model's manifest has no reference of it.": (
        "La deriva no se muestra: el manifiesto del modelo no tiene referencia de ella."
    ),
    "Whether the model learnt from any of these patients is not known: its manifest does not say from whom.": (
        "No se sabe si el modelo aprendió de alguno de estos pacientes: su manifiesto no dice de quiénes."
    ),
}
