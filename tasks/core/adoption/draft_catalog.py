"""Write drafts into the text of a catalog: a new file, or lines added to the present one.

The present text is never written out again from what was read: comments and order stay.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import yaml

from config.misfits import CATALOG
from tasks.core.adoption.drafts import ESCALATION_ROLE, OWNER_ROLE, Draft
from tasks.core.errors import ConfigError
from tasks.core.yaml_places import Insertion, appended, root_of, value_of, with_insertions

#: Of drafts: nobody has said yet whose they are, or who pays.
PORTFOLIO = "todo-portfolio"
_INDENT = "  "
_TEXTS = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader
#: What every reader of YAML takes for text without quotes, but for the words below.
_PLAIN = re.compile(r"[a-z][a-z0-9-]*[a-z]", re.ASCII)
_WORDS_OF_YAML = frozenset({"null", "true", "false", "yes", "no", "on", "off"})
_HEAD = """\
# yaml-language-server: $schema=schemas/catalog.schema.json
# Drafted by `graduand adopt` from what agents did, a lower bound. Roles, titles, families and the
# cost centre stand for decisions that people take: replace every `todo`, drop what is none.
version: 1
"""


@dataclass(frozen=True, slots=True, order=True)
class NewAccount:
    """A vendor account that no catalog lists yet."""

    id: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Additions:
    """What a catalog gains.

    Attributes:
        families: Of the drafts that it does not have, sorted.
        has_portfolio: It has the drafts' portfolio already.
    """

    drafts: tuple[Draft, ...]
    families: tuple[str, ...]
    accounts: tuple[NewAccount, ...]
    risk_tier: int
    has_portfolio: bool = False


def drafted_catalog(present: str, additions: Additions) -> str:
    """Give the text of the catalog with all additions.

    Args:
        present: As `load_config` has accepted it; empty for none.
        additions: Nothing at all gives the present text.

    Raises:
        ConfigError: The present text is written in a way that cannot be added to.
    """
    text = present or _HEAD
    for section, items in _sections(additions).items():
        before = _listed(text, section)
        text = _with_items(text, section, items)
        after = _listed(text, section)
        kept = before or []
        if after is None or after[: len(kept)] != kept or len(after) != len(kept) + len(items):
            message = (
                f"{CATALOG} cannot be added to where its {section} end: write the last of them "
                "with plain or quoted values and ordinary line ends, then run it again"
            )
            raise ConfigError(message)
    return text


def _listed(text: str, section: str) -> list[object] | None:
    """Read a list of the file; None where the text is no YAML or the list is not there."""
    try:
        found = yaml.load(text, Loader=_TEXTS)  # noqa: S506 - makes nothing but texts
    except yaml.YAMLError:
        return None
    return found.get(section, []) if isinstance(found, dict) else None


def _sections(additions: Additions) -> dict[str, list[list[str]]]:
    """Give the new items of each list, each as lines of YAML."""
    portfolio = [
        f"id: {PORTFOLIO}",
        "title: To be named",
        f"owner: {OWNER_ROLE}",
        "cost_centre: TODO",
    ]
    is_used = bool(additions.families or additions.accounts)
    return {
        "portfolios": [portfolio] if is_used and not additions.has_portfolio else [],
        "families": [
            [f"id: {_quoted(name)}", f"portfolio: {PORTFOLIO}", f"title: {_quoted(_words(name))}"]
            for name in additions.families
        ],
        "workflows": [_workflow(draft, additions.risk_tier) for draft in additions.drafts],
        "accounts": [
            [
                f"id: {_quoted(account.id)}",
                f"issuer: {_quoted(account.issuer)}",
                f"portfolio: {PORTFOLIO}",
                "paid_from: exploration",
            ]
            for account in additions.accounts
        ],
    }


def _workflow(draft: Draft, risk_tier: int) -> list[str]:
    counts = draft.counts
    became = f"{counts.merged} merged, {counts.closed} closed, {counts.open} open"
    lines = [
        f"id: {_quoted(draft.id)}",
        # For who reviews the line; the report beside it says more.
        f"# {counts.total()} pull requests: {became}; {draft.runs} logged runs",
        f"family: {_quoted(draft.family)}",
        f"title: {_quoted(draft.title)}",
        "stages:",
        f"{_INDENT}- {{from: {draft.from_day.isoformat()}, stage: exploration}}",
        f"risk_tier: {risk_tier}",
        f"owner: {OWNER_ROLE}",
        f"escalation: {ESCALATION_ROLE}",
    ]
    if draft.scope:
        lines += ["scope:", f"{_INDENT}repositories: {_list(draft.scope)}"]
    rules = {"stamps": draft.stamps, "branch_prefixes": draft.prefixes, "bots": draft.bots}
    matches = [f"{_INDENT}{name}: {_list(values)}" for name, values in rules.items() if values]
    return [*lines, "match:", *matches] if matches else lines


def _with_items(text: str, section: str, items: Sequence[Sequence[str]]) -> str:
    """Add items to a list of the file, which is made if there is none."""
    if not items:
        return text
    entries = value_of(root_of(text), section)
    if entries is None:
        block = "".join(_block(item, _INDENT) for item in items)
        return f"{text.rstrip()}\n\n{section}:\n{block}"
    if isinstance(entries, yaml.SequenceNode) and entries.flow_style:
        return _with_flow_items(text, entries, items)
    indent = " " * entries.start_mark.column
    insertions: list[Insertion] = []
    for order, item in enumerate(items):
        added = _block(item, indent).strip().removeprefix("- ")
        insertions += appended(text, entries, added, order)
    return with_insertions(text, insertions)


def _with_flow_items(text: str, entries: yaml.SequenceNode, items: Sequence[Sequence[str]]) -> str:
    """Add items to a list in brackets, in the only style that fits there."""
    written = ", ".join(_flow("\n".join(item)) for item in items)
    comma = ", " if entries.value else ""
    at = entries.value[-1].end_mark.index if entries.value else entries.start_mark.index + 1
    return with_insertions(text, [Insertion(at, 0, comma + written)])


def _flow(item: str) -> str:
    # JSON is YAML; days stay plain, for a quoted day is read as one, too.
    return json.dumps(yaml.safe_load(item), default=str, ensure_ascii=False)


def _block(lines: Sequence[str], indent: str) -> str:
    first, *others = lines
    return "".join([f"{indent}- {first}\n", *(f"{indent}{_INDENT}{line}\n" for line in others)])


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(map(_quoted, values)) + "]"


def _quoted(text: str) -> str:
    """Spell text so that YAML reads just that, whatever it looks like."""
    if _PLAIN.fullmatch(text) and text not in _WORDS_OF_YAML:
        return text
    return json.dumps(text, ensure_ascii=False)


def _words(slug: str) -> str:
    return slug.replace("-", " ").replace("_", " ").capitalize()
