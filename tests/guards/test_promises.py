"""What the documents promise is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from marshmallow import Schema

from fcv_api.domain.errors import IdentityConflict, MissingSigns, ModelOutput, Silent, TooFewInstants, WindowSpan
from fcv_api.feed.beds import CORRECTED, NOT_YET, Status
from fcv_api.serving.first_steps import FIRST_STEPS, first_steps
from fcv_api.settings import NAMES, ROOT
from fcv_api.web import guide
from fcv_api.web.problems import PROBLEMS
from fcv_api.wire.beds import BedRefusalSchema, BedSchema, LastScoreSchema
from fcv_api.wire.observation_answer import ObservationsAnswerSchema, RowErrorSchema, TakenSchema

CONTRACT = {
    ("GET", "/"),
    ("GET", "/home"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("POST", "/auth/create_user"),
    ("POST", "/auth/token"),
    ("POST", "/auth/logout"),
    ("POST", "/predict"),
    ("GET", "/predictions"),
    ("GET", "/predictions/<record_id>"),
    ("GET", "/predictions/<record_id>/replay"),
    ("GET", "/predictions/<record_id>/explanation"),
    ("POST", "/predict/batch"),
    ("POST", "/observations"),
    ("GET", "/beds"),
    ("POST", "/fhir"),
    ("GET", "/fhir/metadata"),
    ("GET", "/fhir/RiskAssessment"),
    ("GET", "/model"),
    ("GET", "/openapi.json"),
    ("GET", "/docs/"),
    ("GET", "/docs/<path:path>"),
    ("GET", "/guide"),
    ("GET", "/guide/"),
    ("GET", "/guide/<path:path>"),
    ("GET", "/ward"),
    ("GET", "/ward/beds"),
    ("GET", "/ward/beds/<encounter>"),
    ("GET", "/ward/static/<path:filename>"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    ("POST", "/ward/seen"),
}
PUBLIC = {
    *("/home", "/health/live", "/health/ready", "/auth/create_user", "/auth/token"),
    *("/sign-in", "/ward/static/<path:filename>", "/guide", "/guide/", "/guide/<path:path>", "/fhir/metadata"),
}

SPANISH_RETRIES = {
    "never": "nunca",
    "after new data": "con datos nuevos",
    "after Retry-After": "tras Retry-After",
}


def test_the_routes_are_those_of_the_contract(app: Flask) -> None:
    found = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    assert {(method, rule) for method, rule in found if method not in ("HEAD", "OPTIONS")} == CONTRACT


def test_every_view_of_ours_says_who_may_call_it(app: Flask) -> None:
    views = {rule.rule: app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules()}
    ours = {rule: view for rule, view in views.items() if not rule.startswith(("/docs", "/openapi.json"))}
    said = {rule: getattr(view, "access", None) for rule, view in ours.items()}
    assert {rule for rule, access in said.items() if access is None} == set()
    assert {rule for rule, access in said.items() if access == ()} == PUBLIC


@pytest.mark.parametrize("file", [".env.example", "docs/settings.md", "docs/settings.es.md"])
def test_every_setting_is_documented_and_no_other(root: Path, file: str) -> None:
    told = set(re.findall(r"\bFCV_[A-Z0-9_]+\b", (root / file).read_text("utf-8")))
    assert told == set(NAMES)


def test_every_setting_of_the_readme_exists(root: Path) -> None:
    for name in ("README.md", "README.es.md", "docs/from-the-thesis.md", "docs/from-the-thesis.es.md"):
        told = set(re.findall(r"\bFCV_[A-Z0-9_]+\b", (root / name).read_text("utf-8")))
        assert told - {"MLAPI_URL", "MLAPI_USER", "MLAPI_PASSWORD", "MLAPI_CA_FILE"} <= set(NAMES), name


@pytest.mark.parametrize(("page", "words"), [("api.md", {}), ("api.es.md", SPANISH_RETRIES)])
def test_every_problem_is_tabled_as_it_is(root: Path, page: str, words: dict[str, str]) -> None:
    text = (root / "docs" / page).read_text("utf-8")
    rows = {
        tuple(cell.strip() for cell in row.split("|")[1:-1])
        for row in re.findall(r"^\| `/problems/.*$", text, re.MULTILINE)
    }
    wanted = {
        (
            f"`{problem.type}`",
            str(problem.status),
            words.get(problem.retry, problem.retry),
            problem.title,
            problem.spanish,
        )
        for problem in PROBLEMS.values()
    }
    assert rows == wanted


@pytest.mark.parametrize("name", ["docs/feed.md", "docs/feed.es.md"])
def test_every_status_of_a_bed_is_tabled_with_every_reason(root: Path, name: str) -> None:
    refusals = (TooFewInstants, MissingSigns, WindowSpan, ModelOutput, IdentityConflict, Silent)
    reasons = {NOT_YET, CORRECTED, *(each.code for each in refusals)}
    wanted = {(f"`{status}`", "null") for status in Status if status != Status.NOT_SCORED}
    wanted |= {("`not_scored`", f"`{reason}`") for reason in reasons}
    text = (root / name).read_text("utf-8")
    rows = re.findall(r"^\| (`\w+`) \| (null|`[a-z-]+`) \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE)[1:]  # its head
    assert sorted(rows) == sorted(wanted)


@pytest.mark.parametrize(
    ("section", "schemas"),
    [
        ("POST /observations", (ObservationsAnswerSchema, TakenSchema, RowErrorSchema)),
        ("GET /beds", (BedSchema, LastScoreSchema, BedRefusalSchema)),
    ],
)
def test_every_member_of_the_memory_s_answers_is_tabled(root: Path, section: str, schemas: tuple[type[Schema]]) -> None:
    text = (root / "docs" / "api.md").read_text("utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    table = text[text.index("| member | what |") :]
    tabled = {name for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for name in re.findall(r"\w+", row)}
    assert tabled == {name for schema in schemas for name in schema().fields}


@pytest.mark.parametrize("name", ["README.md", "README.es.md"])
def test_the_readmes_curl_lines_are_those_that_the_service_prints(root: Path, name: str) -> None:
    curls = re.findall(r"curl -i?s? ?http://\{bind\}(/[a-z_/]+)", FIRST_STEPS)
    assert curls
    assert all(f"http://127.0.0.1:8000{path}" in (root / name).read_text("utf-8") for path in curls)


def test_the_first_steps_name_the_guide_once_it_was_built() -> None:
    looked_for = '(ROOT / "build" / "guide" / "index.html").is_file()'
    assert looked_for in (ROOT / "deploy" / "gunicorn.conf.py").read_text("utf-8")
    assert guide.FOLDER == ROOT / "build" / "guide"
    assert "/guide" not in first_steps("127.0.0.1:8000", built=False)
    assert "http://127.0.0.1:8000/guide " in first_steps("127.0.0.1:8000", built=True)


def test_every_link_within_the_documents_leads_somewhere(root: Path) -> None:
    broken = [
        (str(document.relative_to(root)), target)
        for document in [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
        if not (document.parent / target).exists()
    ]
    assert broken == []


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as they are made on a forge."""
    text = re.sub(r"^```.*?^```", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    slugs = [re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain]
    again = (f"{slug}-{slugs[:n].count(slug)}" for n, slug in enumerate(slugs) if slug in slugs[:n])
    return {*slugs, *again}


def test_every_anchor_within_the_documents_is_a_heading(root: Path) -> None:
    documents = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "bench").glob("*.md")]
    broken = [
        (str(document.relative_to(root)), f"{target}#{anchor}")
        for document in documents
        for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", document.read_text("utf-8"))
        if (document.parent / target).suffix in ("", ".md")
        and anchor not in anchors(document.parent / target if target else document)
    ]
    assert broken == []


