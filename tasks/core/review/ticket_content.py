"""What a ticket says, free of any system's markup: blocks of spans, escaped where they are shown.

Text of a span may come from outside; whoever renders it (ADF, wiki text, markdown) makes it
inert. Only addresses of `Link` ever become links, and only ours are given as such.
"""

from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
    """How a span is shown."""

    PLAIN = "plain"
    STRONG = "strong"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text."""

    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to an address of our own making, https or http."""

    text: str
    url: str


Spans = tuple[Span | Link, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside the ticket; level 2 is the highest."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    spans: Spans


@dataclass(frozen=True, slots=True)
class Bullets:
    """A flat list."""

    items: tuple[Spans, ...]


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table; the first column names its row."""

    head: tuple[str, ...]
    rows: tuple[tuple[Spans, ...], ...]


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Text shown as it is, such as a patch."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Fold:
    """Blocks below the fold: closed until somebody opens them."""

    title: str
    blocks: tuple["Block", ...]


Block = Heading | Paragraph | Bullets | TableBlock | CodeBlock | Fold


@dataclass(frozen=True, slots=True)
class TicketContent:
    """A ticket before it is rendered.

    Attributes:
        title: One line.
        blocks: What it says; the marker that makes it ours is added when it is rendered.
        digest: Of the evidence that it stands on: approval binds to it.
    """

    title: str
    blocks: tuple[Block, ...]
    digest: str
