"""Tickets in Jira Data Center: wiki text, in which nothing from outside is markup.

Every punctuation mark is escaped by a backslash; a backslash itself, two of which would break the
line, and an ampersand become character references. Jira finds addresses and mentions whatever is
escaped, so an invisible joiner parts them. Markup: Jira's "Text formatting notation".
"""

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

#: Jira's default limit of a long text (`jira.text.field.character.limit`).
LONGEST = 32_767
_MARKUP = re.compile(r"[!#&(-+\-:<>?@\[-`{-~]|(?<=^h\d)\.|(?<=^bq)\.")
_REFERENCES = {"&": "&amp;", "\\": "&#92;"}
_ADDRESS = re.compile(
    r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=mailto:)(?=\S)|(?<=[@~])(?=\w)", re.IGNORECASE
)
_END_OF_CODE = re.compile(r"\{(?=noformat)", re.IGNORECASE)
_AROUND = {Style.PLAIN: ("", ""), Style.STRONG: ("*", "*"), Style.CODE: ("{{", "}}")}


def description(content: TicketContent) -> str:
    """Render a ticket, shortened to what Jira takes."""
    return fitted(content.blocks, _text, len, LONGEST)


def comment(content: TicketContent, reference: str) -> str:
    """Render a comment: its title first, its mark last, both never left out."""
    head = _text((Paragraph((Span(title_of(content), Style.STRONG),)),))
    return fitted(
        content.blocks,
        lambda shown: "\n\n".join(
            part for part in (head, _text(shown), f"{{{{{reference}}}}}") if part
        ),
        len,
        LONGEST,
    )


def escaped(text: str) -> str:
    """Make text inert; blanks at its ends stay, as one each."""
    parted = _ADDRESS.sub(JOINER, span_text(text))
    return _MARKUP.sub(lambda mark: _REFERENCES.get(mark[0], "\\" + mark[0]), parted)


def _text(blocks: tuple[Block, ...]) -> str:
    return "\n\n".join(text for text in map(_block, blocks) if text)


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"h{min(block.level, 6)}. {escaped(one_line(block.text))}"
        case Paragraph():
            return _line(block.spans)
        case Bullets():
            return "\n".join(f"* {_line(item)}" for item in block.items)
        case TableBlock():
            return _table(block)
        case CodeBlock():
            inner = _END_OF_CODE.sub("{" + JOINER, code_lines(block.text).removesuffix("\n"))
            return f"{{noformat}}\n{inner}\n{{noformat}}"
        case Fold():
            title = _block(Heading(block.title, 3))
            return "\n\n".join(("----", title, _text(block.blocks)))


def _table(block: TableBlock) -> str:
    width = len(block.head)
    head = "||" + "".join(f"{escaped(one_line(text)) or ' '}||" for text in block.head)
    rows = [
        "|" + "".join(f"{_line(cell) or ' '}|" for cell in (*row, *((),) * width)[:width])
        for row in block.rows
    ]
    return "\n".join((head, *rows)) if width else ""


def _line(spans: Spans) -> str:
    line = ""
    for span in spans:
        part = _span(span)
        # What two spans make only together is parted, too: a mention, a longer mark.
        touch = line[-1:].strip() and part[:1].strip()
        line += JOINER + part if touch else part
    return line.strip()


def _span(span: Span | Link) -> str:
    text = escaped(span.text)
    if isinstance(span, Link):
        return f"[{text}|{span.url}]" if is_web_address(span.url) and text.strip() else text
    inner = text.strip()
    if not inner:
        return text
    before, after = _AROUND[span.style]
    # Markup has to touch its word, so blanks stand outside of it.
    lead = " " * (len(text) - len(text.lstrip()))
    return lead + before + inner + after + " " * (len(text) - len(text.rstrip()))
