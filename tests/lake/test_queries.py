from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from tasks.core.books import Snapshot, Strength
from tasks.core.cells import Candidate, Dimension, Resolutions, RunCell, StageSpan
from tasks.core.errors import LakeError
from tasks.core.reconciling.rivals import Rival
from tasks.core.work.item_links import branch_link, session_link
from tasks.lake import run_cells
from tasks.lake.engine import Limits
from tasks.lake.queries import Queries
from tasks.lake.run_cells import RunLog
from tasks.lake.store import Lake

Row = dict[str, object]
Make = Callable[..., Row]
Write = Callable[..., Snapshot]

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BUMP = StageSpan("bump", date(2026, 1, 1), None, "production", "upgrades", "core")
FIX = StageSpan("fix", date(2026, 1, 1), None, "exploration", "fixes", "core")


def candidate(
    dimension: Dimension, value: str, workflow: str, rank: int, *, issuer: str = ""
) -> Candidate:
    strength = {
        Dimension.STAMP: Strength.STAMP,
        Dimension.ACCOUNT: Strength.ACCOUNT,
        Dimension.API_KEY: Strength.API_KEY,
        Dimension.BRANCH_PREFIX: Strength.BRANCH,
        Dimension.REPO: Strength.REPOSITORY,
        Dimension.ACTOR: Strength.BOT,
        Dimension.WORK_ITEM: Strength.STAMP,
    }[dimension]
    return Candidate(dimension, issuer, value, workflow, strength, rank, f"match.{dimension}[0]")


def workflows_of(cells: list[RunCell]) -> dict[str, int]:
    return {cell.workflow: cell.runs for cell in cells}


