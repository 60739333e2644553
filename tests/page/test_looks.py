"""What looks at the pages sees what it looks for."""

from __future__ import annotations

from collections.abc import Callable

import looks
import pytest
from playwright.sync_api import Browser, Page

pytest_plugins = ["openings"]

WRONG = {
    "a green word": (looks.green, '<p style="color: #0a8a0a">well</p>'),
    "a green line of a picture": (looks.green, '<svg><path stroke="#3c3" d="M0 0h9"/></svg>'),
    "a green edge behind others": (looks.green, '<p style="background: linear-gradient(#000, #2a2)">x</p>'),
    "a faint word": (looks.faint, '<p style="color: #888; background: #555">x</p>'),
    "a word on stripes": (looks.faint, '<p style="background: repeating-linear-gradient(#fff, #000 9px)">x</p>'),
    "a faint word in a picture": (looks.faint, '<svg><text fill="#999" y="20">x</text></svg>'),
    "a small target": (looks.small_targets, "<a href=#>x</a>"),
    "a wide page": (looks.sideways, '<div style="width: 3000px">x</div>'),
    "a picture without words": (looks.violations, '<svg role="img"><path d="M0 0h9"/></svg>'),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found_and_a_plain_page_has_none_of_it(browser: Browser, name: str) -> None:
    find: Callable[[Page], list[str]]
    find, wrong = WRONG[name]
    plain = '<!doctype html><html lang="en"><title>x</title><main><h1>x</h1>{}</main></html>'
    with browser.new_context() as window:
        page = window.new_page()
        page.set_content(plain.format(""))
        assert find(page) == []
        page.set_content(plain.format(wrong))
        assert find(page) != []
