"""What to do next, ranked by the dollars it would explain.

Every amount is money of the window that nothing explains today: one account's, counted in one
step only, so that the steps never promise more than is unexplained. What cannot be told in
dollars comes last, without any.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tasks.core.adoption.account_money import AccountMoney, owner_of
from tasks.core.totals import Coverage

#: Shorter words are in too many names.
_SHORTEST_WORD = 5
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
#: Words of account names that say nothing about whose it is.
_GENERIC = frozenset({"default", "project", "workspace", "wrkspc", "agent", "agents", "prod"})


class StepKind(StrEnum):
    """What a step asks for."""

    MERGE = "merge"  # the drafted catalog
    OWNER = "owner"  # declare whose an account is
    STAMP = "stamp"  # runs that are logged and claimed by nobody
    KEYS = "keys"  # one key for each workflow, on an account that no log explains
    LOGS = "logs"  # connect the rest of what agents log of an account
    BILL = "bill"  # an agent is at work, and no bill of it is connected
    INVOICE = "invoice"  # connect what issuers want paid


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do.

    Attributes:
        subject: Account, vendor or issuer; empty for all of them.
        workflow: That would explain it, where the data says so.
        reason: Evidence, in a few words.
        amount_nano: That it would explain, at most; None where nobody can tell.
        points_ppm: The same as parts per million of all usage charges in `currency`.
    """

    kind: StepKind
    subject: str
    issuer: str = ""
    workflow: str = ""
    reason: str = ""
    amount_nano: int | None = None
    currency: str = ""
    points_ppm: int | None = None


def ranked_steps(
    before: Sequence[Coverage],
    after: Sequence[Coverage],
    accounts: Iterable[AccountMoney],
    *,
    workflows: Mapping[str, Collection[str]],
    unbilled: Mapping[str, int],
    without_invoice: Collection[str],
) -> tuple[Step, ...]:
    """List what to do, most dollars first; steps without dollars last.

    Args:
        before: Coverage as things are.
        after: Coverage with the drafted catalog.
        accounts: With the drafted catalog.
        workflows: Of the drafted catalog, each with the accounts that it owns there.
        unbilled: Pull requests by agent, of agents whose vendor's bill is not connected.
        without_invoice: Issuers with charges, and no invoice of them is connected.
    """
    gross = {one.currency: one.gross_nano() for one in after}
    steps = [*_merge(before, after)]
    for account in accounts:
        if account.unexplained_nano > 0:
            steps += _account_steps(account, workflows)
    steps = [_with_points(step, gross) for step in steps]
    steps.sort(key=lambda one: (-(one.points_ppm or 0), -(one.amount_nano or 0), _name(one)))
    rest = [
        Step(StepKind.BILL, vendor, reason=f"{count} pull requests")
        for vendor, count in sorted(unbilled.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    rest += [Step(StepKind.INVOICE, issuer, issuer) for issuer in sorted(without_invoice)]
    return (*steps, *rest)


def _merge(before: Sequence[Coverage], after: Sequence[Coverage]) -> Iterable[Step]:
    explained = {one.currency: one.gross_nano() - one.unexplained_nano for one in before}
    for one in after:
        gain = one.gross_nano() - one.unexplained_nano - explained.get(one.currency, 0)
        if gain > 0:
            yield Step(StepKind.MERGE, "", amount_nano=gain, currency=one.currency)


def _account_steps(
    account: AccountMoney, workflows: Mapping[str, Collection[str]]
) -> Iterable[Step]:
    """Give the step that fits what is known of an account; two where its runs are half known."""
    issuer, name, currency = account.key.issuer, account.key.account, account.key.currency

    def step(kind: StepKind, nano: int, reason: str, workflow: str = "") -> Step:
        return Step(kind, name, issuer, workflow, reason, nano, currency)

    unexplained = account.unexplained_nano
    is_owned = any(name in owned for owned in workflows.values())
    runs = dict(account.workflows)
    owner = owner_of(runs)
    if owner and not is_owned:
        reason = f"{runs[owner]} of its {account.runs} logged runs"
        yield step(StepKind.OWNER, unexplained, reason, owner)
        return
    named = _by_name(name, sorted(workflows))
    if named and not is_owned and not account.runs:
        yield step(StepKind.OWNER, unexplained, "by its name only: ask", named)
        return
    ad_hoc = min(max(account.ad_hoc_nano, 0), unexplained)
    if ad_hoc:
        yield step(StepKind.STAMP, ad_hoc, f"{runs.get('', 0)} logged runs that nothing claims")
    if unexplained > ad_hoc:
        reason = "usage beyond its logs" if account.runs else "no log names it"
        several = len(account.keys) > 1
        kind = StepKind.KEYS if several or not account.runs else StepKind.LOGS
        told = f"{len(account.keys)} keys, {reason}" if several else reason
        yield step(kind, unexplained - ad_hoc, told)


def _by_name(account: str, workflows: Sequence[str]) -> str:
    """Name the one workflow that shares a word with an account's id; empty if none or several."""
    words = {word.lower() for word in _WORDS.findall(account)} - _GENERIC
    words = {word for word in words if len(word) >= _SHORTEST_WORD}
    fitting = [name for name in workflows if words.intersection(re.split(r"[-_.]", name))]
    return fitting[0] if len(fitting) == 1 else ""


def _with_points(step: Step, gross: Mapping[str, int]) -> Step:
    whole = gross.get(step.currency, 0)
    if step.amount_nano is None or whole <= 0:
        return step
    return replace(step, points_ppm=1_000_000 * step.amount_nano // whole)


def _name(step: Step) -> tuple[str, str, str, str]:
    return (step.currency, step.kind, step.issuer, step.subject)
