"""Atlassian's document format, as strictly as Jira Cloud takes it."""

from collections.abc import Iterator

from sandbox.wire import Json

_TEXT = ("text", "hardBreak", "inlineCard", "mention", "emoji", "date", "status")
_LISTS = ("bulletList", "orderedList")
_CELL = ("paragraph", "heading", "codeBlock", "blockquote", "panel", "rule", *_LISTS)
_FOLDED = (*_CELL, "table")
#: Node -> (children that it may hold, whether it needs one).
_NODES: dict[str, tuple[tuple[str, ...], bool]] = {
    "doc": ((*_FOLDED, "expand"), False),
    "paragraph": (_TEXT, False),
    "heading": (_TEXT, False),
    "codeBlock": (("text",), False),
    "blockquote": (("paragraph", "codeBlock", *_LISTS), True),
    "panel": (("paragraph", "heading", *_LISTS), True),
    "rule": ((), False),
    "bulletList": (("listItem",), True),
    "orderedList": (("listItem",), True),
    "listItem": (("paragraph", "codeBlock", *_LISTS), True),
    "table": (("tableRow",), True),
    "tableRow": (("tableHeader", "tableCell"), False),
    "tableHeader": ((*_CELL, "nestedExpand"), True),
    "tableCell": ((*_CELL, "nestedExpand"), True),
    "expand": (_FOLDED, True),
    "nestedExpand": (_CELL, True),
    "text": ((), False),
    "hardBreak": ((), False),
    "inlineCard": ((), False),
    "mention": ((), False),
    "emoji": ((), False),
    "date": ((), False),
    "status": ((), False),
}
_MARKS = ("strong", "em", "code", "link", "strike", "underline", "subsup", "textColor")
_KEYS = frozenset({"type", "content", "attrs", "marks", "text"})
_HIGHEST_HEADING = 6


def fault_of(document: object) -> str:
    """Say what is wrong with a document; empty if nothing is."""
    if not isinstance(document, dict) or document.get("type") != "doc":
        return "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
    if document.get("version") != 1 or not isinstance(document.get("content"), list):
        return "INVALID_INPUT: a document has version 1 and content"
    without_version = {key: value for key, value in document.items() if key != "version"}
    return next(_faults(without_version), "")


def text_of(node: object) -> str:
    """Give all text of a document, in order."""
    if isinstance(node, str):
        return node
    if not isinstance(node, dict):
        return ""
    own = node.get("text", "")
    children = node.get("content", [])
    return str(own) + "".join(text_of(child) for child in children)


def document_of(text: str) -> Json:
    """Write a text as a document of one paragraph."""
    words: list[Json] = [{"type": "text", "text": text}] if text else []
    return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": words}]}


def _faults(node: dict[str, object]) -> Iterator[str]:
    kind = str(node.get("type"))
    unknown = sorted(set(node) - _KEYS)
    if kind not in _NODES or unknown:
        yield f"INVALID_INPUT: node {kind!r} {unknown}"
        return
    allowed, needs_one = _NODES[kind]
    content = node.get("content", [])
    if not isinstance(content, list) or (needs_one and not content):
        yield f"INVALID_INPUT: {kind} has no content"
        return
    yield from _own_faults(kind, node)
    for child in content:
        if not isinstance(child, dict) or child.get("type") not in allowed:
            found = child.get("type") if isinstance(child, dict) else child
            yield f"INVALID_INPUT: {kind} cannot hold {found!r}"
            return
        if kind == "codeBlock" and child.get("marks"):
            yield "INVALID_INPUT: text of a codeBlock has no marks"
        yield from _faults(child)


def _own_faults(kind: str, node: dict[str, object]) -> Iterator[str]:
    given = node.get("attrs")
    attrs = given if isinstance(given, dict) else {}
    if kind == "text" and not (isinstance(node.get("text"), str) and node["text"]):
        yield "INVALID_INPUT: a text node without text"
    if kind != "text" and ("text" in node or "marks" in node):
        yield f"INVALID_INPUT: {kind} has neither text nor marks"
    if kind == "heading" and attrs.get("level") not in range(1, _HIGHEST_HEADING + 1):
        yield "INVALID_INPUT: a heading has a level from 1 to 6"
    if kind == "panel" and attrs.get("panelType") not in (
        "info",
        "note",
        "tip",
        "warning",
        "error",
        "success",
    ):
        yield "INVALID_INPUT: a panel has a panelType"
    marks = node.get("marks", [])
    for mark in marks if isinstance(marks, list) else [None]:
        yield from _mark_faults(mark, marks)


def _mark_faults(mark: object, marks: object) -> Iterator[str]:
    kind = mark.get("type") if isinstance(mark, dict) else None
    if not isinstance(mark, dict) or kind not in _MARKS:
        yield f"INVALID_INPUT: mark {kind!r}"
        return
    attrs = mark.get("attrs")
    if kind == "link" and not (isinstance(attrs, dict) and isinstance(attrs.get("href"), str)):
        yield "INVALID_INPUT: a link has a href"
    others = (
        {str(one.get("type")) for one in marks if isinstance(one, dict)}
        if isinstance(marks, list)
        else set()
    )
    if kind == "code" and others - {"code", "link"}:
        yield "INVALID_INPUT: code goes with no other mark but link"
