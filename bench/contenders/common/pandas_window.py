"""From rows to a scaled window, as somebody who uses pandas and scikit-learn writes it."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

SIGNS = [
    "MDC_BLD_PERF_INDEX",
    "MDC_ECG_HEART_RATE",
    "MDC_ECG_V_P_C_RATE",
    "MDC_LEN_BODY_ACTUAL",
    "MDC_MASS_BODY_ACTUAL",
    "MDC_PULS_OXIM_PULS_RATE",
    "MDC_PULS_OXIM_SAT_O2",
    "MDC_TEMP",
    "MDC_TTHOR_RESP_RATE",
]
INSTANTS = 20


def scaled_window(columns: dict[str, Any]) -> NDArray[Any]:
    """Give the last 20 instants, (20, 9), each sign scaled over them. columns: the body's, by row key."""
    frame = pd.DataFrame({name: columns[name] for name in ("nomSigno", "valor", "fecRegistro")})
    frame = frame[frame["nomSigno"].isin(SIGNS)]
    frame["fecRegistro"] = pd.to_datetime(frame["fecRegistro"])
    wide = frame.pivot_table(index="fecRegistro", columns="nomSigno", values="valor", aggfunc="mean")[SIGNS]
    window = wide.ffill().tail(INSTANTS).bfill()
    scaled: NDArray[Any] = StandardScaler().fit_transform(window)
    return scaled
