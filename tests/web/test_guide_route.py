"""`/guide`: the built guide as files, to everybody, and nothing that lies beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from fcv_api.web import guide


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a guide of one page in each language, and a secret beside it."""
    folder = tmp_path / "guide"
    for name in ("index.html", "es/index.html", "install/index.html", "search/search_index.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"<p>{name}", "utf-8")
    (tmp_path / "secret").write_text("secret", "utf-8")
    monkeypatch.setattr(guide, "FOLDER", folder)
    return folder


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/guide/", "index.html"),
        ("/guide/es/", "es/index.html"),
        ("/guide/install/", "install/index.html"),
        ("/guide/install/index.html", "install/index.html"),
        ("/guide/search/search_index.json", "search/search_index.json"),
    ],
)
def test_a_page_is_answered_to_whoever_asks(http: FlaskClient, path: str, name: str) -> None:
    with http.get(path) as response:
        assert (response.status_code, response.get_data(as_text=True)) == (200, f"<p>{name}")
        assert response.headers["Content-Security-Policy"] == guide.POLICY
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(("path", "place"), [("/guide", "/guide/"), ("/guide/install", "/guide/install/")])
def test_a_folder_without_its_slash_leads_to_the_one_with_it(http: FlaskClient, path: str, place: str) -> None:
    response = http.get(path)
    assert (response.status_code, response.headers["Location"], response.data) == (308, place, b"")


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "path",
    [
        "/guide/nope",
        "/guide/../secret",
        "/guide/%2e%2e/secret",
        "/guide/..%2fsecret",
        "/guide//etc/passwd",
        "/guide/%00",
    ],
)
def test_what_is_not_of_the_guide_is_not_there(http: FlaskClient, path: str) -> None:
    response = http.get(path)
    assert (response.status_code, response.get_json()["type"]) == (404, "/problems/not-found")
    assert "secret" not in response.get_json()["detail"]


def test_where_no_guide_was_built_the_answer_says_how_it_is(
    http: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guide, "FOLDER", tmp_path)
    response = http.get("/guide/")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    assert "`make docs`" in response.get_json()["detail"]
