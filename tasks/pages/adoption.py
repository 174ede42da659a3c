"""The first day on a terminal, as wide as it is, and no name can move the cursor."""

import textwrap
from collections.abc import Iterable, Iterator
from itertools import islice

from tasks.core.adoption.account_money import AccountMoney
from tasks.core.adoption.adoption import Adoption
from tasks.core.adoption.drafts import Draft
from tasks.core.adoption.stamps import stamps_for
from tasks.core.probe import counted
from tasks.pages.adoption_words import (
    account_name,
    draft_outcome,
    draft_signals,
    explained_ppm,
    nameless_words,
    paste_words,
    points,
    step_words,
)
from tasks.pages.text import LONGEST_SENTENCE, amount, plain, share

#: Columns: of a terminal that does not say how many it has, and what a line needs and is read in.
WIDTH = 98
_NARROWEST = 80
#: Lines of each list; the report beside it has all.
_MOST_ACCOUNTS = 12
_MOST_STEPS = 10
_MOST_MODELS = 2
_LONGEST_MODEL = 20
_MOST_FAILURES = 5
_NAME = 30
_ID = 24


def adoption_text(adoption: Adoption, width: int = WIDTH) -> str:
    """Tell a first day: work, money, drafts, what to do next, what to paste.

    Args:
        adoption: The first day.
        width: Columns of the terminal.
    """
    width = min(max(width, _NARROWEST), WIDTH)
    parts = [
        _heading(adoption, width),
        _failures(adoption, width),
        _money(adoption, width),
        _drafts(adoption, width),
        _steps(adoption, width),
        _stamps(adoption.drafts, width),
    ]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := [*part]))


def _heading(adoption: Adoption, width: int) -> Iterator[str]:
    pulls = adoption.pulls
    yield f"  {adoption.start} to {adoption.end}"
    at_least = f"at least {pulls.by_agents} of them by agents (a lower bound)"
    yield f"  {pulls.every} pull requests, {at_least}"
    if pulls.agents:
        yield from _wrapped(
            ", ".join(f"{plain(name)} {n}" for name, n in pulls.agents), "  ", width
        )
    if pulls.nameless:
        yield from _wrapped(nameless_words(pulls.nameless), "  ", width)


def _failures(adoption: Adoption, width: int) -> Iterator[str]:
    """Say what the figures below lack."""
    for failure in adoption.failures[:_MOST_FAILURES]:
        words = f"{failure.source} {failure.stream}".strip()
        yield from _wrapped(
            plain(f"{words}: {failure.detail}", LONGEST_SENTENCE), "  not read   ", width
        )
    if len(adoption.failures) > _MOST_FAILURES:
        yield f"  not read   ... and {len(adoption.failures) - _MOST_FAILURES} more"
    if adoption.missing:
        shown = ", ".join(map(plain, adoption.missing[:_MOST_FAILURES]))
        more = ", ..." if len(adoption.missing) > _MOST_FAILURES else ""
        days = counted(len(adoption.missing), "source-day", "source-days")
        yield from _wrapped(f"{days}: {shown}{more}", "  missing    ", width)


def _money(adoption: Adoption, width: int) -> Iterator[str]:
    if not adoption.accounts:
        yield "  No usage charge was read: connect a vendor's bill to see dollars."
        return
    head = f"  {'account':<{_NAME}} {'billed':>12} {'unexplained':>12}   "
    yield f"{head}models"
    for account in _by_billed(adoption.accounts)[:_MOST_ACCOUNTS]:
        name = plain(account_name(account.key.issuer, account.key.account), _NAME)
        billed = amount(account.billed_nano, account.key.currency)
        left = amount(account.unexplained_nano, account.key.currency)
        models = _models(account, width - len(head))
        yield f"  {name:<{_NAME}} {billed:>12} {left:>12}   {models}".rstrip()
    if len(adoption.accounts) > _MOST_ACCOUNTS:
        yield f"  ... and {len(adoption.accounts) - _MOST_ACCOUNTS} more in the report"
    for one in adoption.after:
        before = explained_ppm(adoption.before, one.currency)
        after = explained_ppm(adoption.after, one.currency)
        if before is not None and after is not None:
            currency = plain(one.currency)
            yield f"  explained: {share(before)} today, {share(after)} with the draft ({currency})"


