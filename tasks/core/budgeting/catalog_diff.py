"""Write budget offers as a unified diff of catalog.yaml that touches only the lines it must.

The text is never written out again from what was read: comments, order and spelling stay.
"""

from collections.abc import Iterable

import yaml

from tasks.core.budgeting.budget_offers import BudgetOffer
from tasks.core.yaml_places import (
    Insertion,
    appended,
    item_of,
    root_of,
    text_diff,
    value_of,
    with_insertions,
)

#: Path of the file, as diffs name it.
CATALOG_PATH = "config/catalog.yaml"


def with_offers(text: str, offers: Iterable[BudgetOffer]) -> str:
    """Add each offer as the last line of its pool's budgets.

    Args:
        text: The file, as `load_config` has accepted it.
        offers: For families and portfolios of that file; others are left out.
    """
    root = root_of(text)
    insertions = [
        one
        for order, offer in enumerate(sorted(offers))
        for one in offer_insertions(text, root, offer, order)
    ]
    return with_insertions(text, insertions)


def offers_diff(text: str, offers: Iterable[BudgetOffer]) -> str:
    """Give the change as a unified diff that `git apply` and `patch` take; empty for none."""
    return text_diff(text, with_offers(text, offers), CATALOG_PATH)


def offer_insertions(
    text: str, root: yaml.Node | None, offer: BudgetOffer, order: int = 0
) -> tuple[Insertion, ...]:
    """Say how to add one offer; nothing if the text has no budgets of that name."""
    section = "families" if offer.name.family else "portfolios"
    one = item_of(value_of(root, section), offer.name.family or offer.name.portfolio)
    return appended(text, value_of(one, "budgets"), offer_line(offer), order)


def offer_line(offer: BudgetOffer) -> str:
    """Spell an offer as the YAML of a budget line."""
    return f'{{from: {offer.from_day}, pool: {offer.name.pool}, amount: "{offer.amount()}"}}'
