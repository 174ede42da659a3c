"""Runs that charges name, found in real Parquet files."""

from collections.abc import Callable
from datetime import date

import pytest

from tasks.core.books import Destination, DestinationKind, Method, Snapshot, Strength
from tasks.core.cells import Candidate, Dimension, Resolutions, StageSpan
from tasks.core.reconciling.charges import runs_named
from tasks.core.reconciling.matching import AD_HOC, Line
from tasks.core.reconciling.reconcile import reconcile
from tasks.lake.engine import Limits
from tasks.lake.queries import Queries
from tasks.lake.run_cells import RunLog
from tasks.lake.store import Lake
from tests.core.factories import DAY, charge, night

Make = Callable[..., dict[str, object]]
Write = Callable[..., Snapshot]

ALPHA = Line("alpha", "production", Strength.STAMP.value)
RESOLVED = Resolutions(
    (
        Candidate(Dimension.STAMP, "", "alpha", "alpha", Strength.STAMP, 1, "id"),
        Candidate(Dimension.REPO, "", "acme/web", "gamma", Strength.REPOSITORY, 9, "match"),
    ),
    (
        StageSpan("alpha", date(2026, 1, 1), None, "production", "upgrades", "platform"),
        StageSpan("gamma", date(2026, 1, 1), None, "production", "upgrades", "platform"),
    ),
    out_of_scope=(("gamma", "acme/web"),),
)


def test_each_named_run_has_the_destination_that_its_hints_give_it(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform(
        [
            run_row("stamped", stamp="alpha"),
            run_row("outside", repo="acme/web"),
            run_row("nobodys"),
            run_row("not-named", stamp="alpha"),
        ]
    )
    named = [("anthropic", run_id) for run_id in ("stamped", "outside", "nobodys", "not-logged")]

    found = Queries(lake).direct_runs([RunLog(log, 1)], RESOLVED, [*named, named[0]])

    assert found == {
        ("anthropic", "stamped"): ALPHA,
        ("anthropic", "outside"): Line("gamma", "exploration", Strength.REPOSITORY.value),
        ("anthropic", "nobodys"): AD_HOC,
    }


def test_a_run_of_another_issuer_with_the_same_id_is_another_run(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform([run_row("r1", stamp="alpha"), run_row("r1", issuer="openai")])

    found = Queries(lake).direct_runs([RunLog(log, 1)], RESOLVED, [("openai", "r1")])

    assert found == {("openai", "r1"): AD_HOC}


def test_of_runs_with_the_same_id_the_best_evidence_speaks(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    rows = [
        run_row("r1"),
        run_row("r1", source="gateway", stamp="alpha"),
        run_row("r1", source="archive", repo="acme/web"),
    ]
    logs = [RunLog(conform([row]), 1) for row in rows]

    for order in (logs, logs[::-1]):
        found = Queries(lake).direct_runs(order, RESOLVED, [("anthropic", "r1")])
        assert found == {("anthropic", "r1"): ALPHA}


def test_another_log_lends_its_hints_to_a_named_run(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    plain = conform([run_row("r1")])
    stamped = conform([run_row("r1", source="gateway", stamp="alpha")])

    found = Queries(lake).direct_runs(
        [RunLog(plain, 1), RunLog(stamped, 2)], RESOLVED, [("anthropic", "r1")]
    )

    assert found == {("anthropic", "r1"): ALPHA}


def test_without_a_named_run_no_file_is_opened(lake: Lake, run_row: Make, conform: Write) -> None:
    log = conform([run_row("r1")])
    unusable = Queries(lake, Limits(memory="no amount"))

    assert unusable.direct_runs([RunLog(log, 1)], RESOLVED, []) == {}


@pytest.mark.parametrize("run_id", ["it's", "a\nb", "%", "Ω"])
def test_ids_are_compared_as_they_are(
    lake: Lake, conform: Write, run_row: Make, run_id: str
) -> None:
    log = conform([run_row(run_id, stamp="alpha"), run_row("other")])

    found = Queries(lake).direct_runs([RunLog(log, 1)], RESOLVED, [("anthropic", run_id)])

    assert found == {("anthropic", run_id): ALPHA}


def test_a_charge_that_names_a_logged_run_is_booked_to_its_workflow(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform([run_row("r1", stamp="alpha")])
    charges = [charge(70, run_id="r1"), charge(30, run_id="not-logged"), charge(5)]

    found = Queries(lake).direct_runs([RunLog(log, 1)], RESOLVED, runs_named(charges))
    books = reconcile(night([], [], charges, direct_runs=found))

    (amounts,) = books.desired.values()
    direct = Destination(
        DestinationKind.FAMILY,
        portfolio="platform",
        family="upgrades",
        workflow="alpha",
        pool="production",
        paid_from="production",
        method=Method.DIRECT,
        strength=Strength.STAMP,
    )
    assert amounts[direct] == 70
    assert sum(amounts.values()) == 105
    assert books.coverage[0].evidenced_nano == 70
    assert next(iter(books.desired)).day == DAY
