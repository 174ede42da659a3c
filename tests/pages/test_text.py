"""Untrusted text is inert where it is shown; amounts read as a person expects."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tasks.pages.text import amount, markdown, plain, share, shares, table


def rendered(text: str) -> str:
    """Render a name inside a cell as a reader of markdown does, and give the cell's text back."""
    html = (
        MarkdownIt("commonmark")
        .enable("table")
        .render(table(("a", "b"), [("x", f"y{markdown(text)}z")], right=frozenset()))
    )
    cells = re.findall(r"<td>(.*?)</td>", html, re.DOTALL)
    assert len(cells) == 2
    assert not re.search(r"<[^/]?[a-z]", cells[1])
    return unescape(cells[1]).replace("\u2060", "")[1:-1]


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "![x](http://remote/image.png)",
        "[click](javascript:alert(1))",
        "a | b | c",
        "# heading\n\nnext",
        "@everyone",
        "`code`",
        "\x1b[31mred",
        "https://remote.example",
    ],
)
def test_hostile_text_has_no_markup_left(hostile: str) -> None:
    assert not re.search(r"(?<!\\)[<>|`\[\]()!@\n\x1b]|://", markdown(hostile))
    assert rendered(hostile) == plain(hostile)


@given(st.text() | st.text(alphabet="\\`*_[]()<>|~#!&;:/.@-+1w\n ", max_size=30))
def test_any_text_is_shown_as_the_one_line_it_is(text: str) -> None:
    assert rendered(text) == plain(text)


@pytest.mark.parametrize(
    "address", ["http://a.example/x", "HTTPS://a.example", "www.a.example", "x@a.example"]
)
def test_an_address_from_outside_is_no_link(address: str) -> None:
    # Where GitHub's dialect looks for addresses, after it has taken the backslashes out.
    shown = markdown(address).replace("\\", "")

    assert not re.search(r"https?://|www\.|@\w", shown, re.IGNORECASE)


@given(st.text())
def test_no_terminal_control_survives(text: str) -> None:
    assert "\x1b" not in plain(text)
    assert "\u202e" not in plain(text)


@pytest.mark.parametrize(
    ("nano", "shown"),
    [
        (0, "$0.00"),
        (1_234_567_890_000, "$1,234.57"),
        (-1_500_000_000, "-$1.50"),
        (5_000_000, "$0.005"),
        (1, "$0.000000001"),
        (10_000_000, "$0.01"),
        (125_000_000, "$0.12"),
        (135_000_000, "$0.14"),
        (999_999_999_999_999, "$1,000,000.00"),
    ],
)
def test_an_amount_reads_as_money(nano: int, shown: str) -> None:
    assert amount(nano) == shown


def test_an_amount_in_another_currency_names_it() -> None:
    assert amount(2_000_000_000, "EUR") == "EUR 2.00"


@pytest.mark.parametrize(("ppm", "shown"), [(1_000_000, "100 %"), (999_999, "99 %"), (0, "0 %")])
def test_an_incomplete_share_never_reads_as_whole(ppm: int, shown: str) -> None:
    assert share(ppm) == shown


def test_a_table_lines_figures_up_on_the_right() -> None:
    shown = table(("Family", "Cost"), [("a", "$1.00")], right=frozenset({1}))

    assert shown == "| Family | Cost |\n| --- | ---: |\n| a | $1.00 |"


def test_shares_of_a_whole_sum_to_a_hundred() -> None:
    assert shares([1, 1, 1]) == ["34 %", "33 %", "33 %"]
    assert shares([0, 0, 0]) == []
