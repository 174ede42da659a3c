"""An extract of accounts payable as CSV: which vendors of agents were paid, and how much.

A payee may be a person. A row is kept only if its payee is a vendor of agents, and then as
that issuer's id; the payee itself is never kept, and the document is a keyed digest.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from pydantic_core import PydanticCustomError

from config.shapes.finance import Payee
from config.shapes.sources import Issuer, PayablesFileSource
from tasks.core.batches import Conformed, Pulled, RawRow, Reject, Stream, StreamKind, Watermark
from tasks.core.currencies import CURRENCIES
from tasks.core.days import vendor_day
from tasks.core.findings import Finding
from tasks.core.globs import compiled
from tasks.core.invoicing.payables import AGENT_VENDORS
from tasks.core.money import to_nano
from tasks.core.refusals import place_of
from tasks.core.tables import PAYABLES as TABLE
from tasks.sources.document_days import whole_days
from tasks.sources.log_files import find_files
from tasks.sources.report_fields import decimal_text, read_amount
from tasks.sources.report_rows import text_or_none
from tasks.sources.table_files import (
    NamedColumns,
    needed_columns,
    open_table,
    refused_row,
    told_of,
)
from tasks.transport.client import Client

PAYABLES = Stream("payables", StreamKind.REPORT, TABLE.name)
STREAMS: tuple[Stream, ...] = (PAYABLES,)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "payables_file-1"

_DAY = re.compile(r"(20\d\d|21\d\d)-\d\d-\d\d", re.ASCII)
_ONE_DAY = timedelta(days=1)


def fetch(
    stream: Stream,  # noqa: ARG001  # there is only one
    client: Client | None,  # noqa: ARG001  # files need none
    config: PayablesFileSource,
    window: tuple[date, date],
    watermark: Watermark | None,
    now: datetime,
    keyed_digest: Callable[[str], str],
) -> Pulled:
    """Read all payments to vendors of agents, by the day they were paid on.

    A payment that two extracts hold with the same document is one payment.

    Raises:
        SourceError: A file cannot be used; nothing of any file is taken.
    """
    issuer_of = _issuer_of(config.payees)
    rows: dict[date, list[RawRow]] = defaultdict(list)
    rejects: dict[date, list[Reject]] = defaultdict(list)
    undated = min(window[1], vendor_day(now) - _ONE_DAY)
    others = 0
    seen: set[tuple[object, ...]] = set()
    files = find_files(config.name, config.paths)
    for at, path in enumerate(files, start=1):
        place, told = place_of(path, keyed_digest), told_of(at, len(files))
        with open_table(config.name, path, told) as table:
            columns = _columns(config, told, table.columns)
            for row in table.rows:
                said = columns.fields(row)
                issuer = issuer_of(said[config.columns.payee]) if said is not None else None
                if said is None or issuer is None:
                    others += 1
                    continue
                read = _payment(said, config, issuer, keyed_digest)
                if isinstance(read, str):
                    day = _day(said[config.columns.paid_on]) or undated
                    # Without its amount: what was paid is no money that the books have received.
                    rejects[day].append(refused_row(place, row, "", read))
                elif not _is_repeat(read, seen):
                    rows[date.fromisoformat(str(read.pop("paid_on")))].append(read)
    findings = []
    if others:
        detail = f"{others} payments to others than vendors of agents are not kept"
        findings.append(Finding("other_payees", config.name, detail, config.name))
    return whole_days(rows, rejects, window=window, watermark=watermark, now=now, findings=findings)


def conform(
    stream: Stream,  # noqa: ARG001  # there is only one
    config: PayablesFileSource,
    rows: Sequence[RawRow],
    key: date,
    issuers: Mapping[str, Issuer],  # noqa: ARG001  # who is paid need not be connected
) -> Conformed:
    """Give one row per payment; equal ones are numbered."""
    counts: Counter[tuple[object, ...]] = Counter()
    payments: list[dict[str, object]] = []
    for row in sorted(rows, key=repr):
        document = text_or_none(row.get("document"))
        equal = row["issuer"], row["currency"], document
        payments.append(
            {
                "source": config.name,
                "issuer": row["issuer"],
                "day": key,
                "line": counts[equal],
                "amount_nano": to_nano(str(row["amount"])),
                "currency": row["currency"],
                "document": document,
            }
        )
        counts[equal] += 1
    return Conformed(payments)


def _columns(config: PayablesFileSource, told: str, header: Sequence[str]) -> NamedColumns:
    names = config.columns
    needed = [names.paid_on, names.payee, names.amount, names.currency]
    return needed_columns(config.name, told, header, needed, [names.document])


def _issuer_of(payees: Iterable[Payee]) -> Callable[[str], str | None]:
    """Make the function that tells whose issuer a payee is; None for anybody else."""
    patterns = [(compiled(one.match.casefold()), one.issuer) for one in payees]
    patterns += [(compiled(match), issuer) for match, issuer in AGENT_VENDORS]

    @lru_cache(maxsize=65_536)
    def issuer_of(payee: str) -> str | None:
        name = " ".join(payee.casefold().split())
        return next((issuer for fits, issuer in patterns if fits(name)), None)

    return issuer_of


def _payment(
    said: Mapping[str, str],
    config: PayablesFileSource,
    issuer: str,
    keyed_digest: Callable[[str], str],
) -> RawRow | str:
    """Reduce a row to what may be kept of it; a code if it cannot be read."""
    day = _day(said[config.columns.paid_on])
    if day is None:
        return "bad_instant"
    if said[config.columns.currency] not in CURRENCIES:
        return "bad_currency"
    try:
        amount = read_amount(said[config.columns.amount])
    except PydanticCustomError as error:
        return error.type
    kept: RawRow = {
        "paid_on": day.isoformat(),
        "issuer": issuer,
        "amount": decimal_text(amount),
        "currency": said[config.columns.currency],
    }
    if document := said[config.columns.document]:
        kept["document"] = keyed_digest(document)
    return kept


def _is_repeat(row: RawRow, seen: set[tuple[object, ...]]) -> bool:
    """Say whether a payment with a document was read before; remember it."""
    if "document" not in row:
        return False
    key = tuple(row.values())
    is_known = key in seen
    seen.add(key)
    return is_known


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
