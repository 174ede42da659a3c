"""The moment of a booked night, computed again: the same digest, whatever has changed since."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.server import Sandbox
from tasks.core.list_prices import list_price
from tests.flows.nights import FIRST, SECOND, THIRD, WINDOW, Night, run
from tests.flows.stores import Stores
from tests.flows.test_changed_rules import CONTRACT, MAPPED, PROMOTED

TOLERANCE = ('relative: "0.005"', 'relative: "0.2"')
SIGNED = f"""version: 1
prepaid:
  - {{id: starter, issuer: anthropic, account: default, bought: {WINDOW[0]}, amount: "3"}}
"""


def catalog(stores: Stores, _: pytest.MonkeyPatch) -> None:
    stores.edit("catalog.yaml", MAPPED, PROMOTED)


def policy(stores: Stores, _: pytest.MonkeyPatch) -> None:
    stores.edit("policy.yaml", TOLERANCE)


def contract(stores: Stores, _: pytest.MonkeyPatch) -> None:
    stores.edit("sources.yaml", CONTRACT)


def source_gone(stores: Stores, _: pytest.MonkeyPatch) -> None:
    stores.edit("sources.yaml", ("  - name: openai\n", "  - name: openai\n    enabled: false\n"))


def finance(stores: Stores, _: pytest.MonkeyPatch) -> None:
    (stores.config / "finance.yaml").write_text(SIGNED)


def list_prices(_: Stores, patched: pytest.MonkeyPatch) -> None:
    def dearer(*asked: object) -> Decimal | None:
        price = list_price(*asked)
        return None if price is None else 3 * price

    patched.setattr("tasks.core.prices.list_price", dearer)


CHANGES = (catalog, policy, contract, source_gone, finance, list_prices)


def digests_of_nights(stores: Stores, sandbox: Sandbox) -> list[str]:
    """Book two more nights, and give the digest of each of the three."""
    digests = [stores.digest()]
    for night in (SECOND, THIRD):
        sandbox.move_to(night)
        run(Night(night))
        digests.append(stores.digest())
    assert len(set(digests)) == len(digests)
    return digests


def computed_again() -> list[str]:
    nights = (FIRST, SECOND, THIRD)
    return [run(Night(THIRD, only=("agent-logs",), as_of=night)).digest for night in nights]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_nights_are_what_they_were_though_any_one_thing_has_changed_since(
    stores: Stores, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = digests_of_nights(stores, sandbox)
    before = stores.rows()
    files = {file: file.read_text() for file in stores.config.glob("*.yaml")}

    for change in CHANGES:
        with monkeypatch.context() as patched:
            change(stores, patched)
            assert computed_again() == digests, change.__name__
        for file, text in files.items():
            file.write_text(text)

    assert stores.rows() == before


def test_nights_are_what_they_were_though_everything_changed_between_them(
    stores: Stores, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for change in (catalog, policy, contract, finance, list_prices):
        change(stores, monkeypatch)

    digests = digests_of_nights(stores, sandbox)
    source_gone(stores, monkeypatch)

    assert computed_again() == digests


def test_a_window_that_no_night_had_is_valued_at_prices_that_nights_recorded(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = Night(FIRST, window=(WINDOW[1], WINDOW[1]))
    dry = run(replace(narrow, dry_run=True))

    contract(stores, monkeypatch)
    list_prices(stores, monkeypatch)
    then = run(replace(narrow, as_of=FIRST))

    assert then.digest == dry.digest
    assert "price_not_recorded" not in then.finding_codes()


@pytest.mark.usefixtures("stores")
def test_a_moment_before_the_first_night_is_computed_with_the_files_of_now_and_says_so() -> None:
    before = run(Night(THIRD, as_of=FIRST - timedelta(days=1)))

    assert before.finding_codes().count("config_not_recorded") == 1
