"""A page's blocks of ```console: the commands after `$ `, and what they print, told apart by what may differ."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass, field

from click.testing import CliRunner
from service import Service, fcv_settings

from fcv_api.cli import main
from fcv_api.settings import ROOT

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FCV = ".venv/bin/fcv"
VARIES = (
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "HEX"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"), "TIME"),
    (re.compile(r"\b\d+(\.\d+)? s\b"), "SECONDS"),
    (re.compile(r"\b(\d+\.\d{2})\d+\b"), r"\1"),
    (re.compile(r" +"), " "),
)
"""Ids and hashes, times, and the digits of a number after the second, which differ from processor to processor."""


@dataclass(frozen=True)
class Step:
    """One command as a page shows it, with what the page says that it prints."""

    command: str
    printed: str


def steps_of(text: str) -> list[Step]:
    """Return a page's commands in their order. A line that ends with a backslash goes on in the next, after `> `."""
    parts = [part for block in BLOCK.findall(text) for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [_step(part) for part in parts]


def _step(part: str) -> Step:
    command = re.match(r"(?:[^\n]*\\\n)*[^\n]*\n", part)
    assert command
    return Step(re.sub(r" *\\\n> *", " ", command[0]).strip(), part[command.end() :].strip())


def normal(text: str) -> str:
    """Return a text without what may differ between two runs."""
    for pattern, instead in VARIES:
        text = pattern.sub(instead, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


@dataclass
class Shell:
    """Runs a page's commands beside a service: `fcv` in this process, all else by bash. token: its variable TOKEN."""

    service: Service
    token: str = field(default="", init=False)

    def run(self, command: str) -> str:
        """Return what a command prints, with the page's address and folder in the place of the service's."""
        places = {"http://127.0.0.1:8000": self.service.url, "/tmp/": f"{self.service.folder}/"}
        here = command
        for documented, place in places.items():
            here = here.replace(documented, place)
        printed = self._fcv(here) if f"{FCV} " in here else self._bash(here)
        for documented, place in places.items():
            printed = printed.replace(place, documented)
        return printed.strip()

    def _bash(self, command: str) -> str:
        script = f"TOKEN='{self.token}'\n{command}\nprintf '\\001%s' \"$TOKEN\""
        done = subprocess.run(
            ["bash", "-c", script], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=True, timeout=120,
        )  # fmt: skip
        printed, _, self.token = done.stdout.partition("\1")
        return printed

    def _fcv(self, command: str) -> str:
        """Run `[echo TEXT |] [NAME=VALUE...] .venv/bin/fcv ... [| head or tail -n COUNT]`."""
        before, _, after = command.partition(FCV)
        words, _, cut = after.partition(" | ")
        text, _, given = before.rpartition("|")
        own = dict(each.split("=", 1) for each in shlex.split(given))
        asked = shlex.split(text)[1] if text else None
        environment = fcv_settings(self.service.environment | own)
        done = CliRunner().invoke(main, shlex.split(words), input=asked, env=environment)
        how = shlex.split(cut)
        lines = (done.stdout if how else done.output).splitlines()
        kept = slice(int(how[2])) if cut.startswith("head") else slice(-int(how[2]), None) if how else slice(None)
        return "\n".join(lines[kept])
