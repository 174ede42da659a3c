"""A general-ledger journal as CSV."""

from decimal import Decimal

from tasks.core.exports.journal import Journal, JournalLine
from tasks.pages.csv_text import Cell, csv_text

HEAD = (
    *("entry", "line", "period", "origin_period", "currency", "cost_centre", "portfolio"),
    *("account", "pool", "issuer", "issuer_account", "debit", "credit", "chain_head"),
)
_NANO_PLACES = -9


def journal_csv(journal: Journal) -> str:
    """Write the lines in order; each names its entry and the ledger's chain head."""
    return csv_text(
        HEAD, (_cells(number, line, journal) for number, line in enumerate(journal.lines, 1))
    )


def _cells(number: int, line: JournalLine, journal: Journal) -> tuple[Cell, ...]:
    amount = Decimal(abs(line.amount_nano)).scaleb(_NANO_PLACES)
    debit, credit = (amount, None) if line.amount_nano > 0 else (None, amount)
    return (
        *(journal.entry, str(number), line.period, line.origin_period, line.currency),
        *(line.cost_centre, line.portfolio, line.account, line.pool),
        *(line.issuer, line.issuer_account, debit, credit, journal.head),
    )
