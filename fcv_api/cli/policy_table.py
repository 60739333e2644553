"""The table of a policy's burden: how it is printed, and what `fcv policy activate` asks of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import orjson

from fcv_api.domain.policy import UnusablePolicy

SCHEMA = "fcv-policy-table-1"
FEWEST_EVENTS = 20
"""Under so many onsets of a class nothing is said of it."""
Table = dict[str, Any]


def read_table(path: Path) -> Table:
    """Read what `fcv alerts simulate --json` wrote. Raises UnusablePolicy."""
    try:
        table = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise UnusablePolicy(f"{path} is not JSON: {error}.") from None
    if not isinstance(table, dict) or table.get("schema") != SCHEMA or "whole_stays" not in table.get("figures", {}):
        raise UnusablePolicy(f"{path} is no table of `fcv alerts simulate` ({SCHEMA}).")
    return table


def check_table(table: Table, policy: tuple[str, str], model: tuple[str, str] | None) -> None:
    """Raise UnusablePolicy unless a table is of this very policy, and of this very model where its score counts.

    policy, model: `name/version` and sha256.
    """
    for kind, wanted in (("policy", policy), ("model", model)):
        if wanted and (table.get(kind), table.get(f"{kind}_sha256")) != wanted:
            raise UnusablePolicy(
                f"The table is of {kind} {table.get(kind)} with sha256 {table.get(f'{kind}_sha256')}, and not of "
                f"{wanted[0]} with {wanted[1]}: simulate this one."
            )


def print_table(table: Table) -> None:
    """Print a table for people."""
    click.echo(f"Policy {table['policy']} with the scores of {table['model']}, over the {table['data']['kind']}")
    click.echo(f"from {table['data']['first'][:16]} to {table['data']['last'][:16]} UTC.")
    for line in lines_of(table["figures"]):
        click.echo(f"  {line}")
    for point in table["operating_points"]:
        click.echo(f"At most {point['at_most']:g} alarms a patient-day before onsets: threshold {point['threshold']:g}")
        for line in lines_of(point["figures"]):
            click.echo(f"  {line}")


def lines_of(figures: Table) -> list[str]:
    """Return the figures in words, each with its 95 % interval."""
    whole = figures["whole_stays"]
    lines = [
        f"{figures['stays']} stays, {figures['patients']} patients, {whole['patient_hours']:.0f} patient-hours",
        f"alarms a patient-day, whole stays:    {_range(whole['alarms_per_patient_day'])}",
        f"stays that ring:                      {_range(whole['stays_that_ring'])}",
    ]
    if "drawn" not in figures:
        return [*lines, "No outcomes were given: whom it finds cannot be answered."]
    drawn = figures["drawn"]
    lines.append(f"alarms a patient-day, before onsets:  {_range(drawn['alarms_per_patient_day'])}")
    for name, share in figures["sensitivity_by_state"].items():
        few = share["of"] < FEWEST_EVENTS
        said = f"cannot be answered: {share['of']} onsets" if few else f"{_range(share)} of {share['of']} onsets"
        lines.append(f"found, {name + ':':<30} {said}")
    for minutes, share in figures["found_ahead"].items():
        lines.append(f"found {minutes} minutes ahead or more:       {_range(share)}")
    leads = figures["lead_minutes"]
    lines.append(f"minutes from alarm to onset:          {' / '.join(f'{each:.0f}' for each in leads)} (quartiles)")
    lines += [f"{_rate(name):<37} {_range(value)}" for name, value in drawn.items() if name.startswith("ppv")]
    return lines


def _rate(name: str) -> str:
    rate = name.removeprefix("ppv").removeprefix("_at_").removesuffix("_onsets_a_patient_day")
    return f"alarms that are true, at {rate} onsets a day:" if rate else "alarms that are true, in these data:"


def _range(figure: Table) -> str:
    if figure["value"] is None or figure["value"] != figure["value"]:
        return "cannot be answered"
    return f"{figure['value']:.3g} ({figure['low']:.3g} to {figure['high']:.3g})"
