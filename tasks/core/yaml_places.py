"""Find where things stand in the text of a YAML file, and add a line without moving another.

A file is never written out again from what was read: comments, order, spelling and line ends stay.
"""

from collections.abc import Iterable
from difflib import unified_diff
from functools import lru_cache
from typing import NamedTuple

import yaml

_BOM = "\ufeff"
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_NO_NEWLINE = "\\ No newline at end of file"


class Insertion(NamedTuple):
    """Text to put in at a position; of several at the same one the lower order comes first."""

    at: int
    order: int
    added: str


@lru_cache(maxsize=1)
def root_of(text: str) -> yaml.Node | None:
    """Read the nodes of a text that `load_config` has accepted, with where each stands.

    The last one read is kept, for many changes of one file: nobody changes a node.
    """
    # libyaml reads much faster, but does not count the mark that some editors begin a file with.
    return yaml.compose(text, Loader=yaml.SafeLoader if text.startswith(_BOM) else _LOADER)


def value_of(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """Find the value of a key; None if the node is no mapping, or has no such key."""
    if not isinstance(node, yaml.MappingNode):
        return None
    found: yaml.Node | None = next((value for name, value in node.value if name.value == key), None)
    return found


def item_of(node: yaml.Node | None, name: str) -> yaml.Node | None:
    """Find the item of a list whose `id` is a name; None if there is none."""
    if not isinstance(node, yaml.SequenceNode):
        return None
    items: list[yaml.Node] = node.value
    for item in items:
        found = value_of(item, "id")
        if isinstance(found, yaml.ScalarNode) and found.value == name:
            return item
    return None


def appended(
    text: str, entries: yaml.Node | None, line: str, order: int = 0
) -> tuple[Insertion, ...]:
    """Say how to add a line as the last of a list, in the style in which the list is written.

    Args:
        text: The whole file.
        entries: The list; one that is none, or is empty, has no style to follow.
        line: A flow mapping such as `{from: 2026-11-22, stage: golden}`.
        order: See `Insertion`.

    Returns:
        One insertion, or none if there is no such list.
    """
    if not isinstance(entries, yaml.SequenceNode) or not entries.value:
        return ()
    last = entries.value[-1]
    if entries.flow_style:
        return (Insertion(last.end_mark.index, order, f", {line}"),)
    end = text.find("\n", _end(last))
    newline = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    added = f"{' ' * entries.start_mark.column}- {line}"
    if end < 0:
        return (Insertion(len(text), order, f"{newline}{added}"),)
    return (Insertion(end + 1, order, f"{added}{newline}"),)


def with_insertions(text: str, insertions: Iterable[Insertion]) -> str:
    """Put every insertion in its place."""
    for at, _, added in sorted(insertions, reverse=True):
        text = text[:at] + added + text[at:]
    return text


def text_diff(before: str, after: str, name: str) -> str:
    """Give a change as a unified diff that `git apply` and `patch` take; empty for none.

    Args:
        before: The file as it is.
        after: As it shall be.
        name: Its path, as the diff shall name it.
    """
    lines = unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}", lineterm="\n")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}\n" for line in lines)


def _lines(text: str) -> list[str]:
    """Split after line feeds alone: YAML texts may hold other characters that break lines."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]


def _end(node: yaml.Node) -> int:
    """Find where a node's own text ends; a block's end mark lies after what follows it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    return int(node.end_mark.index)
