"""Commands that load scikit-learn, matplotlib or DuckDB, and do so only when they are called."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click


class LazyCommand(click.Command):
    """Stands in a group for a command of another module, which is imported when the command is called.

    So `fcv serve` and `fcv --help` load none of its extra, and do not need it installed.
    """

    def __init__(self, name: str, where: str, short_help: str, extra: str = "train") -> None:
        """where: the module and its command, as `package.module:command`. extra: what installs what it needs."""
        super().__init__(name, short_help=short_help)
        self.where, self.extra = where, extra

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        """Hand the call to the command itself."""
        return self.load().make_context(info_name, args, parent, **extra)

    def load(self) -> click.Command:
        """Import the command. Ends with one sentence where its extra is not installed."""
        command: click.Command = load(self.where, self.extra)
        return command


def load(where: str, extra: str) -> Any:  # noqa: ANN401 - whatever it is
    """Import what another module holds. where, extra: as of a LazyCommand. Ends with one sentence without its extra."""
    module, _, attribute = where.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "fcv_api":
            raise  # an error of ours
        install = f"{sys.executable} -m pip install -c constraints.txt -e '.[{extra}]'"
        raise click.ClickException(f"{missing.name} is not installed. Install it with: {install}") from None


LAZY = (
    LazyCommand(
        "simulate", "fcv_api.cli.simulate:simulate", "Write simulated stays as files, or play them into a service."
    ),
    LazyCommand("score", "fcv_api.cli.score:score", "Score the encounters of an export of any size.", "score"),
    LazyCommand("train", "fcv_api.cli.train:command", "Train a model on an export and its labels, and import it."),
    LazyCommand("evaluate", "fcv_api.cli.evaluate:evaluate", "Measure a model on an export and its labels."),
    LazyCommand("validate", "fcv_api.cli.validate:validate", "Does a model work here? With outcomes, on a report."),
    LazyCommand("drift", "fcv_api.cli.drift:drift", "Is a model given today what it was given when it was measured?"),
    LazyCommand("outcomes", "fcv_api.cli.outcomes:outcomes", "Bring the outcomes of the stays in the record."),
    LazyCommand("reference", "fcv_api.cli.reference:reference", "Make the shipped model again, from its seeds."),
    LazyCommand("ablation", "fcv_api.cli.ablation:ablation", "Take away each thing that the simulator was made to do."),
    LazyCommand("plot", "fcv_api.cli.plot:plot", "Draw an encounter, and what a model says of it."),
)
