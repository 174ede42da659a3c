"""Work items as logs name them: what was run on one, by whom, and at what list price."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from config.shapes.sources import Issuer
from tasks.core.list_prices import list_price
from tasks.core.money import MAX_NANO, divide_half_even
from tasks.core.prices import RUN_CONTEXT, RUN_TIER, Priced, contract_line
from tasks.core.tables import TOKEN_KINDS

#: Parts of a nano-USD in which runs are valued, so that list prices are whole numbers.
PARTS = 10**6
_NANO_PER_TOKEN = 1000  # one USD per million tokens, in nano-USD per token
_LIST_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class ItemWork:
    """The work runs of one workflow on one item; instants are aware UTC.

    Attributes:
        item: Key of the item; the log's own name for it where no system knows that, and
            `run <source> <run id>` where the log names none.
        workflow: Empty for runs that no workflow of the catalog claims.
        first_at, last_at: First start and last end.
        cost_parts: At one dated list price, in 1/`PARTS` nano-USD; None if one of the runs has no
            price, or does not tell what it read and wrote.
        is_escalated: One of the runs asked a human; None if none says.
        task_class: That a run was given as input `task_class`; of several the first by name.
        decision: The last one that was logged; of several at one instant that of the greatest run
            id.
        repository: As the runs name it; of several the first by name.
    """

    item: str
    workflow: str
    first_at: datetime
    last_at: datetime
    runs: int
    cost_parts: int | None
    is_escalated: bool | None
    task_class: str | None
    decision: str | None
    repository: str | None


@dataclass(frozen=True, slots=True)
class ListRate:
    """What a token of each kind costs at list price, in 1/`PARTS` nano-USD; None: no price."""

    issuer: str
    model: str
    per_token: tuple[int | None, ...]


def list_rates(
    issuers: Iterable[Issuer], seen: Iterable[tuple[str, str]], day: date
) -> list[ListRate]:
    """Give the list prices of a day: without contracts, so that all work is valued alike.

    Where there is no list price, a contract's price of a million tokens is the only one there is,
    and stands for it.

    Args:
        issuers: An issuer that bills in another currency than US dollars is unpriced.
        seen: Issuer and model of runs.
        day: UTC day whose list prices hold, for all runs.
    """
    by_id = {one.id: one for one in issuers if one.currency == _LIST_CURRENCY}
    return [
        ListRate(
            issuer, model, tuple(_rate(by_id[issuer], model, kind, day) for kind in TOKEN_KINDS)
        )
        for issuer, model in sorted(set(seen))
        if issuer in by_id
    ]


def cost_of(work: Sequence[ItemWork]) -> int | None:
    """Sum what an item cost, in nano-USD, half-even; None if a part of it is not known."""
    if not work or any(one.cost_parts is None for one in work):
        return None
    nano = divide_half_even(sum(one.cost_parts or 0 for one in work), PARTS)
    return nano if -MAX_NANO < nano < MAX_NANO else None


def names_in_logs(labels: Mapping[str, str], pseudonym: Callable[[str], str]) -> dict[str, str]:
    """Give item keys by the names that logs may have for them, in lower case.

    A log's repository is kept by name where its source declares it, else by digest.

    Args:
        labels: Name by item key: `OPS-4`, or `owner/name#5`.
        pseudonym: Digest that stands for the name of a repository.
    """
    found: dict[str, str] = {}
    digests: dict[str, tuple[str, ...]] = {}
    for key, name in sorted(labels.items()):
        found[name.lower()] = key
        repository, is_github, number = name.rpartition("#")
        if is_github:
            if repository not in digests:
                digests[repository] = tuple({pseudonym(repository), pseudonym(repository.lower())})
            found.update((f"{digest}#{number}", key) for digest in digests[repository])
    return found


def by_item(work: Iterable[ItemWork]) -> Iterator[tuple[ItemWork, ...]]:
    """Put the rows of each item together; rows of one item must stand side by side."""
    group: list[ItemWork] = []
    for one in work:
        if group and group[0].item != one.item:
            yield tuple(group)
            group = []
        group.append(one)
    if group:
        yield tuple(group)


def _rate(issuer: Issuer, model: str, kind: str, day: date) -> int | None:
    price = None
    if issuer.price_provider is not None:
        price = list_price(issuer.price_provider, model, RUN_TIER, RUN_CONTEXT, kind, day)
    if price is None:
        priced = Priced(issuer.id, model, RUN_TIER, RUN_CONTEXT, day)
        line = contract_line(issuer.contract, priced, kind)
        price = None if line is None else line.per_million
    if price is None:
        return None
    exact: Decimal = price * _NANO_PER_TOKEN * PARTS
    return int(exact.to_integral_value(ROUND_HALF_EVEN))
