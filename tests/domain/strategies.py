"""Messy random encounters, and what pandas and scikit-learn make of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from fcv_api.domain.vitals import SIGNS

OTHERS = ("MDC_PRESS_BLD_ART_ABP_SYS", "MDC_PRESS_BLD_ART_ABP_DIA", "MDC_ECG_CARD_BEAT_RATE")
LEVELS = (10, 80, 40, 170, 70, 85, 85, 37, 30)  # each within its sign's hard limits
START = pd.Timestamp("2024-03-03 00:00:41")
Request = dict[str, Any]


@st.composite
def requests(draw: st.DrawFn, *, instants: int = 20) -> Request:
    """Make a body of `/predict` with at least `instants` instants, every moving sign measured in the last of them.

    Rows are shuffled, each column's keys are in an order of its own, cells are missing, null or doubled, signs
    start late, some are constant, and signs that no model reads are mixed in.
    """
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    length = draw(st.integers(instants, instants + 15))
    missing = draw(st.sampled_from([0.0, 0.1, 0.5]))
    rows = [row for step in range(length) for row in _instant(generator, step, length, missing)]
    order = generator.permutation(len(rows))
    return _columns(generator, [rows[index] for index in order])


def _instant(generator: np.random.Generator, step: int, length: int, missing: float) -> list[tuple[Any, ...]]:
    """Measure once: (code, name, value or None, time) for each sign, some missing, some twice."""
    time = START + pd.Timedelta(minutes=5 * step)
    rows: list[tuple[Any, ...]] = [(151_000 + n, name, 80.0 + n, time) for n, name in enumerate(OTHERS)]
    for index, sign in enumerate(SIGNS):
        value = 36.6 if index in (3, 4, 7) else round(LEVELS[index] + generator.normal(scale=LEVELS[index] / 30), 2)
        # Every sign is measured near the end, and every instant has a sign.
        certain = step == length - 1 - index % 3 or index == step % len(SIGNS)
        if certain or generator.random() >= missing:
            rows += [(sign.code, sign.name, value, time)] * (2 if generator.random() < 0.05 else 1)
        elif generator.random() < 0.5:
            rows.append((sign.code, sign.name, None, time))
    rows += [(SIGNS[1].code, SIGNS[1].name, 61.5, time)] * int(generator.random() < 0.05)
    return rows


def _columns(generator: np.random.Generator, rows: list[tuple[Any, ...]]) -> Request:
    request: Request = {"idAtencion": 7}
    for name, cells in zip(("idSigno", "nomSigno", "valor", "fecRegistro"), zip(*rows, strict=True), strict=True):
        keys = generator.permutation(len(rows))
        request[name] = {str(key): str(cells[key]) if name == "fecRegistro" else cells[key] for key in keys}
    return request


def pivot_with_pandas(request: Request) -> pd.DataFrame:
    """Pivot as a notebook would: one row an instant, one column a sign, the mean of doubles."""
    frame = pd.DataFrame({name: pd.Series(request[name]) for name in ("nomSigno", "valor", "fecRegistro")})
    frame = frame[frame["nomSigno"].isin([sign.name for sign in SIGNS])]
    frame["fecRegistro"] = pd.to_datetime(frame["fecRegistro"])
    frame["valor"] = frame["valor"].astype(float)
    table = frame.pivot_table(index="fecRegistro", columns="nomSigno", values="valor", aggfunc="mean")
    return table.reindex(columns=[sign.name for sign in SIGNS]).sort_index()


def window_with_pandas(request: Request, instants: int = 20) -> pd.DataFrame:
    """Fill forward over the whole history, keep the last instants, fill what is left at the top backward."""
    return pivot_with_pandas(request).ffill().tail(instants).bfill()