def _by_billed(accounts: Iterable[AccountMoney]) -> list[AccountMoney]:
    return sorted(accounts, key=lambda one: (one.key.currency, -one.billed_nano, one.key))


def _models(account: AccountMoney, room: int) -> str:
    """Name the dearest models, as many as there is room for."""
    for count in range(min(len(account.models), _MOST_MODELS), 0, -1):
        left = len(account.models) - count
        more = f", +{left}" if left else ""
        longest = _LONGEST_MODEL if count > 1 else room - len(more)
        names = [plain(name, longest) for name, _ in islice(account.models, count)]
        told = ", ".join(names) + more
        if count == 1 or len(told) <= room:
            return told
    return ""


def _drafts(adoption: Adoption, width: int) -> Iterator[str]:
    pulls = adoption.pulls
    if pulls.claimed:
        yield f"  claimed by the catalog already: {pulls.claimed}"
    drafted = sum(draft.counts.total() for draft in adoption.drafts)
    many = "workflow" if len(adoption.drafts) == 1 else "workflows"
    found = f"{drafted} pull requests and the stamps of logged runs"
    yield f"  {len(adoption.drafts)} draft {many} from {found}"
    for draft in adoption.drafts:
        head = f"  {plain(draft.id, _ID):<{_ID}} {draft.counts.total():>5}  "
        yield from _wrapped(draft_outcome(draft), head, width)
        where = f"; in {_places(draft)}" if draft.counts.total() else ""
        yield from _wrapped(f"by {draft_signals(draft)}{where}", " " * len(head), width)
    if pulls.too_few:
        yield f"  {'(too few of a kind)':<{_ID}} {pulls.too_few:>5}  no draft"
    if pulls.rare_stamps:
        yield f"  {'(stamps on a few runs)':<{_ID}} {pulls.rare_stamps:>5}  no draft"


def _places(draft: Draft) -> str:
    if not draft.places:
        return "repositories of people, whose names are not kept"
    first, _ = draft.places[0]
    if len(draft.places) == 1:
        return plain(first, 40)
    return f"{len(draft.places)} repositories"


def _steps(adoption: Adoption, width: int) -> Iterator[str]:
    if not adoption.steps:
        return
    yield "  next, by the dollars it would explain (points of coverage; <= at most)"
    for number, step in enumerate(adoption.steps[:_MOST_STEPS], 1):
        money = "" if step.amount_nano is None else amount(step.amount_nano, step.currency)
        head = f"  {number:>2}. {points(step):>9} {money:>12}  "
        yield from _wrapped(plain(step_words(step), LONGEST_SENTENCE), head, width)
        if paste := paste_words(step):
            yield from _wrapped(plain(paste), " " * len(head), width)
    if len(adoption.steps) > _MOST_STEPS:
        yield f"      ... and {len(adoption.steps) - _MOST_STEPS} more in the report"


def _stamps(drafts: tuple[Draft, ...], width: int) -> Iterator[str]:
    if not drafts:
        return
    first = plain(drafts[0].id)
    yield f"  paste where {first} begins its work"
    for stamp in stamps_for(first):
        yield f"    {stamp.place}"
        yield from (f"      {line}" for line in stamp.text.splitlines())
    if others := [plain(draft.id) for draft in drafts[1:]]:
        yield from _wrapped(f"and so for {', '.join(others)}", "  ", width)


def _wrapped(text: str, head: str, width: int) -> list[str]:
    """Break a sentence into lines; those after the first stand below its beginning."""
    lines = textwrap.wrap(text, width - len(head), break_on_hyphens=False) or [""]
    return [head + lines[0], *(" " * len(head) + line for line in lines[1:])]
