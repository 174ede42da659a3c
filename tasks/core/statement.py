"""State a night: why it is not simply tied, its row in the books, the age of its breaks."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from config.shapes.finance import Disposition
from tasks.core.books import Break, Entry, Inputs, Night, Reconciliation
from tasks.core.digests import joined_digest
from tasks.core.month_end.dispositions import decide, dispositions_by_break
from tasks.core.night import Books, IssuerDay
from tasks.core.night_report import KnownBreak
from tasks.core.plan import Failure, Plan
from tasks.core.reconciling.break_ids import break_currency, break_id
from tasks.core.reconciling.breaks import Quarantine
from tasks.core.totals import Coverage
from tasks.core.version import CODE_VERSION

#: Days named in a reason; the others are counted.
_NAMED = 5


def computed_from(
    plan: Plan, seq: int, digests: Mapping[str, str], card_digest: str, fx_digest: str = ""
) -> Inputs:
    """Name what a night is computed from.

    Args:
        plan: Of its days.
        seq: Newest snapshot that counts.
        digests: Of catalog, policy, sources and finance.
        card_digest: Of the price card.
        fx_digest: Of the exchange rates that were used; empty for none.
    """
    return Inputs(
        window_start=plan.start,
        window_end=plan.end,
        snapshot_seq=seq,
        catalog_digest=digests["catalog"],
        policy_digest=digests["policy"],
        sources_digest=digests["sources"],
        finance_digest=digests["finance"],
        card_digest=card_digest,
        fx_digest=fx_digest,
        code_version=CODE_VERSION,
    )


def reasons_of(
    books: Books,
    held: Collection[IssuerDay],
    failures: Sequence[Failure],
    quarantine: Iterable[Quarantine] = (),
) -> list[str]:
    """Say in sentences why a night is not simply tied; empty if it is.

    Args:
        books: What the night found.
        held: (issuer, day)s that were not measured.
        failures: What could not be read.
        quarantine: Rows that could not be booked; only those of charges are a reason.
    """
    # Streams of one source mostly fail for one reason: it is told once.
    reasons = [*dict.fromkeys(f"{failure.source}: {failure.detail}" for failure in failures)]
    if held:
        days = [f"{issuer} {day}" for issuer, day in sorted(held)]
        reasons.append(f"held, and left as booked before: {_some(days)}")
    if books.missing:
        reasons.append(f"missing: {_some(books.missing)}")
    unbooked = Counter((row.issuer, row.day) for row in quarantine if row.is_billed)
    if unbooked:
        days = [
            f"{issuer} {day} ({count} row{'s' if count > 1 else ''})"
            for (issuer, day), count in sorted(unbooked.items())
        ]
        reasons.append(f"billed but unreadable, and so not booked: {_some(days)}")
    return reasons


def night_of(
    plan: Plan,
    seq: int,
    digests: Mapping[str, str],
    card_digest: str,
    books: Books,
    status: str,
    entries: Sequence[Entry],
) -> Night:
    """Write a night down as the ledger keeps it.

    Args:
        plan: The night.
        seq: Newest snapshot it was computed from.
        digests: Of catalog, policy, sources and finance.
        card_digest: Of the price card.
        books: What it found.
        status: `tied`, `partial` or `held`.
        entries: What it books.
    """
    # One row holds one currency's shares: that of most money. All of them are in the postings.
    main = max(books.coverage, key=lambda share: share.gross_nano(), default=Coverage("", 0, 0, 0))
    row = Reconciliation(
        inputs=computed_from(
            plan,
            seq,
            digests,
            card_digest,
            joined_digest(f"{of} {day} {rates}" for (of, day), rates in books.fx.items()),
        ),
        as_of=plan.as_of,
        status=status,
        totals=books.totals,
        missing=books.missing,
        completeness_ppm=books.completeness_ppm,
        evidenced_nano=main.evidenced_nano,
        inferred_nano=main.inferred_nano,
        unexplained_nano=main.unexplained_nano,
        digest=books.digest,
    )
    return Night(row, entries, books.breaks)


def aged(
    breaks: Sequence[Break],
    first_seen: Sequence[datetime | None],
    as_of: datetime,
    *,
    dispositions: Iterable[Disposition] = (),
    currencies: Mapping[str, str] | None = None,
) -> tuple[KnownBreak, ...]:
    """Give breaks their age and what was decided about them, the largest amounts first.

    Args:
        breaks: As tonight measured them.
        first_seen: When each was first measured; None if never before.
        as_of: Business time of tonight, aware UTC.
        dispositions: What roles have decided about breaks.
        currencies: Currency of the books of each issuer, by its id.
    """
    decisions = dispositions_by_break(dispositions)
    today = as_of.date()
    found = [
        KnownBreak(
            item,
            (since or as_of).date(),
            is_new=since is None or since >= as_of,
            decided=decide(item.amount_nano, decisions.get(break_id(item), ()), today),
            currency=break_currency(item, currencies or {}),
        )
        for item, since in zip(breaks, first_seen, strict=True)
    ]
    return tuple(sorted(found, key=lambda one: (-abs(one.item.amount_nano), one.item)))


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
