"""The options of `fcv simulate --feed`."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, fields
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import IO, Any

import click

from fcv_api.cli.commands.choices import LARGEST_ID, LONGEST_BED, LONGEST_CHANNEL

MOST_BEDS, MOST_MINUTES = 1000, 14 * 60
"""1,000 beds take 200 MB and 17 posts a second. No simulated stay is longer than 14 hours."""
FAULTS = {
    "late": "rows that come up to 15 minutes later",
    "lost": "rows that never come",
    "repeated": "rows that come again, up to 5 minutes later",
    "corrected": "rows that come with a wrong value first, and as a correction up to 10 minutes later",
    "swapped": "posts that come after the next one",
}


@dataclass(frozen=True, slots=True)
class Played:
    """What the options of a play say."""

    url: str
    hl7: str | None
    obx: int
    user: str | None
    password_file: IO[str] | None
    ca: Path | None
    beds: int
    minutes: int
    speed: float
    until: datetime | None
    late: float
    lost: float
    repeated: float
    corrected: float
    swapped: float
    channel: str
    bed: str
    first_encounter: int | None
    as_json: bool

    @property
    def shares(self) -> dict[str, float]:
        """The share of each fault."""
        return {name: getattr(self, name) for name in FAULTS}


NAMES = {each.name for each in fields(Played)}


def _text(longest: int) -> Callable[..., str]:
    """Return a check of an option's text: at most so many printable characters."""

    def check(_context: click.Context, _option: click.Parameter, text: str) -> str:
        if len(text) > longest or not text.isprintable():
            raise click.BadParameter(f"must be up to {longest} printable characters.")
        return text

    return check


def _moment(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime | None:
    """Read a moment with its offset."""
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text} is no time such as 2026-03-03T09:30:00Z.") from None
    if moment is not None and moment.tzinfo is None:
        raise click.BadParameter(f"{text} says no offset from UTC, such as Z or -05:00.")
    return moment


def _finite(_context: click.Context, _option: click.Parameter, number: float) -> float:
    """Refuse NaN, which is in every range, and infinity."""
    if not isfinite(number):
        raise click.BadParameter("must be a number.")
    return number


def _address(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Refuse what is no HOST:PORT."""
    if text is None:
        return None
    from marshmallow import ValidationError

    from fcv_api.settings.hl7 import check_address

    try:
        check_address(text)
    except ValidationError as error:
        raise click.BadParameter(str(error.messages[0])) from None
    return text


SHARE = click.FloatRange(0, 1)
OPTIONS = (
    click.option(
        "--feed", "url", metavar="URL", is_flag=False, flag_value="",
        help="Play them into this running service instead of writing files; without URL by --hl7.",
    ),
    click.option("--hl7", metavar="HOST:PORT", callback=_address, help="Play them as HL7 v2, a message a post."),
    click.option("--obx", type=click.IntRange(0, 1000), default=0, help="How many OBX a message has at least."),
    click.option("--user", envvar="MLAPI_USER", help="The account that sends: a client. Or MLAPI_USER."),
    click.option(
        "--password-file", type=click.File(encoding="utf-8"),
        help="Read its password from a file, or - for standard input. Or MLAPI_PASSWORD; otherwise it is asked for.",
    ),
    click.option(
        "--ca", envvar="MLAPI_CA_FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="The certificate authority of an https address. Or MLAPI_CA_FILE.",
    ),
    click.option("--beds", type=click.IntRange(1, MOST_BEDS), default=1, show_default=True, help="A stay each."),
    click.option(
        "--minutes", type=click.IntRange(1, MOST_MINUTES), default=120, show_default=True,
        help="How long they are played. A stay ends by itself after some hours, and then its bed is silent.",
    ),
    click.option(
        "--speed", type=click.FloatRange(min=1), default=1.0, show_default=True, callback=_finite,
        help="1 is real time; 60 a minute a second; a million is as fast as it goes.",
    ),
    click.option(
        "--until", callback=_moment, metavar="TIME",
        help="When they end, with an offset from UTC; by default so that the last row is new when it is sent.",
    ),
    *(
        click.option(f"--{name}", type=SHARE, default=0.0, callback=_finite, help=f"The share of {of}.")
        for name, of in FAULTS.items()
    ),
    click.option("--channel", default="", callback=_text(LONGEST_CHANNEL), help="The monitors' channel, as 1.1.2.1."),
    click.option(
        "--bed", default="SIM-", show_default=True, callback=_text(LONGEST_BED - 5), help="How the beds' names begin."
    ),
    click.option(
        "--first-encounter", type=click.IntRange(0, LARGEST_ID - MOST_BEDS),
        help="The first bed's encounter; the others follow. [default: by the seed]",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print nothing but the sum, as one JSON object."),
)  # fmt: skip


def of_a_play(command: Any) -> Any:
    """Decorate a command with them."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def spelt(context: click.Context, names: Container[str]) -> str:
    """Return options and arguments as they are written."""
    return ", ".join(
        each.opts[0] if isinstance(each, click.Option) else each.make_metavar(context).strip("[]")
        for each in context.command.params
        if each.name in names
    )
