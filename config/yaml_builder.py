"""Build plain values out of YAML events, refusing what makes YAML surprising.

Kept: one document, text keys, plain and quoted scalars. Refused: anchors, aliases,
merge keys, tags, repeated keys, deep nesting, private text and control characters.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

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

#: The deepest shape is five levels deep.
MAX_DEPTH = 16
#: Python refuses longer integers slowly; no number of ours is near.
MAX_NUMBER_LENGTH = 64
#: The longest text of a shape has 500 characters.
MAX_TEXT_LENGTH = 4096

Yaml: TypeAlias = "str | int | bool | Decimal | date | list[Yaml] | dict[str, Yaml] | None"

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)?\.[0-9]+|[-+]?(?:0|[1-9][0-9]*)\.")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Also what turns the direction of text around, so that a reviewer reads what the machine does.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class StopReadingError(Exception):
    """The rest of the file cannot be understood; only the problems found so far stand."""


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being filled."""

    path: Path
    holder: "list[Yaml] | dict[str, Yaml]"
    is_bracket: bool  # `[...]` or `{...}`, which may be left open
    key: str | None = None  # of a mapping: the key that waits for its value
    is_repeated: bool = False  # that key was there before; its value is read and dropped


@dataclass(slots=True)
class YamlBuilder:
    """Takes the events of one file, in order; `root`, `lines` and `problems` are the result."""

    name: str
    root: Yaml = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _stack: list[_Open] = field(default_factory=list)
    _documents: int = 0

    def take(self, event: Event) -> None:
        """Add one event.

        Raises:
            StopReadingError: The rest cannot be understood; the reason is in `problems`.
        """
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._refuse(line, (), "starts a second document; keep one document in a file.")
                raise StopReadingError
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._stack.pop()
        elif isinstance(event, NodeEvent):
            self._take_node(event, line)

    def current_path(self) -> Path:
        """Tell where reading is: the last key or item begun."""
        if not self._stack:
            return ()
        top = self._stack[-1]
        is_item = isinstance(top.holder, list) or top.key is not None
        return self._next_path(top) if is_item else top.path

    def open_bracket(self) -> Path | None:
        """Tell where the outermost bracket begins that is still open."""
        return next((part.path for part in self._stack if part.is_bracket), None)

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
                raise StopReadingError
            holder: list[Yaml] | dict[str, Yaml] = (
                {} if isinstance(event, MappingStartEvent) else []
            )
            self._put(top, holder)
            self._stack.append(_Open(path, holder, is_bracket=bool(event.flow_style)))
        elif isinstance(event, ScalarEvent):
            self._check_text(event.value, line, path)
            self._put(top, self._scalar(event, line, path))
        else:
            self._put(top, None)

    def _take_key(self, top: _Open, event: NodeEvent, line: int) -> None:
        if not isinstance(event, ScalarEvent):
            self._refuse(line, top.path, "has a key that is not text; write a plain word as key.")
            raise StopReadingError
        key = event.value
        path = (*top.path, key)
        self._check_plainness(event, line, path)
        self._check_text(key, line, path)
        if key == "<<" and not event.style:
            self._refuse(line, top.path, "has a merge key (`<<`); write the merged keys out.")
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
        if len(text) > MAX_TEXT_LENGTH:
            self._refuse(line, path, f"is longer than {MAX_TEXT_LENGTH} characters; shorten it.")
            raise StopReadingError
        if _CONTROL.search(text):
            self._refuse(line, path, "holds an invisible control character; remove it.")
        reason = hidden_reason(text)
        if reason is not None:
            self._refuse(line, path, reason)

    def _refuse(self, line: int, path: Path, message: str) -> None:
        self.problems.append(Problem(self.name, line, shown_path(path), message))
