"""Jira's wiki text: every mark from outside is escaped, every mark of ours still stands."""

import html
import re

import pytest
from hypothesis import example, given

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
from tasks.tickets import wiki
from tasks.tickets.inert import JOINER, one_line
from tests.tickets.hostile import HOSTILE, URL, blocks, content, texts, too_long

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
#: Anything that Jira's notation gives a meaning, or finds in plain text.
_MARKUP = re.compile(r"[&*_{}\[\]|!^~+#?@<>`]|(?<!\w)-|://|www\.|\(.\)|[:;]\)")
_REFERENCE = re.compile(r"&#92;|&amp;")


def left_of(text: str) -> str:
    """Take every escape away with what it escapes: what is left could be markup."""
    return _ESCAPED.sub("", _REFERENCE.sub("", text))


@given(texts)
@example("\\\\ two break a line")
@example("a\\*b")
def test_no_markup_is_left_in_escaped_text_and_nothing_of_it_is_lost(text: str) -> None:
    escaped = wiki.escaped(text)

    assert not _MARKUP.search(left_of(escaped)), escaped
    assert "\\\\" not in escaped
    read_back = html.unescape(_ESCAPED.sub(r"\1", escaped)).replace(JOINER, "")
    assert one_line(read_back) == one_line(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_begins_no_line_with_markup(text: str) -> None:
    spans = (Span(text),)
    rendered = wiki.description(
        content(Heading(text), Paragraph(spans), Bullets((spans,)), Fold(text, (Paragraph(spans),)))
    )

    for line in rendered.split("\n"):
        ours = re.sub(r"^(h[23]\. |\* |----$)", "", line)
        assert not re.match(r"h\d\.|bq\.|[*#|-]", ours), line
        assert not _MARKUP.search(left_of(ours)), line


@pytest.mark.parametrize("text", HOSTILE)
def test_text_ends_no_cell(text: str) -> None:
    row = ((Span(text),), (Span("second"),))
    table = TableBlock((text, "Two"), (row, row[:1]))

    head, first, second = wiki.description(content(table)).split("\n")

    assert left_of(head).count("||") == 3
    assert left_of(first).count("|") == left_of(second).count("|") == 3


@given(blocks)
def test_code_ends_only_where_it_ends(parts: tuple[Block, ...]) -> None:
    codes = sum(repr(part).count("CodeBlock(") for part in parts)

    rendered = wiki.description(content(*parts))

    assert rendered.count("{noformat}") == 2 * codes


def test_code_cannot_close_its_block() -> None:
    rendered = wiki.description(content(CodeBlock("x {noformat} {NoFormat:title=y} z")))

    assert rendered.lower().count("{noformat") == 2


def test_styles_and_links_of_ours_stand() -> None:
    spans = (
        Span("of "),
        Span(" 46 ", Style.STRONG),
        Span("claude-sonnet", Style.CODE),
        Link(" the [packet]", URL),
        Link("x", "javascript:alert(1)"),
        Span("", Style.STRONG),
    )

    rendered = wiki.description(content(Paragraph(spans)))

    assert "*46*" in rendered
    assert "{{claude\\-sonnet}}" in rendered
    assert rf"[ the \[packet\]|{URL}]" in rendered
    assert "javascript" not in rendered


def test_spans_that_touch_make_nothing_together() -> None:
    spans = (Span("@"), Span("jroe "), Span("www"), Span(".evil.example"))

    rendered = wiki.description(content(Paragraph(spans)))

    assert f"@{JOINER}jroe www{JOINER}" in rendered


def test_what_is_too_long_is_cut_below_the_fold_and_says_so() -> None:
    rendered = wiki.description(too_long(wiki.LONGEST))

    assert wiki.LONGEST - 2_000 < len(rendered) <= wiki.LONGEST
    assert rendered.startswith("46 of 49 good")
    assert "parts are left out" in rendered


def test_a_comment_begins_with_its_title_and_ends_with_its_mark() -> None:
    rendered = wiki.comment(too_long(wiki.LONGEST), "graduand-0123")

    assert rendered.startswith("*Promote bumps\\?*\n")
    assert rendered.endswith("{{graduand-0123}}")
    assert len(rendered) <= wiki.LONGEST
