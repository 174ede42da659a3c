"""An extract of payments: vendors of agents are kept as issuers, everybody else is counted."""

from datetime import date
from pathlib import Path

import pytest

from sandbox.people import SEEDED_NAMES
from tasks.core.errors import SourceError
from tests.sources.files.writing import DIGEST, codes, csv_text, payables, payment, rows_of

PAID = date(2026, 11, 5)


def test_a_payment_keeps_its_issuer_and_a_digest_of_its_document(tmp_path: Path) -> None:
    pulled = payables(tmp_path, payment(payee="  ANYSPHERE,  INC.", amount="960.00"))

    assert rows_of(pulled) == [
        {"issuer": "cursor", "amount": "960", "currency": "USD", "document": DIGEST("4711")}
    ]


@pytest.mark.parametrize(
    ("payee", "issuer"),
    [
        ("Cognition AI, Inc.", "devin"),
        ("GITHUB, INC.", "github"),
        ("Exafunction", "windsurf"),
        ("OpenRouter Inc", "openrouter"),
        ("JetBrains s.r.o.", "jetbrains"),
        ("Windsurf Center Kiel", None),
        ("Cursor Schmidt", None),
        ("Anthropica Verlag", None),
        ("", None),
        ("=cmd|' /C calc'!A0", None),
    ],
)
def test_payees_are_told_apart(tmp_path: Path, payee: str, issuer: str | None) -> None:
    found = [row["issuer"] for row in rows_of(payables(tmp_path, payment(payee=payee)))]

    assert found == ([issuer] if issuer else [])


def test_declared_payees_come_first_and_columns_have_their_own_names(tmp_path: Path) -> None:
    columns = {
        "paid_on": "Payment Date",
        "payee": "Vendor",
        "amount": "Amount (doc)",
        "currency": "Ccy",
        "document": "Doc",
    }
    row = {columns[name]: text for name, text in payment(payee="Anysphere").items()}

    pulled = payables(
        tmp_path, row, columns=columns, payees=[{"match": "ANYS*", "issuer": "cursor-eu"}]
    )

    assert [one["issuer"] for one in rows_of(pulled)] == ["cursor-eu"]


def test_people_are_counted_and_in_nothing_that_is_kept_or_refused(tmp_path: Path) -> None:
    people = [payment(payee=name, document=name, amount=name) for name in SEEDED_NAMES]
    broken = [payment(amount=name, document=name) for name in SEEDED_NAMES]
    kept = payment(document=SEEDED_NAMES[0])

    pulled = payables(tmp_path, kept, *people, *broken)

    assert not [name for name in SEEDED_NAMES if name in repr([pulled, rows_of(pulled)])]
    assert {code for _, _, code in codes(pulled)} == {"bad_amount", "out_of_range"}
    (finding,) = pulled.findings
    assert finding.detail.startswith(f"{len(SEEDED_NAMES)} payments to others")


@pytest.mark.parametrize(
    ("changes", "day", "code"),
    [
        ({"amount": "1.000,00"}, PAID, "bad_amount"),
        ({"currency": "€"}, PAID, "bad_currency"),
        ({"paid_on": "05.11.2026"}, date(2026, 11, 19), "bad_instant"),
        ({"paid_on": "2026-02-30"}, date(2026, 11, 19), "bad_instant"),
    ],
)
def test_a_bad_payment_to_a_vendor_is_refused_alone(
    tmp_path: Path, changes: dict[str, str], day: date, code: str
) -> None:
    pulled = payables(tmp_path, payment(), payment(**changes))

    assert codes(pulled) == [(day, "", code)]
    assert len(rows_of(pulled)) == 1


def test_overlapping_extracts_count_a_document_once(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(csv_text([payment(), payment(document="4712")]))
    assert len(rows_of(payables(tmp_path, payment()))) == 2

    # Without a document two equal payments are two.
    (tmp_path / "b.csv").write_text(csv_text([payment(document="")]))
    assert len(rows_of(payables(tmp_path, payment(document="")))) == 2


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    row = payment()
    del row["payee"]

    with pytest.raises(SourceError, match="once: payee"):
        payables(tmp_path, row)
