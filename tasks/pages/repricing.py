"""Tell a window at other prices: what moves, what cannot, and by how much; also as CSV."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from tasks.core.money import NANO
from tasks.core.reconciling.repricing import Repriced, RepricedRow
from tasks.core.reconciling.ties import TieOut
from tasks.pages.csv_text import Cell, csv_text
from tasks.pages.text import amount, plain

_HEAD = (
    *("from", "to", "issuer", "kind", "family", "workflow", "currency"),
    *("booked", "at_other_prices", "difference"),
    *("logged", "logged_at_other_prices", "logged_difference"),
    *("unpriced_tokens", "unpriced_tokens_at_other_prices"),
)


def repricing_story(found: Repriced, start: date, end: date) -> str:
    """Tell the comparison."""
    moved = found.moved_nano()
    where = f"{amount(moved)} of it" if moved else "none of it"
    lines = [
        f"{start} to {end} at other prices: a comparison; nothing is booked",
        "",
        "What a vendor billed does not move: it is money, not an estimate.",
        "What moves is what metered (B) and logged (A) work is worth, and with it the breaks, and",
        "the split of days whose usage is not known: logs' own estimates decide there.",
        f"Such days: {found.unknown_usage}. Of what was billed, {where} changes its place.",
        "",
        f"  {'':<50}{'then':>14}{'other prices':>14}{'difference':>14}",
        *_issuers(found),
        "Billed, by where it goes",
        *_rows(found.rows, "booked_nano", "other_nano"),
        "",
        "Logged work (A), by workflow",
        *_rows(found.rows, "logged_nano", "other_logged_nano"),
    ]
    unpriced = sum(row.unpriced_tokens for row in found.rows)
    other = sum(row.other_unpriced_tokens for row in found.rows)
    if unpriced or other:
        lines.append(f"  Tokens without a price: {unpriced:,}; at the other prices {other:,}.")
    return "\n".join(lines) + "\n"


def repricing_csv(found: Repriced, start: date, end: date) -> str:
    """Write the comparison as CSV, amounts in full."""

    def row(one: RepricedRow) -> Iterator[Cell]:
        yield from (start.isoformat(), end.isoformat())
        yield from (one.issuer, one.kind, one.family, one.workflow, one.currency)
        for first, second in (
            (one.booked_nano, one.other_nano),
            (one.logged_nano, one.other_logged_nano),
        ):
            yield from (_units(first), _units(second), _units(second - first))
        yield from (Decimal(one.unpriced_tokens), Decimal(one.other_unpriced_tokens))

    return csv_text(_HEAD, [list(row(one)) for one in found.rows])


def _issuers(found: Repriced) -> Iterator[str]:
    for then, other in found.ties:
        yield f"{plain(then.issuer)}, billed {amount(then.billed_nano, then.currency)}"
        yield _line("metered (B)", then.metered_nano, other.metered_nano, then.currency)
        yield _line("logged (A)", then.logged_nano, other.logged_nano, then.currency)
        yield _line("billed less metered", _residual(then), _residual(other), then.currency)
        yield ""


def _residual(tie: TieOut) -> int:
    """Give C less B on days and units that a card can be held against."""
    return tie.billed_nano - tie.unchecked_nano - tie.units_nano - tie.metered_nano


def _rows(rows: tuple[RepricedRow, ...], first: str, second: str) -> Iterator[str]:
    for row in rows:
        then, other = getattr(row, first), getattr(row, second)
        if then or other:
            name = f"{row.workflow} of {row.family}" if row.workflow else row.kind.replace("_", " ")
            yield _line(f"{plain(row.issuer)}, {plain(name)}", then, other, row.currency)


def _line(name: str, then: int, other: int, currency: str) -> str:
    moved = amount(other - then, currency) if other != then else "the same"
    shown = f"{amount(then, currency):>14}{amount(other, currency):>14}{moved:>14}"
    return f"  {name:<50}{shown}"


def _units(nano: int) -> Decimal:
    return Decimal(nano) / NANO
