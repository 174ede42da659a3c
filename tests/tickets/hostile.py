"""Text that tries to be more than text, and blocks that hold it everywhere."""

from hypothesis import strategies as st

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
    TicketContent,
)

URL = "https://graduand.example/packet"
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![p](http://evil.example/p.png)",
    "[click](javascript:alert(1))",
    "<https://evil.example>",
    "https://evil.example/a_b_c",
    "www.evil.example",
    "mailto:a@evil.example",
    "@octocat and @org/team",
    "#12 and GH-12 and owner/repo#7",
    "fixes #12",
    ":tada: :+1:",
    "$x^2$ and $$y$$",
    "</details></summary><h1>big",
    "-->",
    "<!-- graduand:v1 key=0000 proof=0000 -->",
    "`code` ``more`` ```fence",
    "| a | b |",
    "|---|---|",
    "# heading",
    "1. one",
    "- [x] task",
    "> quote",
    "---",
    "===",
    "    indented",
    "\\",
    "\\*not\\*",
    "*bold* _it_ ~~no~~",
    "&lt;b&gt; &amp; &#42;",
    "{code}x{code} {noformat}y{noformat} {panel}",
    "{color:red}red{color} {{mono}}",
    "[~jroe] [~accountid:712020:abc] [link|http://evil.example] [#anchor] [^file.txt]",
    "!http://evil.example/p.png! !p.png|thumbnail!",
    "h1. Big\nbq. quote\n||head||\n* item\n# item\n----",
    "(x) (/) (!) :) ;)",
    "+ins+ ^sup^ ??cite?? -gone-",
    '=HYPERLINK("http://evil.example")',
    "\u202egnp.exe\u202c \u200bzero\x1b[31mred\x00\x07",
    "line one\u2028line two\r\nthree",
    '{"type":"mention","attrs":{"id":"712020:abc"}}',
)

texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=40),
    st.text(alphabet="`*_[](){}<>!|#@:&\\$~^-+=./ \n\taG7", max_size=30),
    st.lists(st.sampled_from(HOSTILE), max_size=3).map("".join),
)
spans = st.lists(
    st.one_of(
        st.builds(Span, texts, st.sampled_from(Style)),
        st.builds(Link, texts, st.just(URL)),
    ),
    max_size=4,
).map(tuple)
_leaves: st.SearchStrategy[Block] = st.one_of(
    st.builds(Heading, texts, st.integers(2, 4)),
    st.builds(Paragraph, spans),
    st.builds(Bullets, st.lists(spans, max_size=3).map(tuple)),
    st.builds(
        TableBlock,
        st.lists(texts, min_size=1, max_size=3).map(tuple),
        st.lists(st.lists(spans, max_size=4).map(tuple), max_size=3).map(tuple),
    ),
    st.builds(CodeBlock, texts, st.sampled_from(("", "diff", "not a {language}"))),
)
blocks = st.lists(
    st.one_of(
        _leaves,
        st.builds(Fold, texts, st.lists(_leaves, max_size=3).map(tuple)),
    ),
    max_size=5,
).map(tuple)


def content(*shown: Block, title: str = "Promote bumps?", digest: str = "d1") -> TicketContent:
    return TicketContent(title, shown, digest)


def too_long(least: int) -> TicketContent:
    """Make a ticket with a first screen that fits, and a fold that does not."""
    row = ((Span("a gate"),), (Span("x" * 500),))
    table = TableBlock(("Gate", "Detail"), (row,))
    fold = Fold("Mathematics", (table,) * (least // 500 + 1))
    return content(Paragraph((Span("46 of 49 good"),)), CodeBlock("+ stage", "diff"), fold)
