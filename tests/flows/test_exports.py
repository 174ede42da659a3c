"""Exports of a real night: equal to the ledger, repeatable, refused where they cannot be."""

import csv
import io
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from cli.main import main
from sandbox.server import Sandbox
from tasks.core.books import BookKey, Destination
from tests.flows.nights import FIRST, THIRD, WINDOW, Night, run
from tests.flows.stores import Stores

PERIOD = "2026-11"
Rows = list[dict[str, str]]


def export(kind: str, folder: Path, *words: str) -> int:
    place = folder if kind == "focus" else folder / f"journal_{PERIOD}.csv"
    return main(["export", kind, "--period", PERIOD, "--out", str(place), *words])


def read(path: Path) -> Rows:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def booked(stores: Stores) -> dict[tuple[BookKey, Destination], int]:
    return {
        (key, to): nano
        for (key, to), nano in stores.costs().items()
        if key.billing_period == PERIOD
    }


def sums(rows: Rows, *names: str) -> dict[tuple[str, ...], Decimal]:
    found: dict[tuple[str, ...], Decimal] = {}
    for row in rows:
        place = tuple(row[name] for name in names)
        found[place] = found.get(place, Decimal(0)) + Decimal(row["BilledCost"])
    return {place: amount for place, amount in found.items() if amount}


@pytest.fixture
def focus(stores: Stores, tmp_path: Path) -> tuple[Stores, Rows]:
    assert export("focus", tmp_path) == 0
    return stores, read(tmp_path / f"focus-1.2_{PERIOD}.csv")


def test_a_month_sums_to_the_ledger_by_account_day_and_workflow(
    focus: tuple[Stores, Rows],
) -> None:
    stores, rows = focus
    expected: dict[tuple[str, ...], Decimal] = {}
    for (key, to), nano in booked(stores).items():
        place = (key.issuer, key.account, key.currency, f"{key.day}T00:00:00Z", to.workflow)
        expected[place] = expected.get(place, Decimal(0)) + Decimal(nano).scaleb(-9)

    found = sums(
        rows,
        *("BillingAccountId", "SubAccountId", "BillingCurrency", "ChargePeriodStart"),
        "x_Workflow",
    )

    assert len(rows) > 100
    assert found == {place: amount for place, amount in expected.items() if amount}


def test_a_restated_bill_is_exported_as_it_is_booked_and_not_before(
    stores: Stores, sandbox: Sandbox, tmp_path: Path
) -> None:
    before = booked(stores)
    sandbox.move_to(THIRD)
    run(Night(THIRD, dry_run=True))
    assert export("focus", tmp_path / "pulled") == 0
    run(Night(THIRD))
    assert export("focus", tmp_path / "booked") == 0

    name = f"focus-1.2_{PERIOD}.csv"
    after = booked(stores)
    assert sum(before.values()) != sum(after.values())
    for folder, books in (("pulled", before), ("booked", after)):
        (total,) = sums(read(tmp_path / folder / name), "BillingCurrency").values()
        assert total == Decimal(sum(books.values())).scaleb(-9)


