"""GitHub's markdown, read back by a parser: text from outside is text, exactly, and no more."""

import re
from typing import Any

import pytest
from hypothesis import example, given
from markdown_it import MarkdownIt
from markdown_it.token import Token

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
from tasks.tickets import gfm
from tasks.tickets.inert import JOINER, code_lines, one_line
from tests.tickets.hostile import HOSTILE, URL, blocks, content, texts, too_long

MARKER = "<!-- graduand:v1 key=00 proof=00 -->"
_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
#: What GitHub makes of text after markdown is done.
_SEEN_BY_GITHUB = re.compile(r"@\w|#\d|GH-\d|://|www\.|:[\w+-]+:|\$(?!</span>)", re.IGNORECASE)


def tokens(markdown: str) -> list[Token]:
    found = []
    for token in _PARSER.parse(markdown):
        found.append(token)
        found += token.children or []
    return found


def shown(markdown: str) -> str:
    """Give the text that a reader sees, joiners left out."""
    kinds = {"text", "code_inline", "fence"}
    text = "".join(one.content for one in tokens(markdown) if one.type in kinds)
    return text.replace(JOINER, "")


def assert_inert(markdown: str, links: int = 0) -> None:
    found = tokens(markdown)
    assert not [one for one in found if one.type == "image"]
    targets = [one.attrs["href"] for one in found if one.type == "link_open"]
    assert targets == [URL] * len(targets)
    assert len(targets) <= links
    for one in found:
        if one.type == "html_inline":
            assert one.content in {"<span>", "</span>", "<strong>", "</strong>"}
        if one.type == "html_block":
            assert re.fullmatch(
                r"<details><summary>([^<>]|<span>\$</span>)*</summary>\n?|</details>\n?"
                "|" + re.escape(MARKER) + r"\n?",
                one.content,
            ), one.content
        if one.type == "text":
            assert not _SEEN_BY_GITHUB.search(one.content.replace("$", "")), one.content


@given(texts)
@example("a" + "`" * 30)
def test_a_span_shows_its_text_and_nothing_else(text: str) -> None:
    for style in Style:
        for after in ((), (Span(text, style),)):
            spans = (Span("Of "), Span(text, style), *after)
            markdown = gfm.body(content(Paragraph(spans)), MARKER)

            assert_inert(markdown)
            assert one_line(shown(markdown)) == one_line("Of " + text + (text if after else ""))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "block",
    [
        lambda text: Paragraph((Span(text),)),
        Heading,
        lambda text: Bullets(((Span(text),),)),
        lambda text: TableBlock(("Head",), (((Span(text),),),)),
        lambda text: TableBlock((text,), ()),
        lambda text: Fold("More", (Paragraph((Span(text),)),)),
    ],
    ids=["paragraph", "heading", "bullets", "cell", "head", "fold"],
)
def test_hostile_text_is_inert_in_every_block_and_shown_as_it_is(block: Any, text: str) -> None:
    markdown = gfm.body(content(block(text)), MARKER)

    assert_inert(markdown)
    assert one_line(text).replace(" ", "") in shown(markdown).replace(" ", "")


@given(blocks)
def test_whole_tickets_hold_no_markup_from_outside(parts: tuple[Block, ...]) -> None:
    links = sum(repr(part).count("Link(") for part in parts)

    assert_inert(gfm.body(content(*parts), MARKER), links)


@pytest.mark.parametrize("text", HOSTILE)
def test_code_is_shown_as_it_is_and_cannot_end_its_block(text: str) -> None:
    code = f"  - stage: golden\n{text}\n```\n"

    markdown = gfm.body(content(CodeBlock(code, "diff"), Paragraph((Span("after"),))), MARKER)

    (fence,) = [one for one in tokens(markdown) if one.type == "fence"]
    assert fence.content == code_lines(code).removesuffix("\n") + "\n"
    assert fence.info == "diff"


def test_a_language_that_is_none_is_left_out() -> None:
    (fence,) = [
        one
        for one in tokens(gfm.body(content(CodeBlock("x", "diff` <b>")), MARKER))
        if one.type == "fence"
    ]

    assert fence.info == ""


def test_a_fold_closes_only_where_it_ends_and_its_title_is_inert() -> None:
    title = "</summary></details> @octocat #12 $5"
    fold = Fold(title, (Paragraph((Span("inside </details>"),)),))

    markdown = gfm.body(content(fold), MARKER)

    assert_inert(markdown)
    assert markdown.count("</details>") == 1
    assert "@octocat" not in markdown
    assert "#12" not in markdown


def test_only_links_of_ours_lead_anywhere() -> None:
    good = Link("the [packet]", URL)
    bad = [Link("x", url) for url in ("javascript:alert(1)", "http://a b", "https://a>)b", "//x")]

    markdown = gfm.body(content(Paragraph((good, *bad))), MARKER)

    assert [one.attrs["href"] for one in tokens(markdown) if one.type == "link_open"] == [URL]


def test_bars_in_cells_end_no_cell_even_in_code() -> None:
    cell = (Span("a|b "), Span("c|d", Style.CODE))
    table = TableBlock(("One", "Two"), ((cell, cell), ((Span("short"),),)))

    markdown = gfm.body(content(table), MARKER)

    kinds = [one.type for one in tokens(markdown)]
    assert kinds.count("td_open") == 4
    assert "a|bc|d" in shown(markdown).replace(" ", "")


def test_the_marker_stands_last_and_text_cannot_forge_it() -> None:
    forged = Paragraph((Span(MARKER),))

    markdown = gfm.body(content(forged), MARKER)

    assert markdown.count(MARKER) == 1
    assert markdown.endswith(MARKER + "\n")


def test_what_is_too_long_is_cut_below_the_fold_and_says_so() -> None:
    long = too_long(gfm.LONGEST)

    markdown = gfm.body(long, MARKER)

    assert len(markdown) <= gfm.LONGEST
    assert len(markdown) > gfm.LONGEST - 2_000
    assert "46 of 49 good" in shown(markdown)
    assert "+ stage" in markdown
    assert "parts are left out" in shown(markdown)
    assert MARKER in markdown
    assert_inert(markdown)


def test_a_comment_begins_with_its_title_and_ends_with_its_hidden_mark() -> None:
    markdown = gfm.comment(too_long(gfm.LONGEST), "graduand-0123")

    assert markdown.startswith("<strong>Promote bumps?</strong>\n")
    assert markdown.endswith("<!-- graduand-0123 -->\n")
    assert len(markdown) <= gfm.LONGEST
