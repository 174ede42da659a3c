"""Read one YAML file into plain values, with the line of every key.

A small, predictable subset of YAML: one document, text keys, no anchors, aliases,
merge keys or tags. Plain scalars mean what they look like: `null`, `true`,
`false`, whole numbers, decimals (exact, never binary floats), `2026-11-20` as a
date; everything else, `yes` and `0123` too, is text. No validation of shapes here.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path as FilePath
from typing import TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from config.private_text import hidden_reason
from config.problems import Path, Problem, shown_path

#: A catalog of a thousand workflows is about 0.5 MB.
MAX_BYTES = 4 * 1024 * 1024
#: The deepest shape is five levels deep.
MAX_DEPTH = 16
#: Python refuses longer integers slowly; no number of ours is near.
MAX_NUMBER_LENGTH = 64

Yaml: TypeAlias = "str | int | bool | Decimal | date | list[Yaml] | dict[str, Yaml] | None"

# libyaml reads ten times faster; PyYAML's own parser takes over where it is not built in.
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)?\.[0-9]+|[-+]?(?:0|[1-9][0-9]*)\.")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True)
class Document:
    """What one file says.

    Attributes:
        name: File name, as problems show it.
        value: Plain values; None if the file could not be read at all.
        lines: Line (from 1) of every key and list item, by path; the root is `()`.
        problems: What is wrong with the file as YAML.
    """

    name: str
    value: Yaml
    lines: dict[Path, int]
    problems: tuple[Problem, ...]

    def problem(self, path: Path, message: str) -> Problem:
        """Make a problem at a path, or at the nearest place above it that the file has."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return Problem(self.name, self.lines.get(known, 0), shown_path(path), message)


def read_document(file: FilePath) -> Document:
    """Read a file; whatever is wrong with it is in the document's problems."""
    try:
        if not file.is_file():
            return _unreadable(file.name, "does not exist; create it or set GRADUAND_CONFIG_DIR.")
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return _unreadable(file.name, f"cannot be read ({error.strerror}); check its permissions.")
    return parse_document(file.name, content)