def test_a_source_under_another_name_is_exported_from_its_own_bills(
    stores: Stores, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = "openai-europe"
    monkeypatch.setenv("GRADUAND_BASE_URL_OPENAI_EUROPE", sandbox.base_url("openai"))
    stores.edit("sources.yaml", ("  - name: openai\n", f"  - name: {name}\n"))
    run(Night(FIRST, only=("agent-logs", "anthropic", name)))

    assert export("focus", tmp_path, "--issuer", "openai") == 0

    rows = read(tmp_path / f"focus-1.2_{PERIOD}_openai.csv")
    found = {row["x_EvidenceRef"].split()[0].removeprefix("charges@") for row in rows}
    files = [path for day in WINDOW for path in stores.files_of("conformed", name, day, "charges")]
    assert found == {path.name[:12] for path in files}


def test_most_rows_are_priced_from_lists_and_metered_quantities(
    focus: tuple[Stores, Rows],
) -> None:
    _, rows = focus
    spent = [row for row in rows if row["ChargeCategory"] == "Usage"]
    priced = [row for row in spent if row["x_PriceBasis"] == "price_list"]

    assert len(priced) > len(spent) * 9 // 10
    assert all(
        Decimal(row["ListUnitPrice"]) * Decimal(row["PricingQuantity"]) == Decimal(row["ListCost"])
        for row in spent
    )


def test_the_same_books_give_the_same_bytes_and_no_file_is_replaced_unasked(
    stores: Stores, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _ = stores
    for kind, name in (("focus", f"focus-1.2_{PERIOD}.csv"), ("journal", f"journal_{PERIOD}.csv")):
        assert export(kind, tmp_path) == 0
        first = (tmp_path / name).read_bytes()

        assert export(kind, tmp_path) == 1
        assert "--force" in capsys.readouterr().err
        assert export(kind, tmp_path, "--force") == 0
        assert (tmp_path / name).read_bytes() == first


def test_the_journal_balances_and_its_payables_are_what_issuers_are_owed(
    stores: Stores, tmp_path: Path
) -> None:
    assert export("journal", tmp_path) == 0
    rows = read(tmp_path / f"journal_{PERIOD}.csv")

    sides = {side: sum(Decimal(row[side] or 0) for row in rows) for side in ("debit", "credit")}
    owed = {
        row["issuer_account"]: Decimal(row["credit"] or 0) - Decimal(row["debit"] or 0)
        for row in rows
        if row["account"] == "payable to vendors"
    }
    expected: dict[str, Decimal] = {}
    for (key, _), nano in booked(stores).items():
        expected[key.account] = expected.get(key.account, Decimal(0)) + Decimal(nano).scaleb(-9)
    assert sides["debit"] == sides["credit"]
    assert owed == expected


def test_one_issuer_alone_is_a_file_of_its_own(stores: Stores, tmp_path: Path) -> None:
    _ = stores
    assert export("focus", tmp_path, "--issuer", "openai") == 0

    rows = read(tmp_path / f"focus-1.2_{PERIOD}_openai.csv")
    assert {row["BillingAccountId"] for row in rows} == {"openai"}


def test_a_bill_that_two_sources_read_is_exported_as_it_is_booked(
    stores: Stores, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = booked(stores)
    text = (stores.config / "sources.yaml").read_text()
    start = text.index("  - name: openai\n")
    source = text[start : text.index("\n\n", start) + 1]
    twin = source.replace("name: openai\n", "name: openai-twin\n").replace("-key", "-twin")
    monkeypatch.setenv("GRADUAND_BASE_URL_OPENAI_TWIN", sandbox.base_url("openai"))
    for end in ("", "_HOSTS"):
        value = os.environ[f"GRADUAND_SECRET_OPENAI_ADMIN_KEY{end}"]
        monkeypatch.setenv(f"GRADUAND_SECRET_OPENAI_ADMIN_TWIN{end}", value)
    # Whoever says that they are two organisations is not believed where accounts are the same.
    first, second = f"{source}    organization: ours\n", f"{twin}    organization: theirs\n"
    stores.edit("sources.yaml", (source, first + second))
    night = run(Night(FIRST, only=("openai", "openai-twin")))

    assert "seen_twice" in {one.code for one in night.books.findings}
    assert booked(stores) == before
    assert export("focus", tmp_path / "equal") == 0
    # Ranked first from now on, the twin leaves the other's days as they were booked.
    stores.edit("sources.yaml", (twin, f"{twin}    precedence: 0\n"))
    assert export("focus", tmp_path / "ranked") == 0

    for folder in ("equal", "ranked"):
        rows = read(tmp_path / folder / f"focus-1.2_{PERIOD}.csv")
        (total,) = sums(rows, "BillingCurrency").values()
        assert total == Decimal(sum(before.values())).scaleb(-9)


def test_a_lost_bill_refuses_the_export_and_writes_nothing(
    stores: Stores, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (key, _), *_ = sorted(booked(stores))
    for file in stores.files_of("conformed", key.issuer, key.day, "charges"):
        file.unlink()

    assert export("focus", tmp_path / "out") == 1
    assert "is missing: restore it" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("period", "status", "words"),
    [
        ("2026-13", 2, "give --period as a month"),
        ("november", 2, "give --period as a month"),
        ("2025-01", 1, "nothing is booked in 2025-01"),
    ],
)
def test_a_period_that_is_none_or_empty_is_told(
    new_stores: Callable[..., Stores],
    use: Callable[[Stores], Stores],
    capsys: pytest.CaptureFixture[str],
    period: str,
    status: int,
    words: str,
) -> None:
    use(new_stores(is_empty=True))

    assert main(["export", "journal", "--period", period]) == status
    assert words in capsys.readouterr().err
