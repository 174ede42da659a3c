"""One bill in a file, or in the parts of one: its rows by the day they are booked on.

A row is booked on the first UTC day of its charge period; one whose charge period lies
outside the billing period that bills it (a correction, a purchase for later) on the
nearest day of that period, so that no bill reaches into the days of another.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from pydantic_core import PydanticCustomError

from config.shapes.sources import FocusFileSource
from tasks.core.batches import RawRow, Reject
from tasks.core.currencies import CURRENCIES
from tasks.core.days import billing_period, period_days, vendor_day
from tasks.core.errors import SourceError
from tasks.core.globs import compiled
from tasks.core.instants import instant_text
from tasks.core.money import to_nano
from tasks.core.refusals import is_mostly_bad
from tasks.sources.focus_file.layouts import BillColumns, layout_of, missing_columns
from tasks.sources.focus_file.words import declared_words, kept_id, kept_words
from tasks.sources.packed_rows import PackedRows
from tasks.sources.report_fields import decimal_text, read_amount, read_instant
from tasks.sources.report_rows import default_account
from tasks.sources.table_files import TableRow, open_table, refuse_too_many, refused_row
from tasks.transport.bodies import UnusableBodyError
from tasks.transport.json_text import parse_json

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_DETAILS_LEVELS = 4
_DETAILS = {
    "model_id": ("ModelId", "x_ModelId"),
    "direction": ("TokenDirection", "x_TokenDirection"),
    "cache": ("TokenCacheAction", "x_TokenCacheAction"),
}
_CORRECTION = "Correction"
_INSTANT_BEFORE = timedelta(microseconds=1)

#: First and last day.
DayRange = tuple[date, date]


@dataclass(slots=True)
class BillDay:
    """What one bill says of one day; `accounts` are those of its rows."""

    rows: PackedRows = field(default_factory=PackedRows)
    rejects: list[Reject] = field(default_factory=list)
    accounts: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Bill:
    """A bill as read.

    Attributes:
        place: Surrogate of its file or folder.
        told: Which file it is, for messages.
        days: Of the window only.
        ranges: First and last day booked, of rows of any service, by the first and last day
            of the billing period.
        undated: Refused rows that name no day.
        other_rows: Rows of services that are not kept.
        other_sums: What these bill, exactly, by currency; what cannot be read is left out.
    """

    place: str
    told: str = ""
    days: dict[date, BillDay] = field(default_factory=lambda: defaultdict(BillDay))
    ranges: dict[DayRange, DayRange] = field(default_factory=dict)
    undated: list[Reject] = field(default_factory=list)
    other_rows: int = 0
    other_sums: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def note(self, period: DayRange, day: date) -> None:
        """Take a booked day into the range of its billing period."""
        first, last = self.ranges.setdefault(period, (day, day))
        if not first <= day <= last:
            self.ranges[period] = min(first, day), max(last, day)


class _BadRowError(ValueError):
    """A row that cannot be booked; the text is the code of its `Reject`."""

    def __init__(self, code: str, field_name: str) -> None:
        self.field = field_name
        super().__init__(code)


class BillReader:
    """Reads bills of one source, for the days of a window."""

    def __init__(
        self,
        config: FocusFileSource,
        keyed_digest: Callable[[str], str],
        window: tuple[date, date],
    ) -> None:
        self._config = config
        self._keyed_digest = keyed_digest
        self._window = window
        self._globs = [compiled(glob) for glob in config.services]
        self._words = declared_words(
            [*config.services, *(glob for one in config.skus for glob in (one.service, one.sku))]
        )
        self._is_wanted: dict[str, bool] = {}

    def read(self, paths: Sequence[Path], place: str, told: str) -> Bill:
        """Read one bill.

        Args:
            paths: Its file, or its parts.
            place: Surrogate of it.
            told: Which one it is, for messages.

        Raises:
            SourceError: A file of it is no bill, lacks a column, is damaged, mostly
                unreadable, or says one thing twice and differently.
        """
        bill = Bill(place, told)
        seen: dict[bytes, bytes] = {}
        read = refused = 0
        for path in paths:
            with open_table(self._config.name, path, told) as table:
                columns = self._columns(table.columns, told)
                for row in table.rows:
                    read += 1
                    refused += not self._take(row, columns, bill, seen)
                    refuse_too_many(self._config.name, told, refused)
        if is_mostly_bad(refused, read - refused):
            detail = f"{refused} of {read} rows cannot be read; export it again"
            raise SourceError(self._config.name, f"{told}: {detail}")
        return bill

    def _columns(self, header: Sequence[str], told: str) -> BillColumns:
        found = layout_of(header)
        if found is None:
            detail = (
                f"{told} is neither FOCUS (it has no column BilledCost) nor a Cost and Usage "
                "Report (no column line_item_unblended_cost); correct `paths`"
            )
            raise SourceError(self._config.name, detail)
        layout, names = found
        missing = missing_columns(layout, names)
        line_id = self._config.line_id
        if line_id is not None and line_id not in header:
            missing.append(line_id)
        if missing:
            detail = f"{told} is {layout.name} without {', '.join(missing)}; export it with them"
            raise SourceError(self._config.name, detail)
        return BillColumns(layout, names, header.index(line_id) if line_id is not None else None)

    def _take(
        self, row: TableRow, columns: BillColumns, bill: Bill, seen: dict[bytes, bytes]
    ) -> bool:
        """Put a row where it belongs; say whether it could be read, or need not be."""
        if len(row.cells) != columns.count:
            bill.undated.append(
                refused_row(bill.place, row, "", "ragged_row", issuer=self._config.issuer)
            )
            return False
        said = columns.fields(row.cells)
        moment = _booked_day(said["start"], said["period"], said["period_end"])
        if moment is not None:
            bill.note(*moment)
        services = columns.services(row.cells)
        if not any(map(self._wanted, services)):
            _count_other(bill, said)
            return True
        day = moment[1] if moment is not None else None
        account = self._account(said)
        try:
            kept = self._kept(said, columns, row.cells, services, account)
        except _BadRowError as error:
            self._refuse(row, bill, day, error, said, account)
            return False
        self._hold_against(seen, columns, row.cells, bill.told)
        if day is not None and self._window[0] <= day <= self._window[1]:
            bill.days[day].rows.append(kept)
            bill.days[day].accounts.add(account)
        return True

    def _wanted(self, service: str) -> bool:
        known = self._is_wanted.get(service)
        if known is None:
            known = bool(service) and any(glob(service) for glob in self._globs)
            self._is_wanted[service] = known
        return known

    def _account(self, said: Mapping[str, str]) -> str:
        sub = said["sub_account"] if self._config.account == "sub_account" else ""
        named = sub or said["billing_account"]
        if not named:
            return default_account(self._config.name)
        return kept_id(named, self._keyed_digest)

    def _kept(
        self,
        said: Mapping[str, str],
        columns: BillColumns,
        cells: Sequence[str],
        services: Sequence[str],
        account: str,
    ) -> RawRow:
        """Reduce a row to what may be kept of it."""
        start, end, period = (_instant(said, name) for name in ("start", "end", "period"))
        if end <= start:
            raise _BadRowError("bad_interval", "end")  # noqa: EM101  # the code is the message
        layout = columns.layout
        category = layout.categories.get(said["category"], layout.other_category)
        if category is None:
            raise _BadRowError("bad_category", "category")  # noqa: EM101  # as above
        if said["charge_class"] not in {"", _CORRECTION}:
            raise _BadRowError("bad_category", "charge_class")  # noqa: EM101  # as above
        if said["currency"] not in CURRENCIES:
            raise _BadRowError("bad_currency", "currency")  # noqa: EM101  # as above
        kept: RawRow = {
            "start": instant_text(start),
            "end": instant_text(end),
            "period": billing_period(vendor_day(period)),
            "account": account,
            "category": category,
            "currency": said["currency"],
            "billed": decimal_text(_amount(said, "billed")),
            "service": kept_words(next(filter(self._wanted, services)), self._words),
        }
        skus = [kept_words(text, self._words) for text in columns.skus(cells)]
        optional: dict[str, str] = {
            "charge_class": "correction" if said["charge_class"] else "",
            "list": decimal_text(_amount(said, "list")) if said["list"] else "",
            "quantity": _quantity(said["quantity"]),
            "unit": kept_words(said["unit"], self._words),
            "invoice_id": said["invoice_id"] and kept_id(said["invoice_id"], self._keyed_digest),
            **_details(said["details"]),
        }
        if skus:
            kept["skus"] = skus
        return kept | {name: text for name, text in optional.items() if text}

    def _refuse(
        self,
        row: TableRow,
        bill: Bill,
        day: date | None,
        error: _BadRowError,
        said: Mapping[str, str],
        account: str,
    ) -> None:
        amount_nano = None
        with suppress(_BadRowError):
            amount_nano = to_nano(_amount(said, "billed"))
        reject = refused_row(
            bill.place,
            row,
            error.field,
            str(error),
            issuer=self._config.issuer,
            account=account,
            amount_nano=amount_nano,
        )
        if day is None:
            bill.undated.append(reject)
        elif self._window[0] <= day <= self._window[1]:
            bill.days[day].rejects.append(reject)

    def _hold_against(
        self, seen: dict[bytes, bytes], columns: BillColumns, cells: Sequence[str], told: str
    ) -> None:
        """Refuse a file that says of one and the same line two different things."""
        key, amounts = columns.identity(cells)
        before = seen.setdefault(key, amounts)
        if columns.line_id is not None and before is not amounts:
            detail = f"{told} contradicts itself: two lines have the same id; export it again"
            raise SourceError(self._config.name, detail)
        if before != amounts:
            detail = (
                f"{told} contradicts itself: two rows differ in nothing but their amounts; export "
                "it again, or name the column that tells lines apart as `line_id`"
            )
            raise SourceError(self._config.name, detail)


@lru_cache(maxsize=65_536)
def _booked_day(start: str, period: str, period_end: str) -> tuple[DayRange, date] | None:
    """Give the days of a row's billing period, and the day the row is booked on."""
    begun, charged, ended = _read_instant(period), _read_instant(start), _read_instant(period_end)
    if begun is None or charged is None:
        return None
    first = vendor_day(begun)
    # A period need not be a month; one without a usable end is taken for one.
    last = period_days(billing_period(first))[-1]
    if ended is not None and ended > begun:
        last = vendor_day(ended - _INSTANT_BEFORE)
    return (first, last), min(max(vendor_day(charged), first), last)


