"""A real service of 60 beds, which takes longer to start than `make test` has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from measured import Figures, Real
from playwright.sync_api import Browser
from service import running
from visits import Size, Ward, scores, sign_in, ward_in


@pytest.fixture(scope="session")
def figures() -> Iterator[Figures]:
    """Keep what is measured, and write it down at the end."""
    kept = Figures()
    yield kept
    if len(kept.rows) > 5:
        kept.write()


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Real]:
    """Serve 60 beds with six hours of scores by `fcv serve`."""
    folder = tmp_path_factory.mktemp("sixty")
    own = scores(folder)
    with ward_in(folder, Size(beds=60), own) as (app, made):
        pass
    with running(folder, **own) as service, browser.new_context(locale="es-CO") as window:
        sign_in(window.new_page(), service.url, "eva")
        session = window.storage_state()
        cookie = "; ".join(f"{each['name']}={each['value']}" for each in window.cookies())
        yield Real(service, Ward(service.url, app, made, folder / "fcv.db", session), cookie)
