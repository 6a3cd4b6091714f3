"""The pages and the API reference as a site (Sphinx): `make docs` writes it to build/site.

The source folder is the whole tree, so that a link from README.md into docs/ leads to the same place here as where the
files are read as they are. Only Markdown of the top folder and of docs/ is read.
"""

import logging
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

logging.getLogger("qcodes").setLevel(logging.WARNING)  # which is imported for the API reference
HOME = Path(__file__).resolve().parents[1]

project = "labctl"
author = "the authors of labctl"
root_doc = "README"
include_patterns = ["*.md", "docs/**"]
exclude_patterns = [".*", "build", "data", "labctl", "sequences", "instruments", "physics", "simulated_instruments"]
exclude_patterns += ["tests", "tools", "benchmarks", "examples", "locks"]
extensions = ["myst_parser", "sphinx.ext.autodoc"]

html_theme = "furo"
html_title = "labctl"
html_copy_source = False

myst_heading_anchors = 4
default_role = "code"  # in docstrings `a name` is code, as in Markdown
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True

_CONTENTS = ("README", "docs/decisions/README")
"""Pages whose lists and tables name other pages: these are the table of contents of the site."""
_PAGE = re.compile(r"^(?:- |\| )\[[^\]]*\]\(([^)\s#]+\.md)\)", re.MULTILINE)
_TO_CODE = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https://|#)(?![^)\s]*\.md\b)[^)\s]+\)")


_SPECIAL = re.compile(r"(`[^`]*`)|([|*]|_(?=\W|$))")
"""Outside of code: what Sphinx would take for markup, and is none in our docstrings (|0>, |B|, f*)."""


def keep_signs(_: Sphinx, _kind: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    """Docstrings are plain text with code in backticks and with lists: every other sign stands for itself."""
    lines[:] = [_SPECIAL.sub(lambda found: found[1] or "\\" + found[2], line) for line in lines]


def prepare_page(_: Sphinx, page: str, source: list[str]) -> None:
    """Words of a link to code stand alone, for code has no page. A page that lists others gets them as its contents."""
    source[0] = _TO_CODE.sub(r"\1", source[0])
    if page in _CONTENTS:
        linked = dict.fromkeys(_PAGE.findall(source[0]))
        source[0] += "\n\n```{toctree}\n:hidden:\n\n" + "\n".join(linked) + "\n```\n"


def lead_to_readme(app: Sphinx, error: Exception | None) -> None:
    """The site begins at README.html; browsers ask for index.html."""
    if error is None and app.builder.format == "html":
        page = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=README.html">\n'
        (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", keep_signs)
    app.connect("source-read", prepare_page)
    app.connect("build-finished", lead_to_readme)
