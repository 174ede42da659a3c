"""The official FOCUS validator finds nothing in an export but its own known mistake.

It runs in an environment of its own: GRADUAND_TEST_FOCUS_VALIDATOR names the folder of its
unpacked source, with `../venv/bin/python` beside it.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tasks.lake.focus_file import focus_parquet
from tasks.pages.focus import focus_csv
from tests.core.exported import a_month, a_month_of_contracts

_CRITERIA = (
    *("USAGE_MEASUREMENT_SUPPORTED", "UNIT_PRICING_SUPPORTED", "PUBLIC_PRICE_LIST_SUPPORTED"),
    *("NEGOTIATED_PRICING_SUPPORTED", "SUB_ACCOUNT_SUPPORTED", "TAGGING_SUPPORTED"),
    *("ACCOUNT_NAMING_SUPPORTED", "MULTIPLE_PRICING_CATEGORIES_SUPPORTED"),
)
#: Two halves of an "or" that it judges by themselves (FOCUS_Spec#2394).
_KNOWN = {None: {"InvoiceId-C-005-C"}, "INV-1": {"InvoiceId-C-004-C"}}


@pytest.fixture
def validator() -> Path:
    folder = os.environ.get("GRADUAND_TEST_FOCUS_VALIDATOR", "")
    if not folder:
        pytest.skip("no FOCUS validator: set GRADUAND_TEST_FOCUS_VALIDATOR to its source folder")
    return Path(folder)


def failed(validator: Path, file: Path) -> tuple[int, set[str]]:
    """Give how many rules passed, and the names of those that failed; it exits 0 anyway."""
    words = ["--data-file", str(file), "--validate-version", "1.2.0.1", "--block-download"]
    done = subprocess.run(
        [
            *(str(validator.parent / "venv" / "bin" / "python"), "-m", "focus_validator.main"),
            *(*words, "--applicability-criteria", ",".join(_CRITERIA), "--show-violations"),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=validator,
        timeout=240,
    )
    told = re.search(r"Total: (\d+) \| Pass: (\d+) \| Fail: (\d+)", done.stdout)
    assert told, done.stdout[-2_000:] + done.stderr[-2_000:]
    rules = set(re.findall(r"❌ ([\w-]+): FAIL", done.stdout))
    assert len(rules) == int(told[3])
    return int(told[2]), rules


@pytest.mark.parametrize("format_", ["csv", "parquet"])
@pytest.mark.parametrize("invoice", [None, "INV-1"])
def test_an_exported_month_fails_nothing_but_the_known_rule(
    validator: Path, tmp_path: Path, invoice: str | None, format_: str
) -> None:
    rows = a_month(invoice).rows()
    file = tmp_path / f"focus.{format_}"
    file.write_bytes(focus_parquet(rows) if format_ == "parquet" else focus_csv(rows).encode())

    passed, rules = failed(validator, file)

    assert rules == _KNOWN[invoice]
    assert passed >= 249


def test_contracts_credits_and_settlement_fail_nothing_either(
    validator: Path, tmp_path: Path
) -> None:
    file = tmp_path / "focus.csv"
    file.write_bytes(focus_csv(a_month_of_contracts().rows()).encode())

    passed, rules = failed(validator, file)

    assert rules == _KNOWN[None]
    assert passed >= 249


def test_what_the_validator_must_notice_it_does(validator: Path, tmp_path: Path) -> None:
    rows = [{**row, "ChargeCategory": "Consumption"} for row in a_month().rows()]
    file = tmp_path / "focus.csv"
    file.write_bytes(focus_csv(rows).encode())

    assert failed(validator, file)[1] - _KNOWN[None]