NOT_THERE = r"\bnot yet (?:exist|there|built|supported|implemented)|does not exist yet|todavía no existe|aún no existe"


def test_no_document_speaks_of_what_is_not_there_yet(root: Path) -> None:
    documents = [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
    found = [(each.name, *re.findall(NOT_THERE, each.read_text("utf-8"))) for each in documents]
    assert [each for each in found if len(each) > 1] == []


def test_every_setting_that_a_document_names_is_one(root: Path) -> None:
    documents = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "deploy").rglob("*.*")]
    named = {
        name for each in documents for name in re.findall(r"\bFCV_[A-Z_]+[A-Z]\b", each.read_text("utf-8", "replace"))
    }
    assert named - {"FCV_TIMEZON"} <= set(NAMES)  # the tutorial's: it is told that there is none


@pytest.mark.parametrize("name", ["README.md", "README.es.md", "docs/containers.md", "docs/hl7.md", "docs/incident.md"])
def test_compose_builds_what_it_starts(root: Path, name: str) -> None:
    """No registry has the images, and after `git checkout` the one that is there is the version before."""
    text = (root / name).read_text("utf-8")
    assert re.findall(r"docker compose [^\n`]*up -d(?! --build)", text) == []


def test_the_migrations_that_the_documents_name_exist(root: Path) -> None:
    there = {each.name[:4] for each in (root / "migrations" / "versions").glob("0*.py")}
    documents = [*root.glob("*.md"), *(root / "docs").glob("*.md")]
    named = {
        number for each in documents for number in re.findall(r"tables are at (\d{4})|\(to (\d{4})\)", each.read_text())
    }
    assert {number for pair in named for number in pair if number} <= there