def parse_document(name: str, content: bytes) -> Document:
    """Parse the bytes of a file; see `read_document`."""
    if len(content) > MAX_BYTES:
        return _unreadable(name, f"is larger than {MAX_BYTES // 1024**2} MiB; split or shorten it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _unreadable(name, "is not UTF-8 here; save the file as UTF-8.", line)
    builder = _Builder(name)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except _StopReadingError:
        pass
    except yaml.YAMLError as error:
        builder.problems.append(_syntax_problem(name, text, error))
        builder.root = None
    return Document(name, builder.root, builder.lines, tuple(builder.problems))


class _StopReadingError(Exception):
    """The rest of the file cannot be understood; what was found so far stands."""


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being filled."""

    path: Path
    holder: "list[Yaml] | dict[str, Yaml]"
    key: str | None = None  # of a mapping: the key that waits for its value
    is_repeated: bool = False  # that key was there before; its value is read and dropped


@dataclass(slots=True)
class _Builder:
    name: str
    root: Yaml = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _stack: list[_Open] = field(default_factory=list)
    _documents: int = 0

    def take(self, event: Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._refuse(line, (), "starts a second document; keep one document in a file.")
                raise _StopReadingError
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._stack.pop()
        elif isinstance(event, NodeEvent):
            self._take_node(event, line)

    def _take_node(self, event: NodeEvent, line: int) -> None:
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.holder, dict) and top.key is None:
            self._take_key(top, event, line)
            return
        path = self._next_path(top)
        if not self._stack or isinstance(path[-1], int):
            self.lines[path] = line
        self._check_plainness(event, line, path)
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            if len(self._stack) >= MAX_DEPTH:
                self._refuse(line, path, f"is nested deeper than {MAX_DEPTH} levels; flatten it.")
                raise _StopReadingError
            holder: list[Yaml] | dict[str, Yaml] = (
                {} if isinstance(event, MappingStartEvent) else []
            )
            self._put(top, holder)
            self._stack.append(_Open(path, holder))
        elif isinstance(event, ScalarEvent):
            self._check_text(event.value, line, path)
            self._put(top, self._scalar(event, line, path))
        else:
            self._put(top, None)

    def _take_key(self, top: _Open, event: NodeEvent, line: int) -> None:
        if not isinstance(event, ScalarEvent):
            self._refuse(line, top.path, "has a key that is not text; write a plain word as key.")
            raise _StopReadingError
        key = event.value
        path = (*top.path, key)
        self._check_plainness(event, line, path)
        self._check_text(key, line, path)
        if key == "<<" and not event.style:
            self._refuse(line, path, "is a merge key; write the merged keys out.")
        top.key = key
        top.is_repeated = key in top.holder
        if top.is_repeated:
            first = self.lines[path]
            self._refuse(line, path, f"is there already in line {first}; keep one of the two.")
        else:
            self.lines[path] = line

    def _next_path(self, top: _Open | None) -> Path:
        if top is None:
            return ()
        if isinstance(top.holder, list):
            return (*top.path, len(top.holder))
        return (*top.path, str(top.key))

    def _put(self, top: _Open | None, value: Yaml) -> None:
        if top is None:
            self.root = value
        elif isinstance(top.holder, list):
            top.holder.append(value)
        else:
            if not top.is_repeated:
                top.holder[str(top.key)] = value
            top.key = None

    def _scalar(self, event: ScalarEvent, line: int, path: Path) -> Yaml:
        text = event.value
        if event.style:  # quoted; libyaml says "" for plain, PyYAML says None
            return text
        if text in _WORDS:
            return _WORDS[text]
        is_integer = bool(_INTEGER.fullmatch(text))
        if is_integer or _DECIMAL.fullmatch(text):
            if len(text) > MAX_NUMBER_LENGTH:
                self._refuse(line, path, "is a number of too many digits; shorten it.")
                return None
            return int(text) if is_integer else Decimal(text)
        return self._day(text, line, path) if _DAY.fullmatch(text) else text

    def _day(self, text: str, line: int, path: Path) -> date | None:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._refuse(line, path, "is not a day of the calendar; correct the date.")
            return None

    def _check_plainness(self, event: NodeEvent, line: int, path: Path) -> None:
        if isinstance(event, AliasEvent):
            self._refuse(line, path, "is an alias (`*name`); write the value out.")
        elif event.anchor is not None:
            self._refuse(line, path, "has an anchor (`&name`); remove it and write values out.")
        if getattr(event, "tag", None) is not None:
            self._refuse(line, path, "has a tag (`!...`); remove it, quotes make text.")

    def _check_text(self, text: str, line: int, path: Path) -> None:
        reason = hidden_reason(text)
        if reason is not None:
            self._refuse(line, path, reason)

    def _refuse(self, line: int, path: Path, message: str) -> None:
        self.problems.append(Problem(self.name, line, shown_path(path), message))


def _unreadable(name: str, message: str, line: int = 0) -> Document:
    return Document(name, None, {}, (Problem(name, line, "", message),))


def _syntax_problem(name: str, text: str, error: yaml.YAMLError) -> Problem:
    # PyYAML's own text may quote the file, so only its place is used.
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return Problem(name, 0, "", "holds a character that YAML does not allow; remove it.")
    lines = text.split("\n")
    content = lines[mark.line] if mark.line < len(lines) else ""
    if content[mark.column : mark.column + 1] in {"@", "`", "%"}:
        message = "has a value that starts with `@`, `%` or a backtick; name a role, or quote it."
    elif re.match(r" *\t", content):
        message = "is indented with a tab; use spaces."
    else:
        message = (
            "is not valid YAML; look at this line and the one above for a missing colon, "
            "quote or bracket, or for indentation that does not line up."
        )
    return Problem(name, mark.line + 1, "", message)
