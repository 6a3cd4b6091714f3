"""A page of HTML that needs nothing else: tables, pictures within the text, no script, no network."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLE: Final = """
body { font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.3rem; border-top: 2px solid #ddd; padding-top: 1.2rem; margin-top: 2.4rem; }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
table { border-collapse: collapse; margin: .4rem 0; }
td, th { text-align: left; vertical-align: top; padding: .15rem .9rem .15rem 0; border-bottom: 1px solid #eee; }
td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
img { max-width: 100%; } code, pre { font: 13px/1.4 ui-monospace, monospace; background: #f6f6f6; }
pre { padding: .6rem; overflow-x: auto; } .bad { color: #a00; } .dim { color: #666; } details { margin: .5rem 0; }
summary { cursor: pointer; } @media print { body { margin: 0; max-width: none; } }
"""
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(title: str, body: Iterable[str]) -> str:
    """The whole page. body: parts that are HTML already."""
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style>'
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n<h1>{escape(title)}</h1>\n'
        + "\n".join(part for part in body if part)
        + "\n</body></html>\n"
    )


def table(rows: Iterable[Sequence[str]], headings: Sequence[str] = (), numbers: Sequence[int] = ()) -> str:
    """A table of texts; empty if it has no rows. numbers: columns that stand to the right."""
    lines = [
        "<tr>"
        + "".join(f"<td{' class=n' if k in numbers else ''}>{escape(cell)}</td>" for k, cell in enumerate(row))
        + "</tr>"
        for row in rows
    ]
    if not lines:
        return ""
    head = f"<tr>{''.join(f'<th>{escape(one)}</th>' for one in headings)}</tr>" if headings else ""
    return f"<table>{head}{''.join(lines)}</table>"


def section(title: str, *parts: str, level: int = 3) -> str:
    """A heading and what belongs to it; empty if that is empty."""
    content = "\n".join(part for part in parts if part)
    return f"<h{level}>{escape(title)}</h{level}>\n{content}" if content else ""


def folded(title: str, content: str) -> str:
    """What one need not see; empty if there is nothing."""
    return f"<details><summary>{escape(title)}</summary>{content}</details>" if content else ""


def paragraph(text: str, kind: str = "") -> str:
    """Words; empty if there are none."""
    return f"<p{f' class={kind}' if kind else ''}>{escape(text)}</p>" if text else ""


def verbatim(text: str) -> str:
    """As it is."""
    return f"<pre>{escape(text)}</pre>" if text else ""


def picture(figure: "Figure", words: str) -> str:
    """A figure within the page. words: for who cannot see it."""
    data = BytesIO()
    figure.savefig(data, format="png", dpi=110)
    return f'<img alt="{escape(words)}" src="data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}">'
