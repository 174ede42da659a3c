"""What each vendor account cost in the window, by model and key, and how much is explained.

Amounts are integers of 1e-9 currency units; currencies are never added together.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tasks.core.books import BookKey, Destination, DestinationKind
from tasks.core.cells import ChargeCell, RunCell, UsageCell
from tasks.core.tables import TOKEN_KINDS
from tasks.core.totals import explained_as, is_usage

#: Logged runs of a hundred on an account or key that say whose it is.
_OWNS_PERCENT = 80
_Of = TypeVar("_Of")
Desired = Mapping[BookKey, Mapping[Destination, int]]


@dataclass(frozen=True, slots=True, order=True)
class AccountKey:
    """An account of an issuer, in one currency."""

    issuer: str
    account: str
    currency: str


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A key of an account.

    Attributes:
        id: As the configuration declares it, else a keyed digest.
        tokens: Metered.
        runs: Logged runs that name the key.
        workflow: Of nearly all of them; empty if of none.
    """

    id: str
    tokens: int
    runs: int
    workflow: str


@dataclass(frozen=True, slots=True)
class AccountMoney:
    """An account's usage charges in the window.

    Attributes:
        billed_nano: All of them; the next two are parts of it.
        unexplained_nano: No workflow of the catalog explains it.
        ad_hoc_nano: Part of `unexplained_nano`: runs are logged, and no rule claims them.
        models: (model or sku, billed nano), most first.
        keys: Those that are told, most metered tokens first.
        runs: Logged runs that name the account.
        workflows: (workflow, logged runs), most first; the empty one is no workflow.
    """

    key: AccountKey
    billed_nano: int
    unexplained_nano: int
    ad_hoc_nano: int
    models: tuple[tuple[str, int], ...]
    keys: tuple[KeyUse, ...]
    runs: int
    workflows: tuple[tuple[str, int], ...]


def account_money(
    desired: Desired,
    charges: Iterable[ChargeCell],
    usage: Iterable[UsageCell],
    runs: Iterable[RunCell],
) -> tuple[AccountMoney, ...]:
    """Sum the books of a window by account, most unexplained first.

    Args:
        desired: As the night found it: days outside it are left out there.
        charges: Of the same days; they tell models apart.
        usage: Of the same days; it tells keys apart.
        runs: Of the same days; they tell who worked on an account.
    """
    sums: dict[AccountKey, list[int]] = {}
    for book, lines in desired.items():
        key = AccountKey(book.issuer, book.account, book.currency)
        for to, nano in lines.items():
            if is_usage(to):
                is_open = explained_as(to) == "unexplained"
                weights = (1, is_open, is_open and to.kind is DestinationKind.AD_HOC)
                before = sums.get(key, [0, 0, 0])
                sums[key] = [
                    one + nano * weight for one, weight in zip(before, weights, strict=True)
                ]
    days = {(book.issuer, book.account, book.day) for book in desired}
    models = _counted(
        (AccountKey(one.issuer, one.account, one.currency), one.model or one.sku, one.billed_nano)
        for one in charges
        if one.category == "usage" and (one.issuer, one.account, one.day) in days
    )
    keys = _counted(
        ((one.issuer, one.account), one.api_key, one.quantity)
        for one in usage
        if one.api_key and one.kind in TOKEN_KINDS
    )
    logged = list(runs)
    by_key = _counted(
        ((one.issuer, one.account, one.api_key), one.workflow, one.runs)
        for one in logged
        if one.api_key
    )
    worked = _counted(
        ((one.issuer, one.account), one.workflow, one.runs) for one in logged if one.account
    )
    found = []
    for key, (billed, unexplained, ad_hoc) in sums.items():
        of_account = (key.issuer, key.account)
        workflows = worked.get(of_account, Counter())
        found.append(
            AccountMoney(
                key=key,
                billed_nano=billed,
                unexplained_nano=unexplained,
                ad_hoc_nano=ad_hoc,
                models=_most_first(models.get(key, Counter())),
                keys=tuple(
                    _key_use(name, tokens, by_key.get((*of_account, name), Counter()))
                    for name, tokens in _most_first(keys.get(of_account, Counter()))
                ),
                runs=workflows.total(),
                workflows=_most_first(workflows),
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.unexplained_nano, one.key)))


def owner_of(workflows: Mapping[str, int]) -> str:
    """Name the workflow of nearly all runs; empty if there is none."""
    for workflow, runs in workflows.items():
        if workflow and 100 * runs >= _OWNS_PERCENT * sum(workflows.values()):
            return workflow
    return ""


def _key_use(name: str, tokens: int, workflows: Counter[str]) -> KeyUse:
    return KeyUse(name, tokens, workflows.total(), owner_of(workflows))


def _counted(parts: Iterable[tuple[_Of, str, int]]) -> dict[_Of, Counter[str]]:
    """Sum amounts by whose they are and by name."""
    counts: dict[_Of, Counter[str]] = {}
    for of, name, amount in parts:
        counts.setdefault(of, Counter())[name] += amount
    return counts


def _most_first(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
