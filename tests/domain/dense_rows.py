"""A healthy patient as monitors send one: denser than a model's steps, or each sign by a clock of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.vitals import SIGNS

PERFUSION, HEART_RATE, ECTOPY, HEIGHT, WEIGHT, PULSE, SATURATION, TEMPERATURE, RESPIRATION = range(9)
LEVELS = (1.8, 80.0, 1.0, 170.0, 70.0, 79.0, 97.0, 36.8, 16.0)
SWINGS = (0.2, 4.0, 1.0, 0.0, 0.0, 4.0, 1.0, 0.2, 2.0)
MICROSECOND, MINUTE = timedelta(microseconds=1), 60_000_000
START = np.datetime64("2024-03-03T05:00:41.000250", "us")


@dataclass(frozen=True)
class Monitor:
    """How often it sends, for how long, and how much later than the first each sign comes.

    once: signs that are charted once, at the start.
    """

    every: timedelta
    minutes: float = 240
    apart: timedelta = timedelta(0)
    once: tuple[int, ...] = (HEIGHT, WEIGHT)

    def table(self, seed: int = 1) -> pd.DataFrame:
        """Return its rows: sign, value and time."""
        dice = np.random.default_rng(seed)
        steps = np.arange(0, self.minutes * MINUTE, self.every // MICROSECOND).astype("timedelta64[us]")
        parts = []
        for sign, (level, swing) in enumerate(zip(LEVELS, SWINGS, strict=True)):
            own = steps[:1] if sign in self.once else steps
            values = np.round(level + swing * dice.uniform(-1, 1, len(own)), 2)
            parts.append(
                pd.DataFrame({"sign": sign, "value": values, "time": START + own + np.timedelta64(sign * self.apart)})
            )
        return pd.concat(parts, ignore_index=True)


MONITORS = {
    "a row a minute": Monitor(timedelta(minutes=1)),
    "a row in ten seconds": Monitor(timedelta(seconds=10), 130),
    "signs a second apart": Monitor(timedelta(minutes=5), apart=timedelta(seconds=1)),
    "signs over four minutes": Monitor(timedelta(minutes=5), apart=timedelta(seconds=30)),
}


def encounter_of(table: pd.DataFrame, zone: tzinfo | None = None) -> Encounter:
    """Return the encounter that a wire format would read."""
    instants = table["time"].to_numpy().astype("datetime64[us]")
    return Encounter(7, table["sign"].to_numpy(), table["value"].to_numpy(float), instants, zone)


def body_of(table: pd.DataFrame, number: int = 7) -> dict[str, Any]:
    """Return the body of a request to `/predict`."""
    keys = table.index.astype(str)
    columns = {
        "nomSigno": [SIGNS[sign].name for sign in table["sign"]],
        "valor": table["value"].tolist(),
        "fecRegistro": table["time"].astype(str).tolist(),
    }
    return {"idAtencion": number} | {name: dict(zip(keys, cells, strict=True)) for name, cells in columns.items()}


@st.composite
def spoilt_dense(draw: st.DrawFn) -> Encounter:
    """Spoil dense rows: holes, doubles, dangers for a moment, values out of all limits, stretches of other density."""
    monitor = draw(st.sampled_from([Monitor(timedelta(minutes=1), 150), *list(MONITORS.values())[2:]]))
    table = monitor.table(draw(st.integers(0, 99)))
    dice = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    table = table[dice.random(len(table)) >= draw(st.sampled_from([0.0, 0.3, 0.9]))]
    start, end = np.sort(dice.uniform(0, 240, 2)) * 60 * (dice.random() < 0.5)
    seconds = (table["time"] - table["time"].min()).dt.total_seconds()
    sparse = (dice.random() < 0.3) & (seconds <= dice.uniform(0, 240) * 60) & (seconds % 300 >= 60)
    table = table[~seconds.between(start, end, inclusive="neither") & ~sparse]
    odd = dice.random(len(table)) < 0.02
    table = table.assign(value=np.where(odd, table["value"] * dice.choice([0, 0.3, 2, 9], len(table)), table["value"]))
    doubled = table[dice.random(len(table)) < 0.05]
    doubled = doubled.assign(value=doubled["value"] * dice.choice([1, 1.3], len(doubled)))
    return encounter_of(
        pd.concat([table, doubled]).sample(frac=1, random_state=1), ZoneInfo("America/Bogota")
    ).without_noise()
