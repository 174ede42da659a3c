"""The year of the sandbox: what its calendar promises is there, and its files are sound."""

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.load import load_config
from sandbox.finance import Close, Disposition, Finance, Reopening, finance_text
from sandbox.oracle.year import Year
from sandbox.records import World
from sandbox.reports import billed_days, metered_days
from sandbox.year import calendar, signed
from sandbox.year.clerk import Clerk
from sandbox.year.cloud_bill import FOLDER, write_bills
from sandbox.year.world import make_year
from tests.flows.year import write_config

_LAST = date(2026, 12, 31)


@pytest.fixture(scope="module")
def world() -> World:
    return make_year()


def test_the_same_seed_makes_the_same_year(world: World) -> None:
    assert make_year() == world
    assert make_year(8) != world


def test_every_issuer_meters_and_bills_every_day_but_those_left_out(world: World) -> None:
    end = calendar.night_of(_LAST + timedelta(days=20))
    days = 365

    assert len(metered_days(world, "anthropic", end)) == days - len(calendar.USAGE_GAPS)
    for issuer in ("anthropic", "openai", "cloudmart"):
        billed = billed_days(world, issuer, end)
        assert len(billed) == days
        assert all(billed.values())
    assert 5 <= len(world.lines) / days <= 15


def test_a_late_day_shows_late_and_a_restated_one_changes(world: World) -> None:
    for day, late in calendar.LATE_DAYS.items():
        shown = [
            after
            for after in range(1, 20)
            if day in billed_days(world, "anthropic", calendar.night_of(day + timedelta(after)))
        ]
        assert shown[0] == late + 2
    for day, (after, account, _) in calendar.RESTATED.items():
        before, then = (
            billed_days(world, "anthropic", calendar.night_of(day + timedelta(at)))[day]
            for at in (after, after + 1)
        )
        assert {row.account for row in set(then) - set(before)} == {account}


def test_the_bill_of_the_cloud_grows_by_the_day_in_three_currencies(
    world: World, tmp_path: Path
) -> None:
    write_bills(tmp_path, world, calendar.night_of(date(2026, 2, 12)))

    files = {path.name: path for path in (tmp_path / FOLDER).iterdir()}
    assert set(files) == {"2026-01.csv", "2026-02.csv"}
    with files["2026-02.csv"].open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert max(row["ChargePeriodStart"] for row in rows) == "2026-02-11T00:00:00Z"
    assert {row["BillingCurrency"] for row in rows} == {"EUR", "USD", "CHF"}
    assert Counter(row["ChargeCategory"] for row in rows)["Purchase"] == 2


def test_what_finance_signs_is_a_file_that_the_product_takes(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    write_config(folder)
    finance = signed.contracts(Finance(), _LAST).signed(
        *signed.invoices("2026-05", "anthropic", {"USD": -12_345_678_901, "EUR": 7}, _LAST),
        Disposition("0123456789abcdef", _LAST, 5),
        Close("2026-05", "a" * 64, _LAST),
        Reopening("2026-05", _LAST),
    )
    (folder / "finance.yaml").write_text(finance_text(finance), encoding="utf-8")

    read = load_config(folder).finance

    assert [str(one.rate) for one in read.exchange_rates][:2] == ["1.083500", "1.091200"]
    assert [len(one.lines) for one in read.invoices] == [3, 3]
    assert sum(line.amount for line in read.invoices[1].lines[:2]) * 10**9 == -12_345_678_901
    assert [plan.seats for plan in read.seats] == [20, 23, 4]
    assert [lot.id for lot in read.prepaid] == ["spring", "any-time", "pack", "summer"]
    assert len(read.dispositions) == len(read.closes) == len(read.reopenings) == 1


def test_two_months_of_the_oracle_have_what_the_rules_tell_apart(world: World) -> None:
    books = Year(world)
    clerk = Clerk(books)
    causes: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    for now in calendar.nights()[:53]:
        night = books.night(now, clerk.merge(now))
        causes.update(f"{one.cause}{'*' * bool(one.place.origin)}" for one in night.entries)
        classes.update(one.break_class for one in night.breaks)
        for period in clerk.soft_closes(now.date()):
            books.soft_close(period)
        for period in clerk.closes(now.date()):
            books.close(period)
            clerk.sign(period, "0" * 64, now.date())

    assert set(causes) >= {"new", "restated", "restated*", "repriced", "fx", "reclass"}
    assert set(classes) >= {"tax", "credit", "currency", "pending", "timing"}
    kinds = {to.kind for lines in books.journal.ledger.values() for to in lines}
    assert kinds >= {"seat", "idle_seat", "prepaid", "breakage", "rounding", "fx", "accrued"}
    assert [line.period for line in clerk.finance.closes] == ["2026-01"]
