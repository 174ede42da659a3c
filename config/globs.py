"""Decide whether one shell glob matches everything that another one matches.

Globs are those of `fnmatch.fnmatchcase`: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`,
matched against the whole value, `/` included.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

#: States looked at before giving up; hand-written globs need a few hundred.
_MAX_STATES = 20_000
_UNUSED = "\ue000"  # a private-use character stands for "any character no glob mentions"


@dataclass(frozen=True, slots=True)
class _Character:
    """One character: any in `ranges`, or with `is_negated` any other."""

    ranges: tuple[tuple[str, str], ...]
    is_negated: bool = False

    def accepts(self, character: str) -> bool:
        return self.is_negated != any(low <= character <= high for low, high in self.ranges)


_Token: TypeAlias = _Character | None  # None is `*`


def is_exact(glob: str) -> bool:
    """Whether a glob is a plain value that matches only itself."""
    return not any(character in glob for character in "*?[")


def covers(wide: str, narrow: str) -> bool:
    """Whether `wide` matches every value that `narrow` matches.

    False also where that is too laborious to tell, so that a rule is never
    called shadowed that is not.
    """
    if wide == narrow:
        return True
    if not _may_cover(wide, narrow):
        return False
    return _is_included(tuple(_tokens(wide)), tuple(_tokens(narrow)))


@cache
def plain_head(glob: str) -> str:
    """Cut a glob before its first wildcard; whatever it matches begins so."""
    return re.split(r"[*?\[]", glob, maxsplit=1)[0]


@cache
def _plain_tail(glob: str) -> str:
    return re.split(r"[*?\]]", glob)[-1] if "[" in glob else re.split(r"[*?]", glob)[-1]


def _may_cover(wide: str, narrow: str) -> bool:
    # Cheap, and "no" for nearly all pairs: the plain beginning or end differs.
    if "[" in narrow:
        return True  # `[a]` is a plain `a` in disguise
    return narrow.startswith(plain_head(wide)) and narrow.endswith(_plain_tail(wide))


def _is_included(wide: tuple[_Token, ...], narrow: tuple[_Token, ...]) -> bool:
    # Walk both automata at once, looking for a value that only `narrow` matches.
    alphabet = frozenset(_boundaries(wide)) | {_UNUSED}
    start = (0, _settled(wide, frozenset({0})))
    seen = {start}
    queue = [start]
    while queue:
        at, positions = queue.pop()
        if at == len(narrow):
            if len(wide) not in positions:
                return False
            continue
        token = narrow[at]
        steps = [(at + 1, positions)] if token is None else []
        steps += [
            (at if token is None else at + 1, _after(wide, positions, character))
            for character in alphabet | frozenset(_boundaries((token,)))
            if token is None or token.accepts(character)
        ]
        for step in steps:
            if step not in seen:
                seen.add(step)
                queue.append(step)
        if len(seen) > _MAX_STATES:
            return False
    return True


def _after(tokens: tuple[_Token, ...], positions: frozenset[int], character: str) -> frozenset[int]:
    reached = set()
    for position in positions:
        if position == len(tokens):
            continue
        token = tokens[position]
        if token is None:
            reached.add(position)
        elif token.accepts(character):
            reached.add(position + 1)
    return _settled(tokens, frozenset(reached))


def _settled(tokens: tuple[_Token, ...], positions: frozenset[int]) -> frozenset[int]:
    settled = set(positions)
    for start in positions:
        position = start
        while position < len(tokens) and tokens[position] is None:
            position += 1
            settled.add(position)
    return frozenset(settled)


def _boundaries(tokens: tuple[_Token, ...]) -> Iterator[str]:
    for token in tokens:
        for low, high in token.ranges if token else ():
            yield from (low, high)
            if ord(low) > 0:
                yield chr(ord(low) - 1)
            if ord(high) < 0x10FFFF:  # noqa: PLR2004 - the last code point
                yield chr(ord(high) + 1)


def _tokens(glob: str) -> Iterator[_Token]:
    position = 0
    while position < len(glob):
        character = glob[position]
        position += 1
        if character == "*":
            yield None
        elif character == "?":
            yield _Character((), is_negated=True)
        elif character == "[" and (end := _class_end(glob, position)) >= 0:
            yield _character_class(glob[position:end])
            position = end + 1
        else:
            yield _Character(((character, character),))


def _class_end(glob: str, position: int) -> int:
    # As fnmatch: a `]` right after `[` or `[!` is a member, not the end.
    if glob[position : position + 1] == "!":
        position += 1
    return glob.find("]", position + 1)


def _character_class(content: str) -> _Character:
    is_negated = content.startswith("!")
    members = content[1:] if is_negated else content
    ranges = []
    position = 0
    while position < len(members):
        low = members[position]
        is_range = members[position + 1 : position + 2] == "-" and position + 2 < len(members)
        high = members[position + 2] if is_range else low
        if low <= high:
            ranges.append((low, high))
        position += 3 if is_range else 1
    return _Character(tuple(ranges), is_negated)
