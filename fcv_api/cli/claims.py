"""What a model is said to be: `--trained-on`, `--sampling`; and `--evidence`, which is earned and not said."""

from __future__ import annotations

import click

from fcv_api.domain.evidence import TrainedOn
from fcv_api.domain.samples import Sampling

TRAINED_ON = click.option(
    "--trained-on",
    type=click.Choice([each.value for each in TrainedOn]),
    default=TrainedOn.UNSTATED.value,
    show_default=True,
    help="What it learnt from.",
)

SAMPLING = click.option(
    "--sampling",
    type=click.Choice([each.value for each in Sampling]),
    default=Sampling.LAST.value,
    show_default=True,
    help="What it learns of each sign from rows that are denser than its steps: the last value of a step, or the mean.",
)


def _refuse(_context: click.Context, _option: click.Parameter, said: str | None) -> None:
    if said is not None:
        raise click.UsageError(
            "--evidence is no option any more: evidence is earned by `fcv model attest` with a report. "
            "Use --trained-on for what the model learnt from."
        )


EVIDENCE = click.option("--evidence", hidden=True, expose_value=False, callback=_refuse)
"""Older scripts claim with it: it ends with one sentence."""
