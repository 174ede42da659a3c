"""Bills, documents and extracts of payments full of people leave nobody in lake and ledger."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.people import PEOPLE
from tests.databases import Database
from tests.privacy import sinks
from tests.privacy.marks import FURTHER, MARKS
from tests.privacy.search import Blob, Searcher
from tests.sources.files.stores import Stores
from tests.sources.files.writing import csv_text, focus_row, invoice_row, metric, payment

_FREE = ("ServiceName", "SkuId", "SkuMeter", "ConsumedUnit", "SkuPriceDetails", "ChargeDescription")


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
def stores(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Stores:
    (tmp_path / "work").mkdir()
    return Stores(tmp_path / "work", database, monkeypatch)


def _payments() -> Iterator[dict[str, str]]:
    """Pay people, vendors on behalf of people, and vendors with people in every other cell."""
    yield payment()
    for person in PEOPLE:
        said = (person.name, person.login, person.email, person.jira_id, str(person.github_id))
        for text in (*said, *FURTHER):
            yield payment(payee=text, document=text)
            yield payment(payee=f"Anysphere, Inc. for {text}", document=text)
            yield payment(payee=f"Devin by {text}", document=f"{text} 2026-11", note=text)
        for name in ("amount", "currency", "paid_on"):
            yield payment(**{name: person.name}, document=person.email)


def _charges() -> Iterator[dict[str, str]]:
    """Name people wherever a bill has text, and in the place of every id, amount and word."""
    base = focus_row(SkuMeter="", SkuPriceDetails="", Tags="")
    for number, person in enumerate(PEOPLE):
        for name in _FREE:
            for text in (person.name, person.login, person.email, person.jira_id):
                said = f"Bedrock {text} {person.github_id}"
                yield base | {name: said, "Tags": text, "SkuPriceId": f"p-{number}"}
        model = f'{{"ModelId": "{person.login}", "TokenDirection": "{person.name}"}}'
        yield base | {"SkuPriceDetails": model}
        for name in ("SubAccountId", "InvoiceId"):
            yield base | {name: person.name, "SubAccountName": person.name}
        wrong = ("BilledCost", "BillingCurrency", "ChargeCategory", "ChargePeriodStart")
        yield from (base | {name: person.name} for name in wrong)


def _documents() -> Iterator[dict[str, str]]:
    yield invoice_row()
    for number, person in enumerate(PEOPLE):
        for name in ("amount", "category", "issued_on", "invoice_id", "issuer", "billing_period"):
            yield invoice_row(invoice_id=f"INV-{number}-{name}") | {name: person.name}


def _metrics() -> Iterator[dict[str, str]]:
    yield metric()
    for person in PEOPLE:
        for name in metric():
            yield metric() | {name: person.name}


def test_nobody_is_left_of_files_full_of_people(
    stores: Stores, searcher: Searcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    person = PEOPLE[0]
    note = {"note": ""}
    served = {
        "payables": csv_text([one | note | one for one in _payments()]),
        "bills": csv_text(_with_all_columns(_charges())),
        "documents": csv_text(_documents()),
        "metrics": csv_text([one | {"note": person.email} for one in _metrics()]),
    }
    for folder, text in served.items():
        stores.write(f"{folder}/{person.login} {person.name}.csv", text)

    told = [stores.night(source) for source in ("payables", "bedrock", "documents", "metrics")]
    stores.ledger().close()

    written = [
        *sinks.folder(stores.folder / "lake"),
        *sinks.sqlite(_file(stores), "ledger"),
        Blob("ledger, bytes", _file(stores).read_bytes()),
        Blob("reports", repr(told).encode()),
        Blob("logs", caplog.text.encode()),
    ]
    assert {hit.mark for hit in searcher.hits([Blob("", served["payables"].encode())])} == set(
        MARKS
    )
    assert searcher.hits(written) == []
    # The search is no good if there is nothing to find something in.
    assert {str(row["issuer"]) for row in stores.rows("payables")} == {"cursor", "devin"}
    assert len(stores.rows("bedrock")) > len(PEOPLE)
    assert len(stores.rows("metrics")) == 1
    assert len(stores.quarantined()) > len(PEOPLE)
    assert searcher.hits([Blob("planted", f"x{person.name}x".encode())]) != []


def _with_all_columns(rows: Iterator[dict[str, str]]) -> list[dict[str, str]]:
    """Give every row every column, and an id so that none contradicts another."""
    found = [row | {"x_Line": f"line-{number}"} for number, row in enumerate(rows)]
    empty = {name: "" for row in found for name in row}
    return [empty | row for row in found]


def _file(stores: Stores) -> Path:
    return Path(stores.database.url.removeprefix("sqlite:///"))
