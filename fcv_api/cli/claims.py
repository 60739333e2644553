"""`--trained-on`, and what became of `--evidence`: what a model learnt from is stated, its evidence is earned."""

from __future__ import annotations

import click

from fcv_api.domain.evidence import TrainedOn

TRAINED_ON = click.option(
    "--trained-on",
    type=click.Choice([each.value for each in TrainedOn]),
    default=TrainedOn.UNSTATED.value,
    show_default=True,
    help="What it learnt from.",
)


def _refuse(_context: click.Context, _option: click.Parameter, said: str | None) -> None:
    if said is not None:
        raise click.UsageError(
            "--evidence is no option any more: evidence is earned by `fcv model attest` with a report. "
            "Use --trained-on for what the model learnt from."
        )


EVIDENCE = click.option("--evidence", hidden=True, expose_value=False, callback=_refuse)
"""Older scripts claim with it: it ends with one sentence."""
