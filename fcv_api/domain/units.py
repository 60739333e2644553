"""The units that values come in, and how each becomes its sign's own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a unit measures. Only units of one kind can be converted into each other."""

    RATE = "a rate"
    FRACTION = "a fraction"
    TEMPERATURE = "a temperature"
    LENGTH = "a length"
    MASS = "a mass"
    PRESSURE = "a pressure"


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: its reference id and code in IEEE 11073-10101, and how UCUM writes it.

    A value in it is `(value - zero) * factor` in the sign's own unit.
    """

    name: str
    code: int
    ucum: tuple[str, ...]
    kind: Kind
    factor: float = 1.0
    zero: float = 0.0
    shown: str = ""
    """As people write it; empty where UCUM's way is theirs."""
    spellings: tuple[str, ...] = ()
    """What exporters, spreadsheets and people write for it, in English and Spanish. Case does not matter."""

    @property
    def words(self) -> str:
        """How a warning writes it."""
        return self.shown or self.ucum[0]


BEATS = Unit(
    "MDC_DIM_BEAT_PER_MIN",
    264864,
    ("/min", "{beats}/min", "{beat}/min"),
    Kind.RATE,
    spellings=("bpm", "beats/min", "beat/min", "beats per minute", "1/min", "min-1", "lpm", "lat/min", "latidos/min"),
)
BREATHS = Unit(
    "MDC_DIM_RESP_PER_MIN",
    264928,
    ("{breaths}/min", "{breath}/min", "{resp}/min"),
    Kind.RATE,
    shown="/min",
    spellings=("breaths/min", "breath/min", "breaths per minute", "resp/min", "rpm", "brpm", "respiraciones/min"),
)
PERCENT = Unit(
    "MDC_DIM_PERCENT", 262688, ("%",), Kind.FRACTION, spellings=("percent", "pct", "% SpO2", "por ciento", "porcentaje")
)
CELSIUS = Unit(
    "MDC_DIM_DEGC",
    268192,
    ("Cel",),
    Kind.TEMPERATURE,
    shown="°C",
    spellings=("℃", "° C", "degC", "deg C", "degree C", "degrees C", "C", "Celsius", "degree Celsius",
               "degrees Celsius", "grados C", "grados Celsius", "centígrados", "grados centígrados"),
)  # fmt: skip
CENTIMETRE = Unit(
    "MDC_DIM_CENTI_M", 263441, ("cm",), Kind.LENGTH, spellings=("cms", "centimetres", "centimeters", "centímetros")
)
KILOGRAM = Unit("MDC_DIM_KILO_G", 263875, ("kg",), Kind.MASS, spellings=("kgs", "kilogram", "kilograms", "kilogramos"))
FAHRENHEIT = Unit(
    "MDC_DIM_FAHR",
    266560,
    ("[degF]",),
    Kind.TEMPERATURE,
    1 / 1.8,
    32.0,
    shown="°F",
    spellings=("℉", "° F", "degF", "deg F", "degree F", "degrees F", "F", "Fahrenheit", "degree Fahrenheit",
               "degrees Fahrenheit", "grados F", "grados Fahrenheit"),
)  # fmt: skip

UNITS = (
    *(BEATS, BREATHS, PERCENT, CELSIUS, CENTIMETRE, KILOGRAM, FAHRENHEIT),
    Unit("MDC_DIM_DIMLESS", 262656, ("1",), Kind.FRACTION),  # how monitors write a perfusion index in percent
    Unit(
        "MDC_DIM_INCH",
        263520,
        ("[in_i]", "[in_us]"),
        Kind.LENGTH,
        2.54,
        spellings=("in", "inch", "inches", "pulgadas"),
    ),
    Unit("MDC_DIM_X_M", 263424, ("m",), Kind.LENGTH, 100.0, spellings=("metres", "meters", "metros")),
    Unit(
        "MDC_DIM_LB",
        263904,
        ("[lb_av]",),
        Kind.MASS,
        0.45359237,
        spellings=("lb", "lbs", "pound", "pounds", "libras"),
    ),
    Unit("MDC_DIM_X_G", 263872, ("g",), Kind.MASS, 0.001, spellings=("grams", "gramos")),
    Unit("MDC_DIM_MMHG", 266016, ("mm[Hg]",), Kind.PRESSURE, spellings=("mmHg",)),
)


def _names(unit: Unit) -> tuple[str, ...]:
    vendor = unit.name.replace("MDC_", "NOM_", 1)  # Philips' prefix
    return (unit.name, vendor, str(unit.code), *unit.ucum, *filter(None, [unit.shown]), *unit.spellings)


UNIT_BY_NAME = {name: unit for unit in reversed(UNITS) for name in map(str.casefold, _names(unit))}
"""By reference id, code, UCUM and spelling, each in lower case. Of equal names (`/min`) the first unit's holds."""
