"""The cloud's bill: tokens and tax in euros, licences and credits in dollars, as FOCUS files."""

import csv
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sandbox.organisation import CLOUD, CLOUD_MAIN, CLOUD_SEATS
from sandbox.records import ChargeRow, Published, World
from sandbox.reports import billed_days
from sandbox.year import calendar
from sandbox.year.bills import grown, noon

FOLDER = "cloud-bill"
MODEL = "claude-sonnet-5"
#: What the books call what has no model.
TOKENS, SEATS, CREDITS = "model_tokens", "team_seats", "credit_pack"
_SERVICES = {TOKENS: "Model tokens", SEATS: "Team seats", CREDITS: "Credit pack"}
_METERS = {"input": "Sonnet input tokens", "output": "Sonnet output tokens"}
_CATEGORIES = {word.lower(): word for word in ("Usage", "Purchase", "Tax", "Credit", "Adjustment")}
_VISIBLE_AFTER = timedelta(hours=2)
_NANO = 1_000_000_000
_COLUMNS = (
    *("BillingAccountId", "SubAccountId", "BillingPeriodStart", "BillingPeriodEnd"),
    *("ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeClass", "ServiceName"),
    *("SkuMeter", "BilledCost", "BillingCurrency"),
)


def publish(seed: int) -> dict[tuple[str, date], tuple[Published, ...]]:
    """Make every day's lines, in all states they are ever seen in."""
    reports = {}
    day = calendar.FIRST_DAY
    while day <= calendar.LAST_DAY:
        rows = tuple(_lines(seed, day))
        after = datetime.combine(day, time(), UTC) + timedelta(days=1)
        versions = [Published(after + _VISIBLE_AFTER, rows)]
        if day in calendar.CLOUD_RESTATED:
            late, thousandths = calendar.CLOUD_RESTATED[day]
            versions.append(Published(noon(day, late), grown(rows, CLOUD_MAIN, thousandths)))
        reports[CLOUD, day] = tuple(versions)
        day += timedelta(days=1)
    return reports


def write_bills(folder: Path, world: World, now: datetime) -> None:
    """Write a file for each billing period as it stands at a moment; none without a cloud."""
    files: dict[str, list[ChargeRow]] = {}
    for day, rows in sorted(billed_days(world, CLOUD, now).items()):
        files.setdefault(f"{day:%Y-%m}", []).extend(rows)
    for period, lines in files.items():
        target = folder / FOLDER
        target.mkdir(parents=True, exist_ok=True)
        with (target / f"{period}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            writer.writerows(_cells(line) for line in lines)


def _lines(seed: int, day: date) -> Iterator[ChargeRow]:
    rng = random.Random(f"{seed}:cloud:{day}")
    for kind in _METERS:
        yield _line(day, CLOUD_MAIN, "usage", rng.randrange(10**8, 10**9), "EUR", MODEL, kind)
    if (day + timedelta(days=1)).day == 1:
        yield _line(day, CLOUD_MAIN, "tax", 4_321_098_765, "EUR", TOKENS)
    if day.day == 1 and day >= calendar.CLOUD_SEATS_FROM:
        yield _line(day, CLOUD_SEATS, "purchase", calendar.CLOUD_SEATS_NANO, "USD", SEATS)
    if day == calendar.CREDIT_PACK_DAY:
        yield _line(day, CLOUD_MAIN, "purchase", calendar.CREDIT_PACK_NANO, "USD", CREDITS)
    for category, at, nano, currency in calendar.CLOUD_LINES:
        if at == day:
            yield _line(day, CLOUD_MAIN, category, nano, currency, TOKENS)


def _line(
    day: date, account: str, category: str, nano: int, currency: str, sku: str, kind: str = ""
) -> ChargeRow:
    return ChargeRow(
        CLOUD,
        account,
        day,
        category,
        sku if kind else None,
        None,
        None,
        kind or None,
        None,
        nano,
        currency=currency,
        sku=sku,
    )


def _cells(row: ChargeRow) -> list[str]:
    day = datetime.combine(row.day, time(), UTC)
    month = day.replace(day=1)
    after = (month + timedelta(days=31)).replace(day=1)
    sign = "-" if row.amount_nano < 0 else ""
    whole, rest = divmod(abs(row.amount_nano), _NANO)
    return [
        *("billing-7", row.account, _instant(month), _instant(after)),
        *(_instant(day), _instant(day + timedelta(days=1)), _CATEGORIES[row.category], ""),
        _SERVICES[TOKENS if row.kind else row.sku],
        *(_METERS.get(row.kind or "", ""), f"{sign}{whole}.{rest:09d}", row.currency),
    ]


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
