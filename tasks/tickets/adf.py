"""Tickets in Jira Cloud: Atlassian's document format, whose text is never parsed as markup.

Nodes and marks: developer.atlassian.com, "Atlassian Document Format".
"""

import json
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

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
from tasks.tickets.inert import code_lines, fitted, is_web_address, one_line, span_text, title_of

Node: TypeAlias = dict[str, Any]

#: Jira's limit of a long text. How Cloud counts is not documented; the JSON is never shorter.
LONGEST = 32_767
_LANGUAGE = re.compile(r"[a-z0-9]{1,20}")
_MARKS = {Style.STRONG: [{"type": "strong"}], Style.CODE: [{"type": "code"}]}


def description(content: TicketContent) -> Node:
    """Render a ticket, shortened to what Jira takes."""
    return _document(content.blocks)


def comment(content: TicketContent, reference: str) -> Node:
    """Render a comment: its title first, its mark last, both never left out."""
    head = Paragraph((Span(title_of(content), Style.STRONG),))
    mark = Paragraph((Span(reference, Style.CODE),))
    return _document(content.blocks, (head,), (mark,))


def texts(node: object) -> list[str]:
    """Read every text of a document, in order; nothing of what is no document."""
    if isinstance(node, list):
        return [text for one in node for text in texts(one)]
    if not isinstance(node, dict):
        return []
    own = node.get("text")
    return ([own] if isinstance(own, str) else []) + texts(node.get("content"))


def _document(
    blocks: tuple[Block, ...], head: tuple[Block, ...] = (), foot: tuple[Block, ...] = ()
) -> Node:
    def render(shown: tuple[Block, ...]) -> Node:
        nodes = [node for block in (*head, *shown, *foot) for node in _nodes(block)]
        return {"type": "doc", "version": 1, "content": nodes}

    return fitted(blocks, render, length, LONGEST)


def length(document: Node) -> int:
    """Measure a document as what it is stored as: compact JSON, in characters."""
    return len(json.dumps(document, separators=(",", ":"), ensure_ascii=False))


def _nodes(block: Block, *, is_folded: bool = False) -> list[Node]:
    if isinstance(block, Fold):
        inner = [node for one in block.blocks for node in _nodes(one, is_folded=True)]
        if is_folded:  # an expand holds no expand
            return [*_nodes(Heading(block.title, 3)), *inner]
        return [_node("expand", inner, title=one_line(block.title))] if inner else []
    leaf = _leaf(block)
    return [leaf] if leaf else []


def _leaf(block: Heading | Paragraph | Bullets | TableBlock | CodeBlock) -> Node | None:
    match block:
        case Heading():
            return _node("heading", _texts((Span(block.text),)), level=min(block.level, 6))
        case Paragraph():
            return _paragraph(block.spans)
        case Bullets():
            items = [_node("listItem", [_paragraph(item)]) for item in block.items]
            return _node("bulletList", items) if items else None
        case TableBlock():
            return _table(block) if block.head else None
        case CodeBlock():
            text = code_lines(block.text)
            known = _LANGUAGE.fullmatch(block.language)
            attrs = {"language": block.language} if known else {}
            return _node("codeBlock", [{"type": "text", "text": text}] if text else [], **attrs)


def _table(block: TableBlock) -> Node:
    width = len(block.head)
    head = [_node("tableHeader", [_paragraph((Span(text),))]) for text in block.head]
    rows = [
        [_node("tableCell", [_paragraph(cell)]) for cell in (*row, *((),) * width)[:width]]
        for row in block.rows
    ]
    return _node("table", [_node("tableRow", cells) for cells in (head, *rows)])


def _paragraph(spans: Spans) -> Node:
    return _node("paragraph", _texts(spans))


def _texts(spans: Spans) -> list[Node]:
    found = [(span, span_text(span.text)) for span in spans]
    # A text node without text is refused.
    return [{"type": "text", "text": text, **_marked(span)} for span, text in found if text]


def _marked(span: Span | Link) -> Node:
    if isinstance(span, Link):
        href = {"type": "link", "attrs": {"href": span.url}}
        return {"marks": [href]} if is_web_address(span.url) else {}
    marks = _MARKS.get(span.style)
    return {"marks": marks} if marks else {}


def _node(kind: str, content: Sequence[Node], **attrs: object) -> Node:
    return {"type": kind, **({"attrs": attrs} if attrs else {}), "content": list(content)}
