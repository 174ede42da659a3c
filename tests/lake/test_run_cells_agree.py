"""The set-wise attribution against a loop that takes one run at a time, the way rules are told."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from tempfile import TemporaryDirectory

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tasks.core.books import Strength
from tasks.core.cells import Candidate, Dimension, Resolutions, StageSpan
from tasks.core.tables import RUNS
from tasks.lake.queries import Queries
from tasks.lake.run_cells import RunLog
from tasks.lake.store import Lake

Run = dict[str, object]
Seen = Counter[tuple[object, ...]]

DAY = date(2026, 11, 20)
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
WORKFLOWS = ("bump", "docs", "fix")
HINTS = ("stamp", "branch_prefix", "repo", "actor", "work_item", "branch_item")
COLUMN = {dimension: dimension.value for dimension in Dimension}
PER_ISSUER = {Dimension.ACCOUNT, Dimension.API_KEY}
PRECEDENCE = {"first": 1, "second": 2}

values = st.sampled_from(["a", "b", "c"])
runs = st.lists(
    st.fixed_dictionaries(
        {
            **dict.fromkeys((*HINTS, "account", "api_key"), st.none() | values),
            "issuer": st.sampled_from(["x", "y"]),
            "source": st.sampled_from(["first", "second"]),
            "started_at": st.none()
            | st.integers(-40, 20).map(lambda hours: MIDNIGHT + timedelta(hours=hours)),
            "input_tokens": st.none() | st.integers(0, 10),
        }
    ),
    max_size=12,
)
candidates = st.lists(
    st.builds(
        Candidate,
        dimension=st.sampled_from(list(Dimension)),
        issuer=st.sampled_from(["x", "y"]),
        value=values,
        workflow=st.sampled_from(WORKFLOWS),
        strength=st.just(Strength.STAMP),
        rank=st.integers(0, 5),
        rule=st.just("rule"),
    ).map(lambda one: one if one.dimension in PER_ISSUER else replace(one, issuer="")),
    max_size=10,
)
#: A change of stage on one of the days around, for each workflow; or no stage before it.
changes = st.tuples(*(st.tuples(st.integers(-3, 1), st.booleans()) for _ in WORKFLOWS))
foreign = st.lists(st.tuples(st.sampled_from(WORKFLOWS), values), max_size=3)


@settings(
    max_examples=40, phases=(Phase.explicit, Phase.generate)
)  # shrinking writes too many files
@given(runs, candidates, changes, foreign)
def test_every_run_goes_where_the_rules_say(
    rows: list[Run],
    claims: list[Candidate],
    turns: tuple[tuple[int, bool], ...],
    outside: list[tuple[str, str]],
) -> None:
    spans = _spans(turns)
    resolved = Resolutions(tuple(claims), tuple(spans), tuple(outside))
    for number, row in enumerate(rows):
        row |= {"run_id": f"r{number}", "day": DAY, "ended_at": MIDNIGHT, "model": "m"}
        row["purpose"] = "work"

    assert _asked(rows, resolved) == _told(rows, resolved)


def _spans(turns: tuple[tuple[int, bool], ...]) -> list[StageSpan]:
    spans = []
    for workflow, (offset, has_stage_before) in zip(WORKFLOWS, turns, strict=True):
        turn = DAY + timedelta(days=offset)
        spans.append(StageSpan(workflow, turn, None, "production", "f", "p"))
        if has_stage_before:
            before = turn - timedelta(days=1)
            spans.append(StageSpan(workflow, date(2026, 1, 1), before, "exploration", "f", "p"))
    return spans


def _asked(rows: list[Run], resolved: Resolutions) -> Seen:
    seen: Seen = Counter()
    with TemporaryDirectory() as place:
        lake = Lake.open(place)
        logs = []
        for source, precedence in PRECEDENCE.items():
            written = lake.write_conformed(
                RUNS,
                [row for row in rows if row["source"] == source],
                source=source,
                stream="runs",
                day=DAY,
                parser="1",
                raw_sha="raw",
                is_complete=True,
                recorded_at=MIDNIGHT,
            )
            logs.append(RunLog(written.snapshot, precedence))
        for cell in Queries(lake).run_cells(logs, resolved):
            where = (cell.issuer, cell.account, cell.api_key)
            what = (cell.workflow, cell.pool, cell.is_out_of_scope)
            seen[*where, *what, "runs"] += cell.runs
            seen[*where, *what, "tokens"] += cell.tokens[0].tokens
            seen[*where, *what, "unreported"] += cell.tokens[0].unreported
    return +seen


def _told(rows: list[Run], resolved: Resolutions) -> Seen:
    best: dict[tuple[object, object], int] = {}
    for row in rows:
        place = (row["issuer"], row["account"])
        best[place] = min(best.get(place, 9), PRECEDENCE[str(row["source"])])
    seen: Seen = Counter()
    for row in rows:
        if PRECEDENCE[str(row["source"])] != best[row["issuer"], row["account"]]:
            continue
        where = (row["issuer"], row["account"], row["api_key"])
        what = _judged(row, resolved)
        tokens = row["input_tokens"]
        seen[*where, *what, "runs"] += 1
        seen[*where, *what, "tokens"] += tokens if isinstance(tokens, int) else 0
        seen[*where, *what, "unreported"] += tokens is None
    return +seen


def _judged(row: Run, resolved: Resolutions) -> tuple[str, str, bool]:
    started = row["started_at"] or row["ended_at"]
    assert isinstance(started, datetime)
    for claim in sorted(resolved.candidates, key=lambda one: (one.rank, one.workflow)):
        if not _is_hinted(row, claim):
            continue
        for span in resolved.stages:
            is_over = span.to_day is not None and started.date() > span.to_day
            if span.workflow == claim.workflow and span.from_day <= started.date() and not is_over:
                outside = (claim.workflow, row["repo"]) in resolved.out_of_scope
                return claim.workflow, "exploration" if outside else span.pool, outside
    return "", "", False


def _is_hinted(row: Run, claim: Candidate) -> bool:
    if claim.dimension in PER_ISSUER and claim.issuer != row["issuer"]:
        return False
    if claim.dimension is Dimension.WORK_ITEM:
        return claim.value in (row["work_item"], row["branch_item"])
    return row[COLUMN[claim.dimension]] == claim.value
