"""What a look at all workflows reads of the sandbox organisation's stores."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from config.load import load_config
from config.settings import settings_from_environment
from sandbox.oracle.promotion import scorecards
from sandbox.server import Sandbox
from tasks.core.promotion.scorecard import Scorecard
from tasks.gate_inputs import GateInputs, gather_gate
from tasks.lake.store import Lake
from tests.databases import NewDatabase
from tests.flows.nights import EVERY, FIRST, SECOND, Night, run
from tests.flows.stores import Stores

#: What the oracle counts under the same name.
SAME = (
    *("successes", "failures", "unknown", "cancelled", "maturing", "open", "days", "weeks"),
    *("repositories", "squads", "escalated", "escalation_told", "handed_over", "incidents"),
    *("review_rounds", "merge_minutes"),
)


def look(stores: Stores, as_of: datetime = FIRST, *, is_past: bool = False) -> GateInputs:
    settings = settings_from_environment()
    lake = Lake.open(settings.lake_dir)
    with stores.ledger() as ledger:
        config = load_config(settings.config_dir)
        return gather_gate(as_of, config, lake, ledger, settings, is_past=is_past)


def as_told(card: Scorecard) -> dict[str, object]:
    """Write a card as the oracle does."""
    return {name: getattr(card, name) for name in SAME} | {
        "strata": {one.name.rpartition("/")[2]: [one.items, one.successes] for one in card.strata},
        "reasons": dict(card.reasons),
        "costed": card.cost.items,
        "uncosted": card.cost.uncosted,
        "total_nano": card.cost.total_nano,
        "median_nano": card.cost.median_nano,
    }


def costed(inputs: GateInputs) -> dict[str, tuple[int, int]]:
    """Count the items of each workflow whose cost is known, and the others."""
    return {of: (card.cost.items, card.cost.uncosted) for of, card in inputs.cards.items()}


@pytest.fixture(scope="module")
def made() -> dict[str, Stores]:
    """Remember stores that took long to make, by the kind of their database."""
    return {}


@pytest.fixture
def whole(
    made: dict[str, Stores],
    new_stores: Callable[..., Stores],
    new_database: NewDatabase,
    lasting_databases: Callable[[str], NewDatabase],
    database_kind: str,
    use: Callable[[Stores], Stores],
    sandbox: Sandbox,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Stores:
    """Give stores with all that the first night reads by itself."""
    if database_kind not in made:
        fresh = use(new_stores(is_empty=True))
        sandbox.move_to(FIRST)
        run(Night(FIRST, window=None, only=EVERY))
        kept = tmp_path_factory.mktemp("whole") / "stores"
        made[database_kind] = fresh.copy_to(kept, lasting_databases(database_kind))
    return use(made[database_kind].copy_to(tmp_path / "whole", new_database))


def test_every_card_says_what_the_oracle_counted(whole: Stores, sandbox: Sandbox) -> None:
    inputs = look(whole)
    told = {str(one.pop("workflow")): one for one in scorecards(sandbox.world, FIRST, [FIRST])}

    assert list(inputs.cards) == list(told)  # file order
    for of, card in inputs.cards.items():
        del told[of]["as_of"]
        assert as_told(card) == told[of]
    assert inputs.findings == ()
    assert {of: card.epoch for of, card in inputs.cards.items()} == {
        of: epoch.name for of, epoch in inputs.epochs.items()
    }


def test_two_looks_at_one_moment_are_the_same_and_leave_nothing_in_the_books(
    whole: Stores,
) -> None:
    before = whole.rows()
    first = look(whole)
    (memo,) = (whole.lake / "aggregates" / "item_facts").iterdir()
    data = memo.read_bytes()

    assert look(whole) == first
    assert memo.read_bytes() == data
    assert memo.name == f"{first.facts}.parquet"
    assert whole.rows() == before


def test_items_to_look_at_are_the_bad_ones_and_a_few_good_ones(whole: Stores) -> None:
    inputs = look(whole)

    for of, card in inputs.cards.items():
        bad = inputs.items.get(of, ())
        assert len(bad) == card.failures + card.unknown
        assert inputs.failed.get(of, ()) == tuple(sorted(one.item for one in bad))
        assert len(inputs.succeeded.get(of, ())) == min(card.successes, 5)
    assert inputs.golden["dependency-upgrades"] == "upgrade-guarded"
    assert {one.name for one in inputs.controls} >= set(inputs.repositories["ci-doctor"])
    assert inputs.repositories["claims-router"] == ()
    spent = sum(inputs.spent["ci-doctor"].values())
    assert spent == inputs.cards["ci-doctor"].exploration_nano > 0


@pytest.mark.parametrize("is_lost", [True, False], ids=["lost", "damaged"])
def test_work_of_a_day_whose_runs_cannot_be_read_has_no_known_cost(
    whole: Stores, *, is_lost: bool
) -> None:
    before = look(whole)
    day = max(one.first_at for one in before.items["claims-router"]).date()
    (file,) = whole.files_of("conformed", "agent-logs", day, "runs")
    if is_lost:
        file.unlink()
    else:
        data = file.read_bytes()
        file.write_bytes(data[:4] + bytes(len(data) - 8) + data[-4:])
    after = look(whole)

    (finding,) = after.findings
    assert (finding.code, finding.subject) == ("runs_missing", "agent-logs")
    assert str(day) in finding.detail
    assert sum(known for known, _ in costed(after).values()) < sum(
        known for known, _ in costed(before).values()
    )


def test_another_major_version_begins_an_epoch_without_evidence(stores: Stores) -> None:
    before = look(stores)
    title = "    title: Upgrade many dependencies with parallel agents\n"
    stores.edit("catalog.yaml", (f'{title}    version: "1"', f'{title}    version: "2"'))
    after = look(stores, SECOND)

    assert after.epochs["upgrade-swarm"].name == f"{SECOND.date()} major 2"
    assert after.cards["upgrade-swarm"].items() == 0
    assert before.cards["upgrade-swarm"].items() > 0
    # It is still in use: nothing of that is forgotten.
    assert after.cards["upgrade-swarm"].first_at == before.cards["upgrade-swarm"].first_at


def test_a_past_look_sees_what_was_known_then(stores: Stores, sandbox: Sandbox) -> None:
    then = look(stores)
    sandbox.move_to(SECOND)
    run(Night(SECOND, only=EVERY))

    assert look(stores, is_past=True) == then
    assert look(stores, SECOND).seq > then.seq
