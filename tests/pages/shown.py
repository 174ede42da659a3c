"""Read a page as a reader of markdown shows it."""

import re

from markdown_it import MarkdownIt


def html_of(page: str) -> str:
    """Render a page as HTML."""
    return str(MarkdownIt("commonmark").enable("table").render(page))


def foreign_markup(page: str) -> list[str]:
    """List what no page of ours has when it is shown: images, links, scripts, strange code."""
    return re.findall(r"<img|<script|href=|<code>x</code>", html_of(page))
