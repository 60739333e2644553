"""docs/incident.md and its Spanish twin: the same commands and outputs, of problems that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fcv_api.settings import NAMES
from fcv_api.web.problems import PROBLEMS

TWINS = ("incident.md", "incident.es.md")


def text(root: Path, name: str) -> str:
    return (root / "docs" / name).read_text("utf-8")


def test_both_show_the_same_commands_and_the_same_outputs(root: Path) -> None:
    english, spanish = (re.findall(r"```(?:sh|text)\n.*?```", text(root, name), re.DOTALL) for name in TWINS)
    assert len(english) > 40
    assert english == spanish


@pytest.mark.parametrize("name", TWINS)
def test_every_row_of_the_table_leads_to_a_section(root: Path, name: str) -> None:
    headings = re.findall(r"^## (\d+\. .*)$", text(root, name), re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert re.findall(r"\]\(#(\d[^)]*)\)", text(root, name)) == anchors


@pytest.mark.parametrize("name", TWINS)
def test_the_problems_and_settings_that_are_named_exist(root: Path, name: str) -> None:
    of_nginx = re.findall(
        r"^ +\d+ +([a-z-]+);$", (root / "deploy" / "nginx" / "problems.conf").read_text(), re.MULTILINE
    )
    told = re.findall(r'"type":"/problems/([a-z-]+)"', text(root, name))
    assert len(told) == 8
    assert set(told) <= {*PROBLEMS, *of_nginx}
    assert set(re.findall(r"\bFCV_[A-Z_]+\b", text(root, name))) <= {*NAMES}


@pytest.mark.parametrize("name", TWINS)
def test_every_problem_that_asks_to_wait_or_is_away_has_its_row(root: Path, name: str) -> None:
    of_nginx = {("429", "too-many-requests"), ("503", "proxy-failed")}
    wanted = {(str(each.status), each.slug) for each in PROBLEMS.values() if each.status in (429, 503)} | of_nginx
    section = text(root, name).split("\n## 16. ")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\d+)`, `([a-z-]+)` \|", section, re.MULTILINE)) == wanted


@pytest.mark.parametrize("name", TWINS)
def test_every_command_has_its_form_in_containers(root: Path, name: str) -> None:
    whole = text(root, name)
    told = "".join(re.findall(r"^\| ([^|]*) \|", whole.split("\n## 21. ")[1].split("\n## ")[0], re.MULTILINE))
    blocks = re.findall(r"```sh\n(.*?)```", whole, re.DOTALL)
    programs = {line.split()[0] for block in blocks for line in block.splitlines()}
    assert {each for each in programs if f"`{each}" not in told} == set()


def test_both_readmes_lead_to_it(root: Path) -> None:
    assert "(docs/incident.md)" in (root / "README.md").read_text("utf-8")
    assert "(docs/incident.es.md)" in (root / "README.es.md").read_text("utf-8")
