"""Hints of a change-log line: kept as declared words and ids, or dropped by name.

Here ends whatever could name a person: a branch becomes its declared prefix, an issue key
and a keyed digest; a repository that nobody declared becomes a keyed digest; text that is
no short word is not kept at all. A dropped hint costs no row, and the row says which it was.
"""

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache, partial

from config.shapes.sources import AgentLogSource
from tasks.core.batches import Json, RawRow
from tasks.core.work.branches import branch_hint

_WORD = re.compile(r"[a-z0-9_.-]{1,64}", re.ASCII)
_TOOL = re.compile(r"[A-Za-z0-9_.:/-]{1,64}", re.ASCII)
_VALUE = re.compile(r"[A-Za-z0-9_.#/-]{1,64}", re.ASCII)
_ACCOUNT = re.compile(r"[A-Za-z0-9_.:/-]{1,128}", re.ASCII)
_ITEM = re.compile(
    r"(?:([A-Za-z0-9_.-]{1,39}/[A-Za-z0-9_.-]{1,100})#)?[A-Za-z0-9_.:#-]{1,128}", re.ASCII
)
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,39}/[A-Za-z0-9_.-]{1,100}", re.ASCII)
_BRANCH_LENGTH = 1024
# Most entries that are kept of a list or an object.
_MOST_ENTRIES = 64
# Distinct branches and repositories remembered while a log is read.
_REMEMBERED = 4096

_Reader = Callable[[object], RawRow | None]


class HintReader:
    """Reads the hints of the lines of one source."""

    def __init__(self, config: AgentLogSource, keyed_digest: Callable[[str], str]) -> None:
        self._config = config
        self._keyed_digest = keyed_digest
        self._repository_name = lru_cache(_REMEMBERED)(self._name_repository)
        self._branch_fields = lru_cache(_REMEMBERED)(self._reduce_branch)
        self._readers: tuple[tuple[str, _Reader], ...] = (
            ("account", partial(_read_text, "account", _ACCOUNT)),
            ("epoch", partial(_read_text, "epoch", _WORD)),
            ("failure_type", partial(_read_text, "failure_type", _WORD)),
            ("decision", _read_decision),
            ("human_escalation", partial(_read_flag, "human_escalation")),
            ("discarded", partial(_read_flag, "discarded")),
            ("tools_invoked", partial(_read_words, "tools")),
            ("policy_checks", partial(_read_words, "policy_checks")),
            ("hooks", partial(_read_results, "hooks")),
            ("layers", partial(_read_results, "layers")),
            ("repo", self._read_repository),
            ("branch", self._read_branch),
            ("inputs", self._read_inputs),
            ("work_item", self._read_item),
        )

    def read(self, said: Mapping[str, object]) -> RawRow:
        """Give the raw fields of every hint that can be kept; `dropped` names the others."""
        hints: RawRow = {}
        dropped: list[str] = []
        for name, read in self._readers:
            value = said.get(name)
            if value is not None:
                found = read(value)
                if found is None:
                    dropped.append(name)
                else:
                    # An input may have named the work item; the line's own word comes last.
                    hints.update(found)
        if dropped:
            hints["dropped"] = sorted(dropped)
        return hints

    def _read_repository(self, value: object) -> RawRow | None:
        if not isinstance(value, str) or _REPOSITORY.fullmatch(value) is None:
            return None
        return {"repo": self._repository_name(value)}

    def _name_repository(self, name: str) -> str:
        is_declared = any(fnmatchcase(name, pattern) for pattern in self._config.repositories)
        return name if is_declared else self._keyed_digest(name)

    def _read_branch(self, value: object) -> RawRow | None:
        if not isinstance(value, str) or not 0 < len(value) <= _BRANCH_LENGTH:
            return None
        return self._branch_fields(value)

    def _reduce_branch(self, name: str) -> RawRow:
        hint = branch_hint(name, self._config.branch_prefixes, self._keyed_digest)
        fields: RawRow = {"branch_digest": hint.digest}
        if hint.prefix is not None:
            fields["branch_prefix"] = hint.prefix
        if hint.ticket is not None:
            fields["branch_item"] = hint.ticket
        return fields

    def _read_item(self, value: object) -> RawRow | None:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str):
            return None
        item = _ITEM.fullmatch(text)
        if item is None:
            return None
        repository = item.group(1)
        if repository is None:
            return {"work_item": text}
        return {"work_item": self._repository_name(repository) + text[len(repository) :]}

    def _read_inputs(self, value: object) -> RawRow | None:
        if not isinstance(value, Mapping):
            return None
        kept: dict[str, Json] = {}
        for key in self._config.input_keys:
            text = value.get(key)
            if isinstance(text, int):
                text = str(text).lower()
            if isinstance(text, str) and _VALUE.fullmatch(text):
                kept[key] = text
        fields: RawRow = {"inputs": kept} if kept else {}
        if self._config.work_item_key in kept:
            fields.update(self._read_item(kept[self._config.work_item_key]) or {})
        return fields


def _read_text(name: str, pattern: re.Pattern[str], value: object) -> RawRow | None:
    return {name: value} if isinstance(value, str) and pattern.fullmatch(value) else None


def _read_decision(value: object) -> RawRow | None:
    """Take a decision that is one word; a sentence is free text."""
    return _read_text("decision", _WORD, value.strip().lower()) if isinstance(value, str) else None


def _read_flag(name: str, value: object) -> RawRow | None:
    return {name: value} if isinstance(value, bool) else None


def _read_words(name: str, value: object) -> RawRow | None:
    if not isinstance(value, list) or len(value) > _MOST_ENTRIES:
        return None
    if not all(isinstance(word, str) and _TOOL.fullmatch(word) for word in value):
        return None
    return {name: sorted(set(value))}


def _read_results(name: str, value: object) -> RawRow | None:
    if not isinstance(value, Mapping) or len(value) > _MOST_ENTRIES:
        return None
    kept: dict[str, Json] = {}
    for key, result in value.items():
        word = str(result).lower() if isinstance(result, int) else result
        if not _WORD.fullmatch(key) or not isinstance(word, str) or not _WORD.fullmatch(word):
            return None
        kept[key] = word
    return {name: kept}