def test_the_strongest_layer_wins_whatever_the_other_hints_say(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform([run_row("r1", stamp="bump", repo="acme/web", actor="agent:x")])
    resolved = Resolutions(
        (
            candidate(Dimension.REPO, "acme/web", "fix", 30),
            candidate(Dimension.STAMP, "bump", "bump", 10),
            candidate(Dimension.ACTOR, "agent:x", "fix", 40),
        ),
        (BUMP, FIX),
    )

    (cell,) = Queries(lake).run_cells([RunLog(log, 1)], resolved)

    assert (cell.workflow, cell.family, cell.portfolio, cell.pool, cell.strength, cell.rule) == (
        "bump",
        "upgrades",
        "core",
        "production",
        Strength.STAMP,
        "match.stamp[0]",
    )


@pytest.mark.parametrize(
    ("dimension", "column", "value", "issuer"),
    [
        (Dimension.STAMP, "stamp", "v", ""),
        (Dimension.ACCOUNT, "account", "v", "anthropic"),
        (Dimension.API_KEY, "api_key", "v", "anthropic"),
        (Dimension.BRANCH_PREFIX, "branch_prefix", "v", ""),
        (Dimension.REPO, "repo", "v", ""),
        (Dimension.ACTOR, "actor", "v", ""),
        (Dimension.WORK_ITEM, "work_item", "v", ""),
        (Dimension.WORK_ITEM, "branch_item", "v", ""),
    ],
)
def test_every_hint_alone_finds_its_workflow(
    lake: Lake,
    conform: Write,
    run_row: Make,
    dimension: Dimension,
    column: str,
    value: str,
    issuer: str,
) -> None:
    log = conform([run_row("r1", **{column: value}), run_row("r2", **{column: "other"})])
    resolved = Resolutions((candidate(dimension, value, "bump", 1, issuer=issuer),), (BUMP,))

    cells = Queries(lake).run_cells([RunLog(log, 1)], resolved)

    assert workflows_of(cells) == {"bump": 1, "": 1}


def test_an_account_of_another_issuer_claims_nothing(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform([run_row("r1", account="ws_1", issuer="openai")])
    owned = candidate(Dimension.ACCOUNT, "ws_1", "bump", 1, issuer="anthropic")

    cells = Queries(lake).run_cells([RunLog(log, 1)], Resolutions((owned,), (BUMP,)))

    assert workflows_of(cells) == {"": 1}


def test_a_run_is_judged_by_the_stage_of_the_day_it_started_on(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    log = conform(
        [
            run_row("before", stamp="bump", started_at=midnight - timedelta(microseconds=1)),
            run_row("after", stamp="bump", started_at=midnight),
            run_row("unsaid", stamp="bump"),
        ]
    )
    spans = (
        StageSpan("bump", date(2026, 11, 1), date(2026, 11, 19), "exploration", "f", "p"),
        StageSpan("bump", date(2026, 11, 20), None, "production", "f", "p"),
    )

    cells = Queries(lake).run_cells(
        [RunLog(log, 1)], Resolutions((candidate(Dimension.STAMP, "bump", "bump", 1),), spans)
    )

    assert {cell.pool: cell.runs for cell in cells} == {"exploration": 1, "production": 2}


def test_a_run_before_the_first_stage_falls_through_to_the_next_layer(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform([run_row("r1", stamp="late", repo="acme/web")])
    late = StageSpan("late", date(2026, 11, 21), None, "exploration", "f", "p")
    resolved = Resolutions(
        (
            candidate(Dimension.STAMP, "late", "late", 1),
            candidate(Dimension.REPO, "acme/web", "bump", 2),
        ),
        (late, BUMP),
    )

    cells = Queries(lake).run_cells([RunLog(log, 1)], resolved)

    assert workflows_of(cells) == {"bump": 1}


def test_work_out_of_scope_is_marked_and_entitled_to_exploration(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform(
        [
            run_row("in", stamp="bump", repo="acme/web"),
            run_row("out", stamp="bump", repo="acme/bank"),
            run_row("unsaid", stamp="bump"),
        ]
    )
    resolved = Resolutions(
        (candidate(Dimension.STAMP, "bump", "bump", 1),), (BUMP,), (("bump", "acme/bank"),)
    )

    cells = Queries(lake).run_cells([RunLog(log, 1)], resolved)

    assert {(c.is_out_of_scope, c.pool): c.runs for c in cells} == {
        (False, "production"): 2,
        (True, "exploration"): 1,
    }


def test_unreported_tokens_are_counted_and_never_summed_as_zero(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform([run_row("r1"), run_row("r2", input_tokens=None, output_tokens=7)])

    (cell,) = Queries(lake).run_cells([RunLog(log, 1)], Resolutions((), ()))

    assert (cell.tokens[0].tokens, cell.tokens[0].unreported) == (100, 1)
    assert (cell.tokens[4].tokens, cell.tokens[4].unreported) == (7, 1)
    assert cell.reported_cost_nano is None


def test_sums_beyond_64_bits_are_exact(lake: Lake, conform: Write, run_row: Make) -> None:
    most = 2**63 - 1
    log = conform([run_row(f"r{n}", input_tokens=most) for n in range(3)])

    (cell,) = Queries(lake).run_cells([RunLog(log, 1)], Resolutions((), ()))

    assert cell.tokens[0].tokens == 3 * most


def test_of_two_logs_of_the_same_spend_the_lower_precedence_number_counts(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    gateway = conform([run_row("r1", source="gateway"), run_row("r2", source="gateway")])
    agents = conform(
        [
            run_row("r1", source="agents", stamp="bump", input_tokens=90),
            run_row("r9", source="agents", account=None, input_tokens=5),
        ]
    )
    resolved = Resolutions((candidate(Dimension.STAMP, "bump", "bump", 1),), (BUMP,))

    cells = Queries(lake).run_cells([RunLog(agents, 20), RunLog(gateway, 10)], resolved)

    # The agents' log lends its stamp to r1, and still counts where the gateway saw nothing.
    assert {(c.account, c.workflow): c.tokens[0].tokens for c in cells} == {
        ("ws_1", "bump"): 100,
        ("ws_1", ""): 100,
        (None, ""): 5,
    }


def test_logs_of_equal_precedence_all_count(lake: Lake, conform: Write, run_row: Make) -> None:
    logs = [conform([run_row("r1", source=name)]) for name in ("one", "two")]

    cells = Queries(lake).run_cells([RunLog(log, 100) for log in logs], Resolutions((), ()))

    assert [cell.runs for cell in cells] == [2]


def test_a_log_with_two_precedences_is_refused(lake: Lake, conform: Write, run_row: Make) -> None:
    log = conform([run_row("r1")])

    with pytest.raises(LakeError, match="'log' has two precedences"):
        Queries(lake).run_cells([RunLog(log, 1), RunLog(log, 2)], Resolutions((), ()))


def test_no_files_are_no_cells(lake: Lake) -> None:
    queries = Queries(lake)

    assert queries.run_cells([], Resolutions((), ())) == []
    assert (queries.run_hints([], []), queries.usage_cells([]), queries.charge_cells([])) == (
        [],
        [],
        [],
    )


def test_a_file_given_twice_counts_once(lake: Lake, conform: Write, usage_row: Make) -> None:
    snapshot = conform([usage_row()])

    (cell,) = Queries(lake).usage_cells([snapshot, snapshot])

    assert cell.quantity == 1000


def test_a_missing_or_short_file_never_reads_as_empty(
    lake: Lake, conform: Write, usage_row: Make
) -> None:
    whole, damaged = conform([usage_row()]), conform([usage_row(source="other")])
    lake.files.replace(damaged.path, b"PAR1")

    assert lake.unreadable([whole, damaged]) == [damaged]
    with pytest.raises(LakeError, match="missing or short"):
        Queries(lake).usage_cells([whole, damaged])


def test_a_file_altered_at_equal_size_is_a_clear_error(
    lake: Lake, conform: Write, usage_row: Make
) -> None:
    snapshot = conform([usage_row()])
    lake.files.replace(snapshot.path, bytes(snapshot.size_bytes))

    with pytest.raises(LakeError, match="'usage' failed"):
        Queries(lake).usage_cells([snapshot])


def test_a_file_of_another_table_is_refused(lake: Lake, conform: Write, usage_row: Make) -> None:
    with pytest.raises(LakeError, match="no part of table 'charges'"):
        Queries(lake).charge_cells([conform([usage_row()])])


def test_hints_name_each_distinct_value_with_its_runs_and_days(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform(
        [
            run_row("r1", stamp="bump", api_key="k1", started_at=NOON - timedelta(days=2)),
            run_row("r2", stamp="bump", work_item="gh:1#2", branch_item="gh:1#2"),
            run_row("r3", account="ws_2", work_item="gh:1#3", branch_item="gh:1#2"),
        ]
    )

    hints = Queries(lake).run_hints([log], ["gh:1#2", "gh:1#4"])

    found = {(h.dimension.value, h.issuer, h.value): h for h in hints}
    assert {key: hint.runs for key, hint in found.items()} == {
        ("account", "anthropic", "ws_1"): 2,
        ("account", "anthropic", "ws_2"): 1,
        ("api_key", "anthropic", "k1"): 1,
        ("stamp", "", "bump"): 2,
        ("work_item", "", "gh:1#2"): 2,
    }
    stamp = found["stamp", "", "bump"]
    assert (stamp.first_start, stamp.last_start) == (date(2026, 11, 18), DAY)


def test_a_branch_and_a_session_are_hints_where_an_item_is_asked_for_by_them(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform(
        [
            run_row("r1", repo="acme/shop", branch_digest="d1"),
            run_row("r2", repo="acme/other", branch_digest="d1"),
            run_row("r3", branch_digest="d1"),  # of no repository that the log tells
            run_row("r4", session="s1"),
        ]
    )

    hints = Queries(lake).run_hints([log], [branch_link("acme/shop", "d1"), session_link("s1")])

    found = {hint.value: hint.runs for hint in hints if hint.dimension is Dimension.WORK_ITEM}
    assert found == {"branch:acme/shop#d1": 1, "session:s1": 1}


def test_a_run_belongs_to_the_workflow_that_the_item_of_its_session_names(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    log = conform(
        [
            run_row("r1", session="s1", input_tokens=5),
            run_row("r2", session="s2", input_tokens=7),
            run_row("r3", repo="acme/shop", branch_digest="d1", input_tokens=11),
        ]
    )
    candidates = tuple(
        candidate(Dimension.WORK_ITEM, value, "bump", 1)
        for value in (session_link("s1"), branch_link("acme/shop", "d1"))
    )

    cells = Queries(lake).run_cells([RunLog(log, 1)], Resolutions(candidates, (BUMP,)))

    assert {cell.workflow: cell.tokens[0].tokens for cell in cells} == {"": 7, "bump": 16}


def test_many_runs_are_read_again_and_few_are_kept_and_both_say_the_same(
    lake: Lake, conform: Write, run_row: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = conform([run_row("r1", input_tokens=10), run_row("r2", stamp="fix")])
    lends = conform(
        [run_row("r1", source="otel", stamp="bump"), run_row("r9", source="otel", account="ws_2")]
    )
    logs = [RunLog(counts, 1), RunLog(lends, 2)]
    candidates = tuple(candidate(Dimension.STAMP, one, one, 1) for one in ("bump", "fix"))
    resolutions = Resolutions(candidates, (BUMP, FIX))

    kept = Queries(lake).run_cells(logs, resolutions)
    monkeypatch.setattr(run_cells, "_FEW_ROWS", 0)

    assert Queries(lake).run_cells(logs, resolutions) == kept
    assert workflows_of(kept) == {"": 1, "bump": 1, "fix": 1}


def test_what_a_lesser_log_says_is_summed_beside_what_counts(
    lake: Lake, conform: Write, run_row: Make
) -> None:
    counts = conform([run_row("r1", input_tokens=10), run_row("r2", account="ws_2")])
    lends = conform(
        [
            run_row("x1", source="otel", input_tokens=10, output_tokens=3),
            run_row("x2", source="otel", account="ws_3", input_tokens=99),  # nobody else tells
        ]
    )

    queries = Queries(lake)

    assert queries.rivals([RunLog(counts, 1), RunLog(lends, 2)]) == [
        Rival("otel", "anthropic", "ws_1", 1, 13, 10)
    ]
    assert queries.rivals([RunLog(counts, 1), RunLog(lends, 1)]) == []


def test_usage_is_summed_by_key_model_and_kind(lake: Lake, conform: Write, usage_row: Make) -> None:
    files = [
        conform([usage_row(), usage_row(api_key="k1", quantity=5)]),
        conform([usage_row(source="mirror", quantity=2)]),
        conform([usage_row(source="other", account="ws_2", quantity=3)]),
    ]

    cells = Queries(lake).usage_cells(files)

    assert {(cell.account, cell.api_key): cell.quantity for cell in cells} == {
        ("ws_1", None): 1000,  # the mirror tells of the same sku, and counts once
        ("ws_1", "k1"): 5,
        ("ws_2", None): 3,
    }


def test_what_two_sources_bill_alike_is_billed_once_whatever_else_each_tells(
    lake: Lake, conform: Write, charge_row: Make
) -> None:
    credit = {"category": "credit", "sku": "credit", "kind": None, "billed_nano": -3}
    first = conform(
        [charge_row(billed_nano=10), charge_row(sku="search", billed_nano=1), charge_row(**credit)]
    )
    again = conform(
        [
            charge_row(source="mirror", billed_nano=10),
            charge_row(source="mirror", **credit),
            charge_row(source="mirror", account="ws_2", billed_nano=100),
        ]
    )

    queries = Queries(lake)
    cells = queries.charge_cells([again, first])

    assert sorted(cell.billed_nano for cell in cells) == [-3, 1, 10, 100]
    assert [
        (one.source, one.usage_nano, one.repeated_usage_nano, one.repeated_nano)
        for one in queries.told_charges([first, again])
    ] == [("bill", 11, 0, 0), ("mirror", 110, 10, 7)]


def test_charges_keep_their_sign_class_and_missing_quantities(
    lake: Lake, conform: Write, charge_row: Make
) -> None:
    snapshot = conform(
        [
            charge_row(quantity=5),
            charge_row(line=1, billed_nano=-1),
            charge_row(kind="output", quantity=2),
            charge_row(category="credit", charge_class="correction", kind=None, billed_nano=-9),
        ]
    )

    cells = Queries(lake).charge_cells([snapshot])

    assert {(c.category, c.kind): (c.billed_nano, c.quantity, c.lines) for c in cells} == {
        ("usage", "input"): (2_999_999, None, 2),
        ("usage", "output"): (3_000_000, 2, 1),
        ("credit", None): (-9, None, 1),
    }


def test_a_query_that_its_memory_is_too_small_for_takes_more(
    lake: Lake, conform: Write, run_row: Make, caplog: pytest.LogCaptureFixture
) -> None:
    log = conform([run_row("r1", stamp="bump")])

    hints = Queries(lake, Limits(memory="100KB")).run_hints([log], [])

    assert {hint.value for hint in hints} == {"bump", "ws_1"}
    assert "a query needs more than 100KB" in caplog.text
