"""A batch's answer as CSV, in the dialect of its request."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any

from fcv_api.wire.answer import INFERENCE_KEYS
from fcv_api.wire.csv_rows import Dialect
from fcv_api.wire.formulas import inert

ANSWER_COLUMNS = ("idAtencion", "State", *INFERENCE_KEYS.values(), "warnings", "error", "detail")


def write_csv(results: Iterable[Mapping[str, Any]], dialect: Dialect) -> str:
    """Write the results of a batch, as `BatchAnswerSchema` dumps them: one row an encounter."""
    file = StringIO()
    writer = csv.writer(file, delimiter=dialect.separator)
    writer.writerow(ANSWER_COLUMNS)
    for result in results:
        given = result.get("inferences", {})
        probabilities = [str(given.get(key, "")).replace(".", dialect.decimal) for key in INFERENCE_KEYS.values()]
        codes = " ".join(dict.fromkeys(each["code"] for each in result.get("warnings", ())))
        error = result.get("error", {})
        row = (result["idAtencion"], result.get("State", ""), *probabilities, codes, error.get("type", ""))
        writer.writerow((*row, inert(error.get("detail", ""))))
    return file.getvalue()
