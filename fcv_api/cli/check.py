"""`fcv check`: one line, for whatever watches hosts."""

from __future__ import annotations

import click

from fcv_api.cli.doctor import examine
from fcv_api.cli.doctor.certificate import SHIPPED_PLACE
from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Wanted, worst

EXIT_CODES = {OK: 0, WARNING: 1, FAILED: 2}
"""Those of the Monitoring Plugins' guidelines."""
UNKNOWN = 3


def check() -> None:
    findings = examine(Wanted(SHIPPED_PLACE))
    status = worst(findings)
    unwell = [each for each in findings if each.status == status != OK]
    unknown = any(each.check == "settings" and each.status == FAILED for each in findings)
    words = "; ".join(f"{each.check}: {each.detail}" for each in unwell) or f"{len(findings)} checks are well"
    click.echo(f"FCV {'UNKNOWN' if unknown else status.upper()} - {words}")
    raise SystemExit(UNKNOWN if unknown else EXIT_CODES[status])
