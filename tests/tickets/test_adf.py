"""Jira Cloud's documents: valid as Jira checks them, and text from outside only ever text."""

from typing import Any

import pytest
from hypothesis import given

from sandbox.adf import fault_of
from tasks.core.review.ticket_content import (
    Block,
    Bullets,
    CodeBlock,
    Fold,
    Heading,
    Link,
    Paragraph,
    Span,
    Style,
    TableBlock,
)
from tasks.tickets import adf
from tasks.tickets.inert import one_line
from tests.tickets.hostile import HOSTILE, URL, blocks, content, texts, too_long

_OURS = {
    *("doc", "heading", "paragraph", "bulletList", "listItem", "table", "tableRow"),
    *("tableHeader", "tableCell", "codeBlock", "expand", "text"),
}


def nodes(document: object) -> list[dict[str, Any]]:
    if isinstance(document, list):
        return [node for one in document for node in nodes(one)]
    if not isinstance(document, dict):
        return []
    return [document, *nodes(document.get("content"))]


@given(blocks)
def test_every_document_is_valid_and_holds_only_our_kinds_of_node(parts: tuple[Block, ...]) -> None:
    document = adf.description(content(*parts))

    assert fault_of(document) == ""
    found = nodes(document)
    assert {node["type"] for node in found} <= _OURS
    marks = [mark for node in found for mark in node.get("marks", ())]
    assert {mark["type"] for mark in marks} <= {"strong", "code", "link"}
    assert {mark["attrs"]["href"] for mark in marks if mark["type"] == "link"} <= {URL}


@given(texts)
def test_a_text_is_shown_as_it_is_in_every_style(text: str) -> None:
    for style in Style:
        document = adf.description(content(Paragraph((Span(text, style),))))

        assert one_line("".join(adf.texts(document))) == one_line(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_one_text_wherever_it_stands(text: str) -> None:
    spans = (Span(text),)
    parts = (
        Heading(text),
        Paragraph(spans),
        Bullets((spans,)),
        TableBlock((text,), ((spans,),)),
        Fold(text, (Paragraph(spans),)),
    )

    document = adf.description(content(*parts))

    assert [one_line(one) for one in adf.texts(document)] == [one_line(text)] * 6
    (expand,) = [node for node in nodes(document) if node["type"] == "expand"]
    assert expand["attrs"]["title"] == one_line(text)


def test_only_links_of_ours_lead_anywhere() -> None:
    spans = tuple(Link("x", url) for url in (URL, "javascript:alert(1)", "https://a b", "//x"))

    document = adf.description(content(Paragraph(spans)))

    assert [node.get("marks") for node in nodes(document)[2:]] == [
        [{"type": "link", "attrs": {"href": URL}}],
        None,
        None,
        None,
    ]


def test_code_keeps_its_lines_and_no_unprintable_character() -> None:
    document = adf.description(content(CodeBlock("a:\n\t- b\x00\u202e\n", "diff")))

    (code,) = [node for node in nodes(document) if node["type"] == "codeBlock"]
    assert code["attrs"] == {"language": "diff"}
    assert code["content"][0]["text"] == "a:\n\t- b\n"


def test_a_fold_in_a_fold_stands_open_under_a_heading() -> None:
    inner = Fold("Inner", (Paragraph((Span("text"),)),))

    document = adf.description(content(Fold("Outer", (inner,))))

    assert fault_of(document) == ""
    assert [node["type"] for node in nodes(document)].count("expand") == 1
    assert adf.texts(document) == ["Inner", "text"]


def test_what_is_too_long_is_cut_below_the_fold_and_says_so() -> None:
    document = adf.description(too_long(adf.LONGEST))

    assert adf.LONGEST - 2_000 < adf.length(document) <= adf.LONGEST
    shown = adf.texts(document)
    assert shown[:2] == ["46 of 49 good", "+ stage"]
    assert "parts are left out" in shown[-1]


def test_a_first_screen_that_is_too_long_is_cut_from_its_end() -> None:
    parts = tuple(Paragraph((Span(f"{n} " + "x" * 3_000),)) for n in range(20))

    shown = adf.texts(adf.description(content(*parts)))

    assert shown[0].startswith("0 ")
    assert "parts are left out" in shown[-1]


def test_a_comment_begins_with_its_title_and_ends_with_its_mark() -> None:
    document = adf.comment(too_long(adf.LONGEST), "graduand-0123")

    assert fault_of(document) == ""
    shown = adf.texts(document)
    assert (shown[0], shown[-1]) == ("Promote bumps?", "graduand-0123")
    assert adf.length(document) <= adf.LONGEST


@pytest.mark.parametrize("value", [None, "text", 7, [], {}, {"text": 7, "content": "x"}])
def test_what_is_no_document_has_no_text(value: object) -> None:
    assert adf.texts(value) == []
