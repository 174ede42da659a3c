"""Issuers' documents as CSV: one row a line, the columns of `finance.yaml`'s invoices.

Our own format, see `docs/sources-money.md`. A document is taken whole or not at all.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from config.shapes.finance import Invoice
from config.shapes.sources import InvoiceFileSource, Issuer
from tasks.core.batches import Conformed, Pulled, RawRow, Reject, Stream, StreamKind, Watermark
from tasks.core.currencies import CURRENCIES
from tasks.core.days import vendor_day
from tasks.core.errors import SourceError
from tasks.core.money import to_nano
from tasks.core.refusals import place_of
from tasks.core.tables import INVOICES as TABLE
from tasks.sources.document_days import whole_days
from tasks.sources.log_files import find_files
from tasks.sources.report_fields import decimal_text, read_amount
from tasks.sources.report_rows import text_or_none
from tasks.sources.table_files import (
    TableRow,
    needed_columns,
    open_table,
    refuse_too_many,
    refused_row,
    told_of,
)
from tasks.transport.client import Client

INVOICES = Stream("invoices", StreamKind.REPORT, TABLE.name)
STREAMS: tuple[Stream, ...] = (INVOICES,)

#: Raise it when the same raw rows would conform to other table rows.
PARSER = "invoice_file-1"

_OF_DOCUMENT = ("issuer", "invoice_id", "billing_period", "currency", "issued_on", "settled_rate")
_NEEDED = ("issuer", "invoice_id", "billing_period", "currency", "issued_on", "category", "amount")
_OPTIONAL = ("origin_period", "settled_rate")
_ONE_DAY = timedelta(days=1)
_FIRST_YEAR = 2000
_LAST_YEAR = 2199

#: Issuer and id of a document.
_Named = tuple[str, str]


def fetch(
    stream: Stream,  # noqa: ARG001  # there is only one
    client: Client | None,  # noqa: ARG001  # files need none
    config: InvoiceFileSource,
    window: tuple[date, date],
    watermark: Watermark | None,
    now: datetime,
    keyed_digest: Callable[[str], str],
) -> Pulled:
    """Read all documents, by the day they were issued on; the window bounds nothing.

    Raises:
        SourceError: A file cannot be used, or a document is told in two ways; nothing of
            any file is taken.
    """
    documents: dict[_Named, list[RawRow]] = {}
    rejects: dict[date, list[Reject]] = defaultdict(list)
    undated = min(window[1], vendor_day(now) - _ONE_DAY)
    files = find_files(config.name, config.paths)
    for at, path in enumerate(files, start=1):
        told = told_of(at, len(files))
        read = _FileOfDocuments(config.name, place_of(path, keyed_digest), told)
        read.read(path)
        for day, reject in read.rejects:
            rejects[min(day or undated, undated)].append(reject)
        for named, rows in read.documents.items():
            if sorted(documents.setdefault(named, rows), key=repr) != sorted(rows, key=repr):
                detail = f"tells document {named[1]!r} of {named[0]} in another way"
                raise read.contradiction(detail)
    by_day: dict[date, list[RawRow]] = defaultdict(list)
    for rows in documents.values():
        by_day[date.fromisoformat(str(rows[0]["issued_on"]))] += rows
    return whole_days(by_day, rejects, window=window, watermark=watermark, now=now)


def conform(
    stream: Stream,  # noqa: ARG001  # there is only one
    config: InvoiceFileSource,
    rows: Sequence[RawRow],
    key: date,
    issuers: Mapping[str, Issuer],  # noqa: ARG001  # a document need not be of a known one
) -> Conformed:
    """Give one row per line of a document; lines are numbered in an order of their own."""
    counts: dict[_Named, int] = defaultdict(int)
    lines: list[dict[str, object]] = []
    for row in sorted(rows, key=repr):
        named = str(row["issuer"]), str(row["invoice_id"])
        lines.append(
            {
                "source": config.name,
                "issuer": named[0],
                "invoice_id": named[1],
                "day": key,
                "line": counts[named],
                "billing_period": row["billing_period"],
                "currency": row["currency"],
                "category": row["category"],
                "amount_nano": to_nano(str(row["amount"])),
                "origin_period": text_or_none(row.get("origin_period")),
                "settled_rate": text_or_none(row.get("settled_rate")),
            }
        )
        counts[named] += 1
    return Conformed(lines)


class _FileOfDocuments:
    """One file, read.

    Attributes:
        documents: Raw rows of whole documents.
        rejects: Refused rows, each with the day it names, if it does.
    """

    def __init__(self, source: str, place: str, told: str) -> None:
        self._source = source
        self._place = place
        self._told = told
        self.documents: dict[_Named, list[RawRow]] = {}
        self.rejects: list[tuple[date | None, Reject]] = []

    def contradiction(self, detail: str) -> SourceError:
        """Say that a file contradicts itself or another one."""
        return SourceError(
            self._source, f"{self._told} contradicts what was read: it {detail}; correct one"
        )

    def read(self, path: Path) -> None:
        """Read the file.

        Raises:
            SourceError: It is no such file, or tells one document in two ways.
        """
        broken: set[_Named] = set()
        taken: list[tuple[_Named, TableRow, RawRow]] = []
        with open_table(self._source, path, self._told) as table:
            columns = needed_columns(self._source, self._told, table.columns, _NEEDED, _OPTIONAL)
            for row in table.rows:
                refuse_too_many(self._source, self._told, len(self.rejects))
                said = columns.fields(row)
                if said is None:
                    self.rejects.append((None, refused_row(self._place, row, "", "ragged_row")))
                    continue
                named = said["issuer"], said["invoice_id"]
                try:
                    kept = _reduced(said)
                except (ValidationError, PydanticCustomError) as error:
                    broken.add(named)
                    self._refuse(row, said, *_fault(error))
                else:
                    taken.append((named, row, kept))
        for named, row, kept in taken:
            if named in broken:
                # Without one of its lines a document would ask for less than it does.
                self._refuse(row, {**kept}, "", "incomplete_document")
            else:
                self._take(named, kept)

    def _take(self, named: _Named, kept: RawRow) -> None:
        lines = self.documents.setdefault(named, [])
        if lines and any(lines[0].get(name) != kept.get(name) for name in _OF_DOCUMENT):
            detail = f"gives document {named[1]!r} two currencies, days or rates"
            raise self.contradiction(detail)
        lines.append(kept)

    def _refuse(self, row: TableRow, said: Mapping[str, object], field: str, code: str) -> None:
        day = None
        with suppress(PydanticCustomError):
            day = _issued_on(str(said["issued_on"]))
        # Without its amount: what is asked for is no money that the books have received.
        self.rejects.append((day, refused_row(self._place, row, field, code)))


def _issued_on(text: str) -> date:
    """Read a day of an era in which there are vendors.

    Raises:
        PydanticCustomError: Not such a day (`bad_instant`).
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise PydanticCustomError("bad_instant", "no day such as 2026-11-20")  # noqa: EM101  # its code
    return day


