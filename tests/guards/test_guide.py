"""The guide: all of docs/ is in its navigation, twins say the same, and a reader's browser asks nobody else."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from guide_pages import FENCE, anchors, guide_uri

from fcv_api.settings import ROOT
from fcv_api.web import guide

DOCS = ROOT / "docs"
TWINS = sorted(each for each in DOCS.glob("*.es.md"))
FOR_ENGINEERS = {
    *("architecture.md", "changelog.md", "contributing.md", "reporting.md", "scale.md", "simulator.md"),
    *("ward-inside.md",),
}
"""Pages that who operates, connects or looks needs not: in English alone. So are `adr/` and `bench/`."""


class Loader(yaml.SafeLoader):
    """Reads a configuration of MkDocs, and passes over what it makes of Python."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def configuration(name: str) -> dict[str, object]:
    """Return a configuration of MkDocs."""
    read: dict[str, object] = yaml.load((ROOT / name).read_text("utf-8"), Loader)
    return read


def pages(item: object) -> Iterator[str]:
    """Return the pages of a navigation."""
    if isinstance(item, str):
        yield item
    for each in item.values() if isinstance(item, dict) else item if isinstance(item, list) else ():
        yield from pages(each)


NAV = set(pages(configuration("mkdocs.yml")["nav"]))


def test_every_page_is_in_the_navigation() -> None:
    wanted = {str(each.relative_to(DOCS)) for each in DOCS.rglob("*.md") if not each.name.endswith(".es.md")}
    wanted |= {f"bench/{each.name}" for each in (ROOT / "bench").glob("*.md")}
    assert wanted | {"changelog.md", "contributing.md", "reporting.md"} == NAV


def test_every_page_for_people_at_a_hospital_has_a_spanish_twin() -> None:
    here = {each.name.replace(".es.md", ".md") for each in TWINS}
    wanted = {each for each in NAV if "/" not in each} - FOR_ENGINEERS
    assert not wanted - here


def test_every_section_has_a_spanish_name() -> None:
    def sections(item: object) -> Iterator[str]:
        for each in item if isinstance(item, list) else ():
            if isinstance(each, dict):
                for title, inside in each.items():
                    yield title
                    yield from sections(inside)

    extra = configuration("mkdocs.es.yml")["extra"]
    assert isinstance(extra, dict)
    assert set(sections(configuration("mkdocs.yml")["nav"])) == set(extra["sections"])


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
def test_twins_have_the_same_headings_and_the_same_commands(twin: Path) -> None:
    english, spanish = (DOCS / twin.name.replace(".es.md", ".md")).read_text("utf-8"), twin.read_text("utf-8")
    levels = [re.findall(r"^#+(?= )", FENCE.sub("", text), re.MULTILINE) for text in (english, spanish)]
    assert levels[0] == levels[1]
    assert len(anchors(english)) == len(anchors(spanish))
    assert re.findall(r"^```console\n.*?^```", english, re.MULTILINE | re.DOTALL) == re.findall(
        r"^```console\n.*?^```", spanish, re.MULTILINE | re.DOTALL
    )
    assert commands(english) == commands(spanish)


def commands(text: str) -> list[list[str]]:
    """Return of each line of a page's commands its first word and its options: names and reasons are translated."""
    blocks = re.findall(r"^ *```(?:sh|sql)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    lines = [re.sub(r"#.*|\"[^\"]*\"|'[^']*'", "", line).split() for block in blocks for line in block.splitlines()]
    return [[word for n, word in enumerate(line) if n == 0 or word.startswith("-")] for line in lines]


@pytest.mark.parametrize(
    ("path", "page", "wanted"),
    [
        ("feed.md", "hl7.md", "feed.md"),
        ("feed.es.md", "hl7.md", "feed.md"),
        ("hl7.es.md", "hl7.md", "hl7.es.md"),
        ("../bench/ward.md", "ward.md", "bench/ward.md"),
        ("../docs/scale.md", "bench/ward.md", "scale.md"),
        ("docs/scale.md", "changelog.md", "scale.md"),
        ("../SECURITY.md", "security.md", "reporting.md"),
        ("../../bench/ward.md", "adr/0001-litert-in-serving.md", "bench/ward.md"),
    ],
)
def test_a_link_of_the_checkout_leads_to_its_page_of_the_guide(path: str, page: str, wanted: str) -> None:
    assert guide_uri(path, page) == wanted


def test_nginx_and_the_service_say_the_same_of_what_a_page_may_do() -> None:
    assert f'add_header Content-Security-Policy "{guide.POLICY}" always;' in (ROOT / "deploy/nginx.conf").read_text(
        "utf-8"
    )
    assert "//" not in guide.POLICY


def test_what_builds_the_guide_is_locked_in_the_versions_that_were_tested() -> None:
    pinned = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\n]+)", re.MULTILINE)
    tested = {
        name.lower().replace("_", "-"): version
        for name, version in pinned.findall((ROOT / "constraints.txt").read_text())
    }
    lock = (ROOT / "deploy" / "requirements-docs.txt").read_text("utf-8")
    locked = {name.lower().replace("_", "-"): version for name, version in pinned.findall(lock)}
    assert "mkdocs-material" in locked
    assert {name: tested.get(name) for name in locked} == locked
    entries = lock.replace("\\\n", " ").splitlines()[1:]
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both guides, strictly: a dead link, a dead anchor or a page outside of the navigation fails."""
    place = tmp_path_factory.mktemp("guide") / "site"
    done = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "guide.py"), "--into", str(place)],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return place


def test_both_guides_have_every_page_and_ask_no_other_host(site: Path) -> None:
    for page in NAV:
        name = "index.html" if page == "index.md" else f"{page.removesuffix('.md')}/index.html"
        assert (site / name).exists(), name
        assert (site / "es" / name).exists(), name
    html = {each: each.read_text("utf-8") for each in site.rglob("*.html")}
    fetched = re.compile(
        r"<(?:script|link|img|iframe|source|video|audio|object|embed)\b[^>]*\b(?:src|href|data)=\"?(?:https?:)?//"
    )
    assert [str(each) for each, text in html.items() if fetched.search(text)] == []
    assert [
        str(each) for each in site.rglob("*.css") if re.search(r"url\([\"']?(?:https?:)?//", each.read_text("utf-8"))
    ] == []
    assert [str(each) for each, text in html.items() if re.search(r"<script>|<style|\son\w+=\"", text)] == []
    asks_for_a_sitemap = re.compile(r"<link rel=\"?alternate\b")
    assert [str(each) for each, text in html.items() if asks_for_a_sitemap.search(text)] == []
    assert '<a href="/guide/es/install/" hreflang="es"' in html[site / "install" / "index.html"]
    assert '"lang":["en"' in (site / "search" / "search_index.json").read_text("utf-8").replace(" ", "")
