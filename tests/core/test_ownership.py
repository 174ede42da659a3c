"""Ownership follows dated stages: no stage, nothing owned."""

from datetime import date

import pytest

from tasks.core.books import Strength
from tasks.core.ownership import Owner, Ownership, stage_spans
from tests.core.factories import catalog

DAY = date(2026, 11, 10)


def stages(*entries: str) -> list[dict[str, str]]:
    """Read entries like `2026-01-01 sunset 2026-02-01`, the last being `until`."""
    return [dict(zip(("from", "stage", "until"), entry.split(), strict=False)) for entry in entries]


def test_a_stage_holds_until_the_day_before_the_next() -> None:
    found = stage_spans(
        catalog(
            {
                "id": "alpha",
                "stages": stages(
                    "2026-01-01 exploration",
                    "2026-03-01 provisional 2026-05-31",
                    "2026-07-01 golden",
                    "2026-09-01 sunset 2026-11-15",
                ),
            }
        )
    )

    assert [(str(span.from_day), str(span.to_day), span.pool) for span in found] == [
        ("2026-01-01", "2026-02-28", "exploration"),
        ("2026-03-01", "2026-05-31", "production"),  # and none in June
        ("2026-07-01", "2026-08-31", "production"),
        ("2026-09-01", "2026-11-15", "production"),
    ]
    assert {(span.family, span.portfolio) for span in found} == {("upgrades", "platform")}


def test_an_entry_replaced_on_its_own_day_never_holds() -> None:
    found = stage_spans(
        catalog({"id": "a", "stages": stages("2026-01-01 exploration", "2026-01-01 golden")})
    )

    assert [span.pool for span in found] == ["production"]


@pytest.mark.parametrize(
    ("day", "owner"),
    [
        (date(2026, 2, 28), None),
        (date(2026, 3, 1), Owner("alpha", "exploration", Strength.API_KEY)),
        (date(2026, 11, 15), Owner("alpha", "production", Strength.API_KEY)),
        (date(2026, 11, 16), None),
    ],
)
def test_a_key_is_owned_on_the_days_its_workflow_has_a_stage(
    day: date, owner: Owner | None
) -> None:
    ownership = Ownership(
        catalog(
            {
                "id": "alpha",
                "stages": stages("2026-03-01 exploration", "2026-09-01 sunset 2026-11-15"),
                "match": {"api_keys": ["key-alpha"]},
            }
        )
    )

    assert ownership.key_owner("key-alpha", day) == owner
    assert ownership.key_owner("key-other", day) is None
    assert ownership.key_owner(None, day) is None


def test_an_account_without_the_first_claimants_stage_goes_to_the_next() -> None:
    ownership = Ownership(
        catalog(
            {
                "id": "late",
                "stages": stages("2027-01-01 golden"),
                "match": {"accounts": ["lab"]},
            },
            {"id": "now", "stages": stages("2026-01-01 golden"), "match": {"accounts": ["lab"]}},
        )
    )

    owner = ownership.account_owner("lab", DAY)

    assert owner == Owner("now", "production", Strength.ACCOUNT)
    assert ownership.account_owner("elsewhere", DAY) is None


@pytest.mark.parametrize(
    ("account", "key", "pool"),
    [
        ("main", None, "production"),
        ("main", "key-unlisted", "production"),
        ("main", "key-lab", "exploration"),  # the key's pool wins
        ("beta-account", None, ""),
        ("unlisted", "key-lab", "exploration"),
        ("unlisted", None, ""),
    ],
)
def test_the_pool_that_pays_is_the_keys_or_else_the_accounts(
    account: str, key: str | None, pool: str
) -> None:
    assert Ownership(catalog()).paid_from("anthropic", account, key) == pool


def test_an_account_that_the_catalog_does_not_know_is_the_organisations() -> None:
    ownership = Ownership(catalog())

    assert ownership.portfolio("anthropic", "main") == "platform"
    assert ownership.portfolio("anthropic", "unlisted") == ""
    assert ownership.portfolio("openai", "main") == "", "accounts belong to an issuer"
    assert ownership.home("beta") == ("operations", "triage")
