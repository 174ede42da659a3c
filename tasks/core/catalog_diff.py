"""Write budget offers as a unified diff of catalog.yaml that touches only the lines it must.

The text is never written out again from what was read: comments, order and spelling stay.
"""

from collections.abc import Iterable, Iterator
from difflib import unified_diff

import yaml

from tasks.core.budget_offers import BudgetOffer

_FILE = "catalog.yaml"


def with_offers(text: str, offers: Iterable[BudgetOffer]) -> str:
    """Add each offer as the last line of its pool's budgets.

    Args:
        text: The file, as `load_config` has accepted it.
        offers: For families and portfolios of that file; others are left out.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    edits = sorted(_edits(text, root, offers), reverse=True)
    for at, _, added in edits:
        text = text[:at] + added + text[at:]
    return text


def offers_diff(text: str, offers: Iterable[BudgetOffer]) -> str:
    """Give the change as a unified diff that `git apply` and `patch` take; empty for none."""
    after = with_offers(text, offers)
    lines = unified_diff(
        _lines(text), _lines(after), f"a/config/{_FILE}", f"b/config/{_FILE}", lineterm="\n"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}\n" for line in lines)


_NO_NEWLINE = "\\ No newline at end of file"


def _lines(text: str) -> list[str]:
    """Split after line feeds alone: YAML texts may hold other characters that break lines."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]


def _edits(
    text: str, root: yaml.Node | None, offers: Iterable[BudgetOffer]
) -> Iterator[tuple[int, int, str]]:
    """Give each insertion as (position, order of those at the same position, text)."""
    for order, offer in enumerate(sorted(offers)):
        section = "families" if offer.name.family else "portfolios"
        one = _item(_value(root, section), offer.name.family or offer.name.portfolio)
        budgets = _value(one, "budgets")
        if isinstance(budgets, yaml.SequenceNode) and budgets.value:
            at, added = _insertion(text, budgets, _line(offer))
            yield at, order, added


def _insertion(text: str, budgets: yaml.SequenceNode, line: str) -> tuple[int, str]:
    last = budgets.value[-1]
    if budgets.flow_style:
        return last.end_mark.index, f", {line}"
    end = text.find("\n", _end(last))
    newline = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    added = f"{' ' * budgets.start_mark.column}- {line}"
    if end < 0:
        return len(text), f"{newline}{added}"
    return end + 1, f"{added}{newline}"


def _line(offer: BudgetOffer) -> str:
    return f'{{from: {offer.from_day}, pool: {offer.name.pool}, amount: "{offer.amount()}"}}'


def _end(node: yaml.Node) -> int:
    """Find where a node's own text ends; a block's end mark lies after what follows it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    return int(node.end_mark.index)


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    found: yaml.Node | None = next((value for name, value in node.value if name.value == key), None)
    return found


def _item(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.SequenceNode):
        return None
    items: list[yaml.Node] = node.value
    for item in items:
        found = _value(item, "id")
        if isinstance(found, yaml.ScalarNode) and found.value == name:
            return item
    return None
