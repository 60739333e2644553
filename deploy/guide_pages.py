"""MkDocs' hooks of the guide: two languages from one folder, links that hold in both, and no script within a page.

`docs/X.es.md` is the Spanish twin of `docs/X.md`, and stands in its place in the Spanish guide; a page without a twin
stands there in English. A Spanish page may link to an English heading: the link leads to the twin's heading of the same
number.
"""

from __future__ import annotations

import posixpath
import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markdown import Extension, Markdown

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "reporting.md"}
"""Documents of the checkout that are pages too. So is what is text or a picture in `bench/`."""
PLACES = {f"/{path}": uri for path, uri in OUTSIDE.items()}
FENCE = re.compile(r"^ *```.*?^ *``` *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[((?:[^][]|\[[^]]*\])*)\]\(([^)\s]+)\)")
LIST = re.compile(r"(?<=\n)((?![-*|#>] |\d+\. |\s)[^\n]+\n)(?=(?:[-*]|1\.) )")
ALTERNATE = re.compile(r"[ \t]*<link rel=\"?alternate\b[^>]*>\n?")
INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
ENGLISH_ALONE = "*Esta página existe solo en inglés.*\n"


class ListsAsOnAForge(Extension):  # type: ignore[misc]
    """What is indented by two blanks belongs to a list's item, as on a forge; Markdown's own rule is four."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the library's name
        """Set it."""
        md.tab_length = 2


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Name the sections of the navigation in the guide's language."""
    config.markdown_extensions.append(ListsAsOnAForge())
    config.nav = _named(config.nav or [], config.extra.get("sections", {}))
    return config


def _named(item: object, names: dict[str, str]) -> Any:  # noqa: ANN401 - as MkDocs has it
    if isinstance(item, list):
        return [_named(each, names) for each in item]
    if isinstance(item, dict):
        return {names.get(title, title): _named(each, names) for title, each in item.items()}
    return item


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put one page of each pair of twins at the address that both have, and add what stands outside of docs/."""
    from mkdocs.structure.files import File  # only a build needs MkDocs

    added = outside()
    for twin in [each for each in files if each.src_uri.endswith(".es.md")]:
        files.remove(twin)
        if is_spanish(config):
            added[twin.src_uri.replace(".es.md", ".md")] = Path(str(twin.abs_src_path))
    for uri, path in added.items():
        if english := files.get_file_from_path(uri):
            files.remove(english)
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    return files


def is_spanish(config: MkDocsConfig) -> bool:
    """Return whether this is the Spanish guide."""
    return bool(config.theme["language"] == "es")


def outside() -> dict[str, Path]:
    """Return the files outside of docs/ that the guide has, by their names there."""
    bench = [each for end in ("md", "png", "svg", "json") for each in sorted((ROOT / "bench").glob(f"*.{end}"))]
    return {uri: ROOT / path for path, uri in OUTSIDE.items()} | {f"bench/{each.name}": each for each in bench}


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let each link lead to where its target is in the guide; what is not in it keeps its words."""
    uri = page.file.src_uri
    fences: list[str] = []
    text = FENCE.sub(lambda found: fences.append(found[0]) or f"\0{len(fences) - 1}\0", markdown)  # type: ignore[func-returns-value]
    text = LIST.sub(r"\1\n", text)
    text = LINK.sub(lambda found: _link(found, uri, files, spanish=is_spanish(config)), text)
    text = re.sub("\0(\\d+)\0", lambda found: fences[int(found[1])], text)
    alone = is_spanish(config) and not (ROOT / "docs" / twin_of(uri)).exists()
    return re.sub(r"\A(# .+\n)", rf"\1\n{ENGLISH_ALONE}", text) if alone else text


def twin_of(uri: str) -> str:
    """Return the name of a page's Spanish twin."""
    return f"{uri.removesuffix('.md')}.es.md"


def _link(found: re.Match[str], uri: str, files: Files, *, spanish: bool) -> str:
    words, target = found.groups()
    if re.match(r"[a-z]+:", target) or not (path := target.partition("#")[0]):
        return found[0]
    place = guide_uri(path, uri)
    if place.endswith(".es.md") or (place == uri and spanish):  # of a page's own twin: the other language's guide
        return f"[{words}](/guide/{'' if spanish else 'es/'}{uri.removesuffix('.md')}/)"
    if place not in files.src_uris:
        return words
    anchor = _anchor(place, target.partition("#")[2], spanish=spanish)
    return f"[{words}]({posixpath.relpath(place, posixpath.dirname(uri) or '.')}{anchor})"


def guide_uri(path: str, uri: str) -> str:
    """Return the name in the guide of what a page links to by a path, which is relative to the page's own place."""
    own = next((f"/{outside}" for outside, inside in OUTSIDE.items() if inside == uri), None)
    own = own or (f"/{uri}" if uri.startswith("bench/") else f"/docs/{uri}")
    place = posixpath.normpath(posixpath.join(posixpath.dirname(own), path))
    inside = PLACES.get(place, place.removeprefix("/docs/").removeprefix("/"))
    return inside if inside == twin_of(uri) else inside.replace(".es.md", ".md")


def _anchor(place: str, anchor: str, *, spanish: bool) -> str:
    """Return an anchor, in the Spanish guide that of the twin's heading of the same number."""
    english, twin = ROOT / "docs" / place, ROOT / "docs" / twin_of(place)
    if anchor and spanish and twin.exists():
        here, there = anchors(english.read_text("utf-8")), anchors(twin.read_text("utf-8"))
        if anchor not in there and anchor in here and len(here) == len(there):
            anchor = there[here.index(anchor)]
    return f"#{anchor}" if anchor else ""


def anchors(text: str) -> list[str]:
    """Return the anchors of a text's headings, in their order, as a forge makes them."""
    headings = re.findall(r"^#+ (.+?) *$", FENCE.sub("", text), re.MULTILINE)
    plain = (LINK.sub(r"\1", heading).lower() for heading in headings)
    return [re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain]


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Move each script that stands in a page into a file, so that a policy can forbid all others.

    Take out its `<link rel="alternate">`: for each, the theme's script asks for a `sitemap.xml` beside the page, and
    none is there. The switch of languages is a link that leads to the page by itself.
    """
    output = ALTERNATE.sub("", output)
    return INLINE_SCRIPT.sub(lambda found: _moved(found[1], page.url, Path(config.site_dir)), output)


def on_post_template(output: str, template_name: str, config: MkDocsConfig) -> str:
    """The same for the page that says that nothing is here."""
    if not template_name.endswith(".html"):
        return output
    return INLINE_SCRIPT.sub(lambda found: _moved(found[1], None, Path(config.site_dir)), output)


def _moved(script: str, url: str | None, site: Path) -> str:
    name = f"assets/javascripts/page-{sha256(script.encode()).hexdigest()[:12]}.js"
    (site / name).parent.mkdir(parents=True, exist_ok=True)
    (site / name).write_text(script, "utf-8")
    base = "/guide/" if url is None else posixpath.relpath(".", url or ".") + "/"
    return f'<script src="{base}{name}"></script>'


def on_page_context(context: dict[str, object], page: Page, config: MkDocsConfig, nav: object) -> dict[str, object]:  # noqa: ARG001 - MkDocs' names
    """Let the switch of languages stay at the page."""
    url = "" if page.url in (".", "./") else page.url
    config.extra["alternate"] = [
        {"name": "English", "link": f"/guide/{url}", "lang": "en"},
        {"name": "Español", "link": f"/guide/es/{url}", "lang": "es"},
    ]
    return context
