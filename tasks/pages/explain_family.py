"""Tell what a workflow family cost: pools by month, evidence, causes, its largest postings."""

from collections.abc import Callable, Iterator, Sequence

from tasks.core.books import Cause, Destination, Posting
from tasks.core.explained import BookedEntry, FamilyStory
from tasks.pages.explain_day import SHOWN, left_out
from tasks.pages.explain_words import CAUSES, METHODS, STRENGTHS
from tasks.pages.text import amount, plain

_Found = Sequence[tuple[BookedEntry, int, Posting]]


def family_story(story: FamilyStory) -> str:
    """Tell a family: both pools by month, what ties the money to it, and its largest postings."""
    found = [
        (one, ordinal, posting)
        for one in story.booked
        for ordinal, posting in enumerate(one.entry.postings)
        if posting.destination.family == story.family
    ]
    lines = [
        f"Family {plain(story.family)}, charge days {story.start} to {story.end}",
        *_pools(found),
        *_shares("By workflow", found, lambda to: plain(to.workflow)),
        *_shares("By method", found, lambda to: f"{to.method.value}: {METHODS[to.method]}"),
        *_shares("By evidence", found, lambda to: f"{to.strength.value}: {STRENGTHS[to.strength]}"),
        *_causes(found),
        "",
        "Largest postings",
    ]
    largest = sorted(found, key=lambda one: (-abs(one[2].amount_nano), one[0].number, one[1]))
    for one, ordinal, posting in largest[:SHOWN]:
        key, to = one.entry.key, posting.destination
        lines.append(
            f"  {f'{one.number}.{ordinal}':<9}{amount(posting.amount_nano, key.currency):>14}"
            f"  {key.day}  {plain(key.issuer)} {plain(key.account)}, {plain(to.workflow)},"
            f" {one.entry.cause.value}"
        )
    lines += left_out(largest)
    first = f"{largest[0][0].number}.{largest[0][1]}" if largest else ""
    return "\n".join([*lines, "", "What to do next", f"  graduand explain posting {first}", ""])


def _pools(found: _Found) -> Iterator[str]:
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for one, _, posting in found:
        pools = sums.setdefault((one.entry.key.billing_period, one.entry.key.currency), {})
        pool = posting.destination.pool
        pools[pool] = pools.get(pool, 0) + posting.amount_nano
    yield f"\n  {'month':<10}{'exploration':>16}{'production':>16}{'together':>16}"
    for (period, currency), pools in sorted(sums.items()):
        parts = (pools.get("exploration", 0), pools.get("production", 0), sum(pools.values()))
        yield f"  {period:<10}" + "".join(f"{amount(part, currency):>16}" for part in parts)
    yield "  Billed cost, corrections included; exact amounts are in the ledger."


def _shares(title: str, found: _Found, name_of: Callable[[Destination], str]) -> Iterator[str]:
    sums: dict[tuple[str, str], int] = {}
    for one, _, posting in found:
        of = (name_of(posting.destination), one.entry.key.currency)
        sums[of] = sums.get(of, 0) + posting.amount_nano
    yield f"\n{title}"
    for (name, currency), nano in sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"  {amount(nano, currency):>14}  {name}"


def _causes(found: _Found) -> Iterator[str]:
    sums: dict[tuple[Cause, str], int] = {}
    for one, _, posting in found:
        of = (one.entry.cause, one.entry.key.currency)
        sums[of] = sums.get(of, 0) + posting.amount_nano
    yield "\nBy cause"
    for (cause, currency), nano in sorted(sums.items()):
        yield f"  {amount(nano, currency):>14}  {cause.value}: {CAUSES[cause]}"
