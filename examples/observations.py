"""What a script that called /predict becomes: it sends the rows that are new, once a minute, and looks at the answer.

    MLAPI_URL=http://127.0.0.1:8000 MLAPI_USER=integration MLAPI_PASSWORD=... python observations.py rows.csv

rows.csv: idAtencion, nomSigno, valor, fecRegistro with an offset from UTC, and cama. Yours asks the ward's database
instead. Needs `requests`, client.py beside it, and nothing of this project.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from client import Client, Refused

Row = dict[str, Any]
EVERY = 60.0  # seconds
LATE = timedelta(minutes=15)  # rows may reach the table so much later than they were measured
FIRST = timedelta(hours=2)  # what is sent at the start: a window has 100 minutes


def rows_since(file: Path, since: datetime) -> list[Row]:
    """Read the rows that were measured since a time. Those that the service has already change nothing."""
    with file.open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if datetime.fromisoformat(row["fecRegistro"]) > since]
    return [{**row, "valor": float(row["valor"]) if row["valor"] else None} for row in rows]


def columns(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Turn rows into columns, as pandas' to_dict() would."""
    return {name: {str(at): row[name] for at, row in enumerate(rows)} for name in rows[0]}


def send(client: Client, rows: Sequence[Row]) -> int:
    """Post rows and print what the service calls wrong: it has taken all others. Return how many were new."""
    answer = client.post("/observations", columns(rows))
    for wrong in [*answer["errors"], *(each for result in answer["results"] for each in result["errors"])]:
        named = rows[int(wrong["row"])] if wrong["row"] else "all rows"
        print(f"WRONG {wrong['column']}: {wrong['reason']}: {named}")
    for result in answer["results"]:
        if result["future"] or result["too_old"]:
            print(f"CLOCK encounter {result['idAtencion']}: {result['future']} ahead, {result['too_old']} too old")
    return sum(int(result["new"]) for result in answer["results"])


def main() -> None:
    """Send what the file holds, and then what is new in it, until Ctrl-C."""
    try:
        url, user, password = (os.environ[name] for name in ("MLAPI_URL", "MLAPI_USER", "MLAPI_PASSWORD"))
        file = Path(sys.argv[1])
    except (KeyError, IndexError):
        sys.exit(__doc__)
    client = Client(url, user, password, verify=os.environ.get("MLAPI_CA_FILE") or True)
    since = datetime.now(UTC) - FIRST
    while True:
        now = datetime.now(UTC)
        try:
            if rows := rows_since(file, since):
                print(f"{now:%H:%M:%S} UTC: {len(rows)} rows, {send(client, rows)} new")
            since = now - LATE
        except (Refused, requests.RequestException) as error:
            print(f"Not sent, and sent again in a minute: {error}")  # `since` is as it was
        time.sleep(EVERY)


if __name__ == "__main__":
    main()
