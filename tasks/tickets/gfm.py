"""Tickets in GitHub: its markdown, in which nothing from outside is markup.

GitHub looks for mentions, references, emoji and addresses after markdown is done, so a backslash
does not keep them off: an invisible joiner parts them. A dollar sign may begin a formula unless
it stands in a tag of its own (docs.github.com, "Writing mathematical expressions").
"""

import html
import re

from tasks.core.review.ticket_content import (
    Block,
    Bullets,
    CodeBlock,
    Fold,
    Heading,
    Link,
    Paragraph,
    Span,
    Spans,
    Style,
    TableBlock,
    TicketContent,
)
from tasks.tickets.inert import (
    JOINER,
    code_lines,
    fitted,
    is_web_address,
    one_line,
    span_text,
    title_of,
)

#: GitHub's limit of an issue and of a comment.
LONGEST = 65_536
_MARKUP = re.compile(r"[!#&*<>\[\\\]_`|~]")
#: What begins a list or underlines a heading, but is nothing within a line.
_OPENING = re.compile(r"^(\s?(?:\d{1,9}(?=[.)]))?)(?=[-+=.)])")
_REFERENCE = re.compile(
    r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=GH-)(?=\d)|(?<=:)(?=[\w+-]+:)",
    re.IGNORECASE,
)
_BACKTICKS = re.compile(r"`+")
_LANGUAGE = re.compile(r"[a-z0-9]{1,20}")
_DOLLAR = "<span>$</span>"


def body(content: TicketContent, marker: str) -> str:
    """Render a ticket, shortened to what GitHub takes, with its hidden marker at the end."""
    return fitted(content.blocks, lambda shown: f"{_text(shown)}\n\n{marker}\n", len, LONGEST)


def comment(content: TicketContent, reference: str) -> str:
    """Render a comment: its title first, its hidden mark last, both never left out."""
    head = _block(Paragraph((Span(title_of(content), Style.STRONG),)))
    mark = f"<!-- {reference} -->"
    return fitted(
        content.blocks, lambda shown: f"{head}\n\n{_text(shown)}\n\n{mark}\n", len, LONGEST
    )


def escaped(text: str) -> str:
    """Make text inert; blanks at its ends stay, as one each."""
    parted = _REFERENCE.sub(JOINER, span_text(text))
    return _OPENING.sub(r"\1\\", _MARKUP.sub(r"\\\g<0>", parted)).replace("$", _DOLLAR)


def _text(blocks: tuple[Block, ...]) -> str:
    return "\n\n".join(text for text in map(_block, blocks) if text)


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * min(block.level, 6)} {escaped(one_line(block.text))}"
        case Paragraph():
            return _line(block.spans)
        case Bullets():
            return "\n".join(f"- {_line(item)}" for item in block.items)
        case TableBlock():
            return _table(block)
        case CodeBlock():
            return _code_block(block)
        case Fold():
            # A blank line ends the raw HTML, and markdown begins again.
            title = _REFERENCE.sub(JOINER, html.escape(one_line(block.title)))
            opening = f"<details><summary>{title.replace('$', _DOLLAR)}</summary>"
            return f"{opening}\n\n{_text(block.blocks)}\n\n</details>"


def _code_block(block: CodeBlock) -> str:
    text = code_lines(block.text).removesuffix("\n")
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    language = block.language if _LANGUAGE.fullmatch(block.language) else ""
    return f"{fence}{language}\n{text}\n{fence}"


def _table(block: TableBlock) -> str:
    width = len(block.head)
    head = "| " + " | ".join(escaped(one_line(text)) for text in block.head) + " |"
    rows = [
        "| "
        + " | ".join(_line(cell, is_cell=True) for cell in (*row, *((),) * width)[:width])
        + " |"
        for row in block.rows
    ]
    return "\n".join((head, "|" + " --- |" * width, *rows)) if width else ""


def _line(spans: Spans, *, is_cell: bool = False) -> str:
    line = ""
    for span in spans:
        part = _span(span, is_cell=is_cell)
        # What two spans make only together is parted, too: a mention, a longer mark of code.
        touch = line[-1:].strip() and part[:1].strip()
        line += JOINER + part if touch else part
    return line.strip()


def _span(span: Span | Link, *, is_cell: bool) -> str:
    if isinstance(span, Link):
        text = escaped(span.text)
        return f"[{text}](<{span.url}>)" if is_web_address(span.url) and text.strip() else text
    plain = span_text(span.text)
    inner = plain.strip()
    if not inner or span.style is Style.PLAIN:
        return escaped(plain)
    lead = " " * (len(plain) - len(plain.lstrip()))
    trail = " " * (len(plain) - len(plain.rstrip()))
    if span.style is Style.STRONG:
        # Asterisks beside punctuation would not always be marks.
        return f"{lead}<strong>{escaped(inner)}</strong>{trail}"
    return lead + _code(inner, is_cell=is_cell) + trail


def _code(text: str, *, is_cell: bool) -> str:
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    shown = f"{fence}{pad}{text}{pad}{fence}"
    # A bar would end the cell even within code.
    return shown.replace("|", "\\|") if is_cell else shown
