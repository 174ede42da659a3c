"""What the configuration refuses of sources that are read from files."""

from typing import Any

import pytest
from pydantic import ValidationError

from config.shapes.sources import Sources
from config.source_checks import sources_misfits

BILL = {
    "name": "bedrock",
    "type": "focus_file",
    "paths": ["bills/*.csv"],
    "issuer": "aws",
    "services": ["*Bedrock*"],
}
API = {
    "name": "api",
    "type": "anthropic",
    "base_url": "https://api.anthropic.com",
    "secret": "key",
    "issuer": "aws",
}


def misfits(*sources: dict[str, Any]) -> list[tuple[str, str]]:
    shaped = Sources.model_validate(
        {"version": 1, "issuers": [{"id": "aws"}, {"id": "google"}], "sources": sources}
    )
    return [(".".join(map(str, one.path)), one.message) for one in sources_misfits(shaped)]


def test_sources_of_files_need_no_secret() -> None:
    documents = {"name": "documents", "type": "invoice_file", "paths": ["*.csv"]}
    payables = {"name": "payables", "type": "payables_file", "paths": ["*.csv"]}
    metrics = {"name": "metrics", "type": "metrics_file", "paths": ["*.csv"]}

    assert misfits(BILL, documents, payables, metrics) == []


def test_a_bill_of_an_unknown_issuer_is_refused() -> None:
    ((path, message),) = misfits({**BILL, "issuer": "azure"})

    assert path == "sources.0.issuer"
    assert "is no issuer of sources.yaml" in message


@pytest.mark.parametrize("other", [API, {**BILL, "name": "second", "paths": ["others/*"]}])
@pytest.mark.parametrize("is_first", [True, False])
def test_two_sources_that_report_the_charges_of_one_issuer_are_refused(
    other: dict[str, Any], is_first: bool
) -> None:
    pair = [other, BILL] if is_first else [BILL, other]

    ((path, message),) = misfits(*pair)

    assert path == "sources.1.issuer"
    assert f"and {pair[0]['name']!r}".replace("'", "`") in message.replace("'", "`")
    assert misfits({**pair[0], "enabled": False}, pair[1]) == []
    assert misfits(pair[0], {**pair[1], "issuer": "google"}) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"services": []},
        {"paths": []},
        {"account": "name"},
        {"covers": "months"},
        {"skus": [{"sku": "*"}]},
        {"skus": [{"model": "m", "kind": "tokens"}]},
        {"skus": [{"model": "m", "tokens_per_unit": 0}]},
    ],
)
def test_wrong_settings_of_a_bill_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        misfits({**BILL, **changes})