def _instant(said: Mapping[str, str], name: str) -> datetime:
    instant = _read_instant(said[name])
    if instant is None:
        raise _BadRowError("bad_instant", name)  # noqa: EM101  # the code is the message
    return instant


@lru_cache(maxsize=65_536)
def _read_instant(text: str) -> datetime | None:
    """Read an instant; without an offset it is UTC, as both formats say."""
    if _INSTANT.fullmatch(text) is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return read_instant(found if found.tzinfo else found.replace(tzinfo=UTC))
    except ValueError:
        return None


def _amount(said: Mapping[str, str], name: str) -> Decimal:
    try:
        return read_amount(said[name])
    except PydanticCustomError as error:
        raise _BadRowError(error.type, name) from error


def _quantity(text: str) -> str:
    """Keep a quantity that can be read; one that cannot is only an explanation less."""
    try:
        return decimal_text(read_amount(text)) if text else ""
    except PydanticCustomError:
        return ""


def _count_other(bill: Bill, said: Mapping[str, str]) -> None:
    bill.other_rows += 1
    with suppress(PydanticCustomError):
        if said["currency"] in CURRENCIES:
            bill.other_sums[said["currency"]] += read_amount(said["billed"])


def _details(text: str) -> dict[str, str]:
    """Read what `SkuPriceDetails` tells of a model, by its names of FOCUS 1.5."""
    try:
        said = parse_json(text.encode("utf-8", "surrogatepass"), _DETAILS_LEVELS) if text else None
    except UnusableBodyError:
        return {}
    if not isinstance(said, Mapping):
        return {}
    found = {
        field_name: next((said[name] for name in names if isinstance(said.get(name), str)), "")
        for field_name, names in _DETAILS.items()
    }
    kept = {name: kept_words(str(value), frozenset()) for name, value in found.items()}
    # A model under half its name would be another one, or none at all.
    return kept if kept["model_id"] == found["model_id"] else {}