def _reduced(said: Mapping[str, str]) -> RawRow:
    """Reduce a row to its fields, each of its type.

    Raises:
        ValidationError, PydanticCustomError: One is not.
    """
    issued_on = _issued_on(said["issued_on"])
    amount = read_amount(said["amount"])
    rate = read_amount(said["settled_rate"]) if said["settled_rate"] else None
    invoice = Invoice.model_validate(
        {
            "id": said["invoice_id"],
            "issuer": said["issuer"],
            "billing_period": said["billing_period"],
            "currency": said["currency"],
            "issued_on": issued_on.isoformat(),
            "settled_rate": rate,
            "lines": [
                {
                    "category": said["category"],
                    "amount": amount,
                    "origin_period": said["origin_period"] or None,
                }
            ],
        }
    )
    if invoice.currency not in CURRENCIES:
        raise PydanticCustomError("bad_currency", "no currency of ISO 4217")  # noqa: EM101  # its code
    kept: RawRow = {
        name: said[name]
        for name in ("issuer", "invoice_id", "billing_period", "currency", "category")
    }
    kept["issued_on"] = issued_on.isoformat()
    kept["amount"] = decimal_text(amount)
    if said["origin_period"]:
        kept["origin_period"] = said["origin_period"]
    if rate is not None:
        kept["settled_rate"] = decimal_text(rate)
    return kept


def _fault(error: ValidationError | PydanticCustomError) -> tuple[str, str]:
    """Give field and code of the first fault."""
    if isinstance(error, PydanticCustomError):
        return "", error.type
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return ".".join(str(part) for part in first["loc"]), first["type"]
