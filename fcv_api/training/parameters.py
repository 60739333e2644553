"""Every number of the simulator, with its unit and where it comes from. docs/simulator.md shows this table.

What says "judgement" is the project's own: no clinician has signed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]
JUDGEMENT = "engineering judgement"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of the simulator."""

    value: float
    unit: str
    meaning: str
    source: str = JUDGEMENT


MIMIC = "adult ICU means of MIMIC-IV (Johnson 2023), rounded"
LIMA = "Lima 2002: perfusion index, median 1.4, skewed"
AHA = "in-hospital arrests: Nadkarni 2006, Andersen 2019"
FEVER = "Karjalainen 1986: 8.5 beats/min per degree"
LAUPLAND = "Laupland 2008: fever in 44 % of ICU stays, high in 8 %"
ANDERSEN = "Andersen 2016: before arrest"
STEVENSON = "Stevenson 1989: each sign of a low output is missing in many"

TABLE: dict[str, Parameter] = {
    # Patients
    "age.mean": Parameter(66, "years", "age", MIMIC),
    "age.sd": Parameter(14, "years", "age", MIMIC),
    "height.men": Parameter(170, "cm", "height of men", "NCD-RisC 2016, Colombia, rounded"),
    "height.women": Parameter(157, "cm", "height of women", "NCD-RisC 2016, Colombia, rounded"),
    "height.sd": Parameter(6.5, "cm", "height within a sex", "NCD-RisC 2016"),
    "bmi.median": Parameter(27, "kg/m2", "body-mass index", "NCD-RisC 2016, Colombia, rounded"),
    "bmi.sd": Parameter(0.18, "log", "body-mass index"),
    "heart_failure.share": Parameter(0.30, "share", "chronic heart failure"),
    "copd.share": Parameter(0.18, "share", "chronic lung disease"),
    "fibrillation.share": Parameter(0.12, "share", "atrial fibrillation", "ICU registries report 10 to 15 %"),
    "beta_blocker.share": Parameter(0.35, "share", "beta-blocker"),
    # Baselines
    "heart_rate.mean": Parameter(82, "/min", "heart rate", MIMIC),
    "heart_rate.sd": Parameter(11, "/min", "heart rate between patients", MIMIC),
    "heart_rate.beta_blocker": Parameter(-12, "/min", "heart rate under beta-blocker", "MERIT-HF 1999: -14"),
    "respiration.mean": Parameter(17.5, "/min", "respiration rate", MIMIC),
    "respiration.sd": Parameter(2.5, "/min", "respiration rate between patients", MIMIC),
    "respiration.copd": Parameter(3, "/min", "respiration rate with lung disease"),
    "saturation.mean": Parameter(96.8, "%", "oxygen saturation", MIMIC),
    "saturation.sd": Parameter(1.2, "%", "oxygen saturation between patients", MIMIC),
    "saturation.copd": Parameter(-2.8, "%", "saturation with lung disease", "BTS oxygen guideline 2017: target 88-92"),
    "perfusion.median": Parameter(1.9, "%", "perfusion index", LIMA),
    "perfusion.sd": Parameter(0.45, "log", "perfusion index between patients", LIMA),
    "temperature.mean": Parameter(36.9, "Cel", "temperature", MIMIC),
    "temperature.sd": Parameter(0.3, "Cel", "temperature between patients", MIMIC),
    "ectopy.median": Parameter(0.5, "/min", "premature ventricular beats"),
    "ectopy.sd": Parameter(0.9, "log", "premature ventricular beats between patients"),
    # The day
    "day.heart_rate": Parameter(3, "/min", "half of the day-night swing", "blunted in the ICU"),
    "day.temperature": Parameter(0.2, "Cel", "half of the day-night swing", "Refinetti 1992, blunted in the ICU"),
    "day.trough": Parameter(4.5, "h", "when both are lowest", "Refinetti 1992"),
    # Slow noise that the signs share: time constant (minutes) and what one deviation of it does
    "tone.minutes": Parameter(45, "min", "sympathetic tone, memory"),
    "tone.heart_rate": Parameter(5, "/min", "per deviation of tone"),
    "tone.respiration": Parameter(1.0, "/min", "per deviation of tone"),
    "tone.perfusion": Parameter(-0.15, "log", "per deviation of tone"),
    "drive.minutes": Parameter(60, "min", "breathing, memory"),
    "drive.respiration": Parameter(1.5, "/min", "per deviation of drive"),
    "drive.saturation": Parameter(0.5, "%", "per deviation of drive"),
    "vessels.minutes": Parameter(120, "min", "peripheral vessels, memory"),
    "vessels.perfusion": Parameter(0.25, "log", "per deviation"),
    "warmth.minutes": Parameter(300, "min", "temperature, memory"),
    "warmth.temperature": Parameter(0.25, "Cel", "per deviation"),
    "fever.heart_rate": Parameter(8.5, "/min per Cel", "heart rate by temperature", FEVER),
    "fever.respiration": Parameter(2.0, "/min per Cel", "respiration by temperature"),
    "age.reserve": Parameter(0.008, "per year", "weaker heart-rate response over 40 years"),
    "response.sd": Parameter(0.35, "log", "how differently patients respond to one load"),
    "shown.share": Parameter(0.8, "share", "signs in which a load shows in one patient", STEVENSON),
    # Loads at 1.0: what the signs do when the course reaches its onset
    "low_flow.heart_rate": Parameter(26, "/min", "compensation", "van Diepen 2017: tachycardia"),
    "low_flow.perfusion": Parameter(-0.65, "log", "vasoconstriction", "Lima 2002, Hasanin 2017"),
    "low_flow.respiration": Parameter(3.2, "/min", "compensation", "van Diepen 2017"),
    "low_flow.respiration_swings": Parameter(2.7, "/min", "periodic breathing", "Javaheri 1998, by judgement"),
    "low_flow.temperature": Parameter(-0.45, "Cel", "less heat, cool periphery", "Bourcier 2016, by judgement"),
    "low_flow.deficit": Parameter(3.8, "/min", "weak beats that do not reach the finger"),
    "low_flow.ectopy": Parameter(0.6, "log", "premature beats of a failing heart"),
    "congestion.respiration": Parameter(5.7, "/min", "pulmonary oedema", "van Diepen 2017"),
    "congestion.saturation": Parameter(-2.2, "%", "pulmonary oedema", "van Diepen 2017"),
    "congestion.heart_rate": Parameter(16, "/min", "pulmonary oedema"),
    "hypoxia.saturation": Parameter(-2.7, "%", "respiratory failure, under oxygen", ANDERSEN),
    "hypoxia.respiration": Parameter(10, "/min", "respiratory failure", ANDERSEN),
    "hypoxia.heart_rate": Parameter(16, "/min", "respiratory failure"),
    "narcosis.respiration": Parameter(-10, "/min", "opioids or carbon dioxide: slow breathing", "Overdyk 2016"),
    "narcosis.saturation": Parameter(-2, "%", "slow breathing", "Overdyk 2016"),
    "narcosis.slowing": Parameter(-10, "/min", "slow breathing"),
    "block.slowing": Parameter(-32, "/min", "conduction block, or too much of a drug", "Kusumoto 2018: under 50"),
    "irritability.ectopy": Parameter(1.15, "log", "premature beats"),
    "instability.heart_rate_swings": Parameter(7, "/min", "swings from scan to scan"),
    "instability.respiration_swings": Parameter(2.2, "/min", "swings from scan to scan"),
    "arousal.heart_rate": Parameter(16, "/min", "pain, agitation, mobilisation"),
    "arousal.respiration": Parameter(5, "/min", "pain, agitation, mobilisation"),
    "arousal.perfusion": Parameter(-0.3, "log", "pain, agitation, mobilisation"),
    # How a heart stops that no shock can start again
    "rhythm.shockable": Parameter(0.25, "share", "arrests by ventricular tachycardia or fibrillation", AHA),
    "rhythm.organised": Parameter(0.42, "share", "arrests without a pulse under an organised rhythm", AHA),
    "rhythm.asystole": Parameter(0.33, "share", "arrests that end a slowing rhythm", AHA),
    "collapse.share": Parameter(0.7, "share", "such arrests before which the heart slows"),
    "collapse.median": Parameter(12, "min", "from the first slowing to the arrest"),
    "collapse.sd": Parameter(0.9, "log", "the same, between patients"),
    "collapse.deepest": Parameter(0.6, "share", "of the heart rate that is lost by then, at most"),
    "pulseless.blank": Parameter(0.5, "share", "arrests in which the oximeter shows nothing instead of 0"),
    # Courses
    "mix.healthy": Parameter(0.70, "share", "stays without an onset"),
    "mix.low_output": Parameter(0.12, "share", "low cardiac output"),
    "mix.shock": Parameter(0.10, "share", "cardiogenic shock"),
    "mix.arrest": Parameter(0.08, "share", "cardiac arrest", AHA),
    "stay.shortest": Parameter(5, "h", "shortest record"),
    "stay.longest": Parameter(14, "h", "longest record"),
    "profile.sd": Parameter(0.35, "log", "how far each load comes in one course"),
    "prodrome.median": Parameter(150, "min", "from the first change to the onset", "Schein 1990: hours"),
    "prodrome.sd": Parameter(0.45, "log", "prodrome between patients"),
    "prodrome.gentlest": Parameter(1.5, "power", "of time, by which a load rises"),
    "prodrome.steepest": Parameter(3.5, "power", "of time, by which a load rises"),
    "silent.share": Parameter(0.12, "share", "onsets nearly without a prodrome", "Andersen 2016: 4 of 10 normal"),
    "recognition.sd": Parameter(8, "min", "the label's onset around the true one, but for arrests"),
    "treated.share": Parameter(0.6, "share", "courses that treatment bends after the onset"),
    "treated.fastest": Parameter(3, "h", "time constant of that", "days on inotropes: van Diepen 2017, by judgement"),
    "treated.slowest": Parameter(10, "h", "time constant of that", "days on inotropes: van Diepen 2017, by judgement"),
    "narcosis.share": Parameter(0.3, "share", "non-shockable arrests after breathing that slows", "Overdyk 2016"),
    "block.share": Parameter(0.15, "share", "low output of a heart too slow", "Kusumoto 2018, by judgement"),
    "abortive.rate": Parameter(0.05, "/h", "courses that treatment bends back before an onset"),
    "arousal.rate": Parameter(0.10, "/h", "episodes of arousal"),
    "benign_hypoxia.rate": Parameter(0.03, "/h", "transient desaturations"),
    "benign_ectopy.rate": Parameter(0.03, "/h", "runs of harmless ectopy"),
    "chill.rate": Parameter(0.02, "/h", "hours of cold hands"),
    "vagal.rate": Parameter(0.03, "/h", "minutes of a slow heart: suction, sleep, vomiting"),
    "vagal.deepest": Parameter(0.35, "share", "of the heart rate that is lost then, at most"),
    "benign_block.rate": Parameter(0.0015, "/h", "hours of a slow heart that the patient bears"),
    "sedation.rate": Parameter(0.004, "/h", "hours of slow breathing under opioids that end well"),
    "fever.share": Parameter(0.15, "share", "stays with hours of fever", LAUPLAND),
    "fever.peak": Parameter(2.2, "Cel", "of its rise, at most", LAUPLAND),
    "cold.share": Parameter(0.02, "share", "stays that begin cold, after theatre or outdoors"),
    "cold.depth": Parameter(3, "Cel", "of that, at most"),
    # Measurement
    "scan.minutes": Parameter(5, "min", "from scan to scan", "the hospital's exports"),
    "scan.jitter": Parameter(6, "s", "of a scan's instant: all its signs alike"),
    "scan.missed": Parameter(0.0004, "share", "scans that were not exported"),
    "leads_off.rate": Parameter(0.05, "/h", "ECG leads off: heart rate, ectopy, respiration"),
    "probe_off.rate": Parameter(0.08, "/h", "finger probe off: pulse, saturation, perfusion"),
    "off.minutes": Parameter(5, "min", "mean duration of both"),
    "spike.share": Parameter(0.002, "share", "values that movement spoils"),
    "probe.share": Parameter(0.6, "share", "patients with a temperature probe; others are charted"),
    "charted.hours": Parameter(2, "h", "mean time between charted temperatures"),
    "body.late": Parameter(0.10, "share", "height and weight entered after the start"),
    "body.never": Parameter(0.012, "share", "height and weight never entered"),
    "noise.heart_rate": Parameter(1.5, "/min", "of one scan"),
    "noise.fibrillation": Parameter(7, "/min", "of one scan in atrial fibrillation"),
    "noise.pulse": Parameter(1.0, "/min", "pulse around heart rate"),
    "noise.respiration": Parameter(1.2, "/min", "of one scan"),
    "noise.saturation": Parameter(0.6, "%", "of one scan"),
    "noise.perfusion": Parameter(0.12, "log", "of one scan"),
    "noise.temperature": Parameter(0.05, "Cel", "of one scan"),
}
P = {name: parameter.value for name, parameter in TABLE.items()}
LOADS = ("low_flow", "congestion", "hypoxia", "narcosis", "block", "irritability", "instability", "arousal")
COUPLINGS = tuple(name for name in TABLE if name.partition(".")[0] in LOADS and not name.endswith((".share", ".rate")))
"""What a load does to a sign: `low_flow.heart_rate` and the others."""


@contextmanager
def without(name: str) -> Iterator[None]:
    """Simulate within the block as if one parameter were 0, which is no effect."""
    kept = P[name]
    P[name] = 0.0
    try:
        yield
    finally:
        P[name] = kept
