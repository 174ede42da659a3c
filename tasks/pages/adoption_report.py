"""The first day as a markdown report, whole: every account, draft and step, and what to paste."""

from collections.abc import Iterator, Sequence

from tasks.core.adoption.account_money import AccountMoney, owner_of
from tasks.core.adoption.adoption import Adoption
from tasks.core.adoption.drafts import Draft
from tasks.core.adoption.stamps import stamps_for
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
from tasks.pages.text import LONGEST_SENTENCE, amount, markdown, share, shares, table

_MOST_PLACES = 5
_MOST_DAYS = 3
#: Enough of a digest to tell keys apart.
_LONGEST_KEY = 24


def adoption_report(adoption: Adoption) -> str:
    """Write the report; the same first day gives the same bytes."""
    parts = [
        _heading(adoption),
        _lacking(adoption),
        _steps(adoption),
        _accounts(adoption),
        _drafts(adoption),
        _stamps(adoption),
    ]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := [*part])) + "\n"


def _heading(adoption: Adoption) -> Iterator[str]:
    pulls = adoption.pulls
    yield "# First day"
    yield ""
    yield (
        f"{adoption.start} to {adoption.end}. {pulls.every} pull requests, at least "
        f"{pulls.by_agents} of them by agents: signals can be switched off, so this is a lower "
        "bound. Nothing is booked, no ticket is opened, no file of the configuration is changed."
    )
    if pulls.nameless:
        yield ""
        yield f"{nameless_words(pulls.nameless)}."
    for one in adoption.after:
        before = explained_ppm(adoption.before, one.currency)
        after = explained_ppm(adoption.after, one.currency)
        if before is not None and after is not None:
            yield ""
            yield (
                f"Of {amount(one.gross_nano(), one.currency)} usage {share(before)} is explained "
                f"today, and {share(after)} with the drafted catalog."
            )


def _lacking(adoption: Adoption) -> Iterator[str]:
    if adoption.failures or adoption.missing:
        yield "## Not read"
        yield ""
    for failure in adoption.failures:
        words = f"{failure.source} {failure.stream}".strip()
        yield f"- {markdown(f'{words}: {failure.detail}', LONGEST_SENTENCE)}"
    days: dict[str, list[str]] = {}
    for source, _, day in (one.rpartition(" ") for one in adoption.missing):
        days.setdefault(source, []).append(day)
    for source, missing in days.items():
        yield f"- missing: {markdown(source)} {markdown(_days(sorted(missing)))}"


def _days(days: Sequence[str]) -> str:
    """Name a few days, and of many the first and last."""
    if len(days) <= _MOST_DAYS:
        return ", ".join(days)
    return f"{len(days)} days from {days[0]} to {days[-1]}"


def _steps(adoption: Adoption) -> Iterator[str]:
    yield "## What to do next"
    yield ""
    if not adoption.steps:
        yield "Nothing is left to explain."
        return
    rows = []
    for number, step in enumerate(adoption.steps, 1):
        money = "" if step.amount_nano is None else amount(step.amount_nano, step.currency)
        row = (points(step).replace("<= ", "≤"), money, step_words(step), paste_words(step))
        rows.append((str(number), *(markdown(cell, LONGEST_SENTENCE) for cell in row)))
    yield table(("", "points", "explains", "do", "in catalog.yaml"), rows, right=frozenset({1, 2}))
    yield ""
    yield "A point is one percent of all usage charges of the window; ≤ is at most."


def _accounts(adoption: Adoption) -> Iterator[str]:
    if not adoption.accounts:
        return
    yield "## Accounts"
    yield ""
    head = ("account", "billed", "unexplained", "models", "keys", "owner proposed")
    yield table(head, [_account(one) for one in adoption.accounts], right=frozenset({1, 2}))
    yield ""
    yield (
        "Proposed for each account that no catalog lists: portfolio `todo-portfolio`, paid from "
        "exploration. A key that no configuration names is shown by its digest."
    )


def _account(account: AccountMoney) -> tuple[str, ...]:
    parts = [max(nano, 0) for _, nano in account.models]
    percents = shares(parts) or ["0 %"] * len(parts)
    models = zip(account.models, percents, strict=True)
    runs = dict(account.workflows)
    owner = owner_of(runs)
    proposed = f"{owner} ({runs[owner]} of {account.runs} logged runs)" if owner else "nobody yet"
    cells = (
        account_name(account.key.issuer, account.key.account),
        amount(account.billed_nano, account.key.currency),
        amount(account.unexplained_nano, account.key.currency),
        ", ".join(f"{name} {percent}" for (name, _), percent in models),
        ", ".join(_keys(account)),
        proposed,
    )
    return tuple(markdown(cell, LONGEST_SENTENCE) for cell in cells)


def _keys(account: AccountMoney) -> Iterator[str]:
    """Give keys with their shares of the tokens that a key is told for, and whose they may be."""
    percents = shares([key.tokens for key in account.keys]) or ["0 %"] * len(account.keys)
    for key, percent in zip(account.keys, percents, strict=True):
        owner = f" ({key.workflow}: {key.runs} logged runs)" if key.workflow else ""
        yield f"{key.id[:_LONGEST_KEY]} {percent}{owner}"


def _drafts(adoption: Adoption) -> Iterator[str]:
    yield "## Draft workflows"
    yield ""
    pulls = adoption.pulls
    yield (
        f"{len(adoption.drafts)} drafts; {pulls.claimed} pull requests are the catalog's already, "
        f"{pulls.too_few} are too few of a kind to draft from. Stamps on a few logged runs alone, "
        f"drafted nowhere: {pulls.rare_stamps}."
    )
    if adoption.drafts:
        yield ""
        head = ("workflow", "family", "items", "became", "by", "since", "mostly in")
        yield table(head, [_draft(one) for one in adoption.drafts], right=frozenset({2}))


def _draft(draft: Draft) -> tuple[str, ...]:
    places = [f"{name} {count}" for name, count in draft.places[:_MOST_PLACES]]
    more = ["..."] if len(draft.places) > len(places) else []
    cells = (
        draft.id,
        draft.family,
        str(draft.counts.total()),
        draft_outcome(draft),
        draft_signals(draft),
        draft.from_day.isoformat(),
        ", ".join([*places, *more]),
    )
    return tuple(markdown(cell, LONGEST_SENTENCE) for cell in cells)


def _stamps(adoption: Adoption) -> Iterator[str]:
    """Give what to paste, of every draft; ids are slugs and safe in a code block."""
    if not adoption.drafts:
        return
    yield "## Stamps to paste"
    for draft in adoption.drafts:
        yield ""
        yield f"### {markdown(draft.id)}"
        for stamp in stamps_for(draft.id):
            yield ""
            yield f"{stamp.place}:"
            yield ""
            yield f"```\n{stamp.text}\n```"
