"""A month is soft-closed, signed, closed and reopened; what comes later is corrected in the open.

October of the sandbox: on the night after its end Anthropic has metered the last day and not
billed it.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.testing.utilities import prefect_test_harness

import tasks.close
import tasks.pull
from cli.main import main
from config.shapes.sources import Source
from flows.month_close import month_close
from sandbox.server import Sandbox
from tasks.close import close_period, close_state, night_looks_back_to, periods_to_close
from tasks.core.batches import Batch, Pulled, Stream, StreamKind, Watermark
from tasks.core.books import BookKey, Cause, Destination, DestinationKind
from tasks.core.month_end.close_report import CloseReport, Signature
from tasks.core.month_end.periods import Act, PeriodState
from tasks.core.people import Door
from tasks.core.plan import PlanError
from tasks.pages.close import close_line, roll_up, run_name, what_to_do
from tasks.sources.registry import Adapter
from tasks.sources.registry import adapter_of as real_adapter
from tests.databases import NewDatabase
from tests.flows.conftest import settings_of
from tests.flows.nights import Night, run, watched
from tests.flows.stores import Stores

PERIOD = "2026-10"
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))
LAST = OCTOBER[1]
#: Billed the day before the restatement, and far from every scripted trouble.
RESTATED = date(2026, 10, 20)
#: The organisation has no earlier days; from the close's day on they need only be named.
BEFORE = ("anthropic 2026-10-01 to 2026-10-14", "openai 2026-10-01 to 2026-10-14")
MONEY = ("agent-logs", "anthropic", "openai")
AFTER_THE_END = datetime(2026, 11, 1, 4, tzinfo=UTC)
SOFT_CLOSE = datetime(2026, 11, 2, 6, tzinfo=UTC)
NEXT_NIGHT = datetime(2026, 11, 3, 4, tzinfo=UTC)
CLOSE = datetime(2026, 11, 5, 6, tzinfo=UTC)
LATER = datetime(2026, 11, 10, 4, tzinfo=UTC)
only_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

NewStores = Callable[[str], Stores]


@pytest.fixture(scope="module")
def ended(
    begun: Callable[[str], tuple[Stores, Stores]],
    organisation: Sandbox,
    common_environment: dict[str, str],
    lasting_databases: Callable[[str], NewDatabase],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, int], Stores]:
    """Give, for a kind of database, stores after so many nights of October, made once."""
    made: dict[tuple[str, int], Stores] = {}

    def stores(kind: str, nights: int) -> Stores:
        if (kind, nights) not in made:
            new_database = lasting_databases(kind)
            folder = tmp_path_factory.mktemp("ended") / "stores"
            before = stores(kind, nights - 1) if nights > 1 else begun(kind)[0]
            copy = before.copy_to(folder, new_database)
            if nights == 1:
                copy.edit(
                    "policy.yaml",
                    ("soft_close_business_day: 5", "soft_close_business_day: 1"),
                    ("final_after_days: 45", "final_after_days: 4"),
                )
            moment = (AFTER_THE_END, NEXT_NIGHT)[nights - 1]
            with pytest.MonkeyPatch.context() as patch:
                for name, value in settings_of(copy, common_environment).items():
                    patch.setenv(name, value)
                organisation.move_to(moment)
                if nights > 1:
                    close_period.fn(PERIOD, as_of=SOFT_CLOSE, dry_run=False)
                run(Night(moment, window=OCTOBER, only=MONEY))
            made[kind, nights] = copy
        return made[kind, nights]

    return stores


@pytest.fixture
def after(
    ended: Callable[[str, int], Stores],
    database_kind: str,
    new_database: NewDatabase,
    use: Callable[[Stores], Stores],
    sandbox: Sandbox,
    tmp_path: Path,
) -> Callable[[int], Stores]:
    """Give stores of a test's own after one night of October, or after two and a soft close."""
    _ = sandbox

    def stores(nights: int) -> Stores:
        return use(ended(database_kind, nights).copy_to(tmp_path / "stores", new_database))

    return stores


def closing(as_of: datetime = CLOSE, *, dry_run: bool = False) -> CloseReport:
    return close_period.fn(PERIOD, as_of=as_of, dry_run=dry_run)


def sign(stores: Stores, report: CloseReport, **changed: str) -> None:
    """Merge the line that the report shows, as finance would."""
    line = close_line(report).replace("<role>", "controller")
    for old, new in changed.items():
        line = line.replace(getattr(report, old), new)
    path = stores.config / "finance.yaml"
    path.write_text(f"{path.read_text()}\ncloses:\n{line}\n")


def reopen(stores: Stores) -> None:
    path = stores.config / "finance.yaml"
    path.write_text(
        f"{path.read_text()}\nreopenings:\n"
        f'  - {{billing_period: "{PERIOD}", by: controller, on: {LATER.date()},'
        " reason: a refund}\n"
    )


def accruals(stores: Stores) -> dict[BookKey, int]:
    return {
        key: nano for (key, to), nano in stores.sums().items() if to.kind is DestinationKind.ACCRUAL
    }


def of_origin(stores: Stores) -> dict[tuple[BookKey, Destination], int]:
    return {of: nano for of, nano in stores.sums().items() if of[0].origin_period == PERIOD}


def digest_of(stores: Stores) -> str:
    with stores.ledger() as ledger:
        return ledger.nights_of_period(PERIOD).digest


@pytest.fixture
def _restating(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Anthropic bill a dollar more for one day of October, as told from `LATER` on."""

    def dearer(batch: Batch) -> Batch:
        rows = [dict(row) for row in batch.rows]
        if batch.key == RESTATED and rows:
            rows[0]["amount"] = str(Decimal(str(rows[0]["amount"])) + 100)
        return replace(batch, rows=rows)

    def adapter_of(source: Source) -> Adapter:
        adapter = real_adapter(source)
        if source.name != "anthropic":
            return adapter

        def fetch(
            stream: Stream,
            client: Any,
            config: Any,
            window: tuple[date, date],
            watermark: Watermark | None,
            now: datetime,
            door: Door,
        ) -> Pulled:
            pulled = adapter.fetch(stream, client, config, window, watermark, now, door)
            if stream.table != "charges" or now < LATER:
                return pulled
            return replace(pulled, batches=[dearer(batch) for batch in pulled.batches])

        return replace(adapter, fetch=fetch)

    monkeypatch.setattr(tasks.pull, "adapter_of", adapter_of)


def late_night() -> Night:
    return Night(LATER, window=(RESTATED, RESTATED), only=("anthropic",))


@pytest.mark.usefixtures("_restating")
def test_a_month_is_soft_closed_billed_signed_closed_and_corrected_in_the_open(
    after: Callable[[int], Stores], sandbox: Sandbox
) -> None:
    stores = after(1)

    rehearsed = closing(SOFT_CLOSE, dry_run=True)
    assert ([act.act for act in rehearsed.done], accruals(stores)) == ([Act.SOFT_CLOSED], {})
    soft = closing(SOFT_CLOSE)
    waiting = accruals(stores)
    assert soft.state is PeriodState.SOFT_CLOSED
    assert {(key.issuer, key.day) for key in waiting} == {("anthropic", LAST)}
    assert dict(soft.accrued) == {"USD": sum(waiting.values())} == dict(rehearsed.accrued)
    assert min(waiting.values()) > 0
    left = {one.code: one.which for one in soft.missing()}
    assert left == {"booked": (BEFORE[0], f"anthropic {LAST}", BEFORE[1])}
    assert "2 things left" in run_name([soft])
    assert closing(SOFT_CLOSE).done == ()
    assert accruals(stores) == waiting, "posted once"

    sandbox.move_to(NEXT_NIGHT)
    billed = run(Night(NEXT_NIGHT, window=OCTOBER, only=MONEY))
    assert dict(billed.causes).keys() == {"new"}
    assert accruals(stores) == {}, "taken back with the bill"

    ready = closing()
    assert (ready.missing(), ready.signature) == ((), Signature.NONE)
    assert close_line(ready) in what_to_do([ready])
    sign(stores, ready)
    done = closing()
    assert (done.state, done.takes_over, done.things_left()) == (PeriodState.CLOSED, "2026-11", 0)
    assert [(act.digest, act.named) for act in done.done] == [(ready.digest, BEFORE)]
    assert run_name([done]) == f"{PERIOD} · closed"
    assert closing().done == ()
    assert night_looks_back_to(LATER) == date(2026, 11, 1)

    before = stores.sums()
    sandbox.move_to(LATER)
    restated = run(late_night())
    assert restated.causes == (("restated", 1),)
    corrections = of_origin(stores)
    assert {key.billing_period for key, _ in corrections} == {"2026-11"}
    assert {key.day for key, _ in corrections} == {RESTATED}
    dollar = 1_000_000_000
    assert (
        sum(n for (_, to), n in corrections.items() if to.kind is DestinationKind.PAYABLE)
        == -dollar
    )
    assert {of: nano for of, nano in stores.sums().items() if of not in corrections} == before
    assert digest_of(stores) == ready.digest
    assert run(late_night()).causes == (), "and once"
    with stores.ledger() as ledger:
        assert ledger.deep_faults()["periods"] == []
        assert ledger.deep_faults()["seals"] == []
    stores.verified()


@only_sqlite
def test_no_close_waits_for_what_stands_beside_the_books(
    after: Callable[[int], Stores], monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = after(2)

    def adapter_of(source: Source) -> Adapter:
        adapter = real_adapter(source)
        use = Stream("use", StreamKind.REPORT, "squad_use")
        return replace(adapter, streams=(*adapter.streams, use))

    monkeypatch.setattr(tasks.close, "adapter_of", adapter_of)
    opinion = "  - {name: other, type: anthropic_enterprise, issuer: anthropic, secret: other,"
    place = "  - name: openai\n"
    stores.edit(
        "sources.yaml", (place, f"{opinion} base_url: https://api.anthropic.com}}\n{place}")
    )

    assert closing().missing() == ()


@only_sqlite
def test_before_its_business_day_a_period_stays_open(after: Callable[[int], Stores]) -> None:
    after(1)

    early = closing(AFTER_THE_END)
    assert (early.state, early.done) == (PeriodState.OPEN, ())
    assert run_name([early]) == f"{PERIOD} · open · soft close on 2026-11-02"


@only_sqlite
def test_a_month_from_before_the_first_night_stays_open(
    after: Callable[[int], Stores],
) -> None:
    after(1)

    report = close_period.fn("2026-09", as_of=CLOSE, dry_run=False)

    assert (report.state, report.done) == (PeriodState.OPEN, ())
    assert run_name([report]) == "2026-09 · open · nothing booked"


@only_sqlite
def test_a_line_for_other_books_closes_nothing_and_says_so(after: Callable[[int], Stores]) -> None:
    stores = after(2)
    ready = closing()
    assert ready.things_left() == 1
    sign(stores, ready, digest="0" * 64)

    refused = closing()

    assert (refused.state, refused.done) == (PeriodState.SOFT_CLOSED, ())
    state = close_state([refused])
    assert (state.name, state.is_failed()) == ("Refused", True)
    assert run_name([refused]) == f"{PERIOD} · soft-closed · signed for other books"
    page = what_to_do([refused])
    assert "closes nothing" in page
    assert ready.digest[:16] in page
    assert "0" * 16 in page


@only_sqlite
def test_a_signed_line_waits_until_everything_holds(after: Callable[[int], Stores]) -> None:
    stores = after(1)
    sign(stores, closing(SOFT_CLOSE))

    waiting = closing(SOFT_CLOSE)

    assert waiting.state is PeriodState.SOFT_CLOSED
    assert waiting.signature is Signature.FITS
    assert [one.code for one in waiting.missing()] == ["booked"]
    assert not close_state([waiting]).is_failed()


@only_sqlite
def test_a_day_that_cannot_be_read_stands_in_the_way(after: Callable[[int], Stores]) -> None:
    stores = after(2)
    for file in stores.files_of("conformed", "openai", RESTATED, "charges"):
        file.unlink()

    report = closing()

    assert {one.code: one.which for one in report.missing()} == {"held": (f"openai {RESTATED}",)}


@only_sqlite
def test_what_a_period_owes_is_told_by_issuer(after: Callable[[int], Stores]) -> None:
    stores = after(2)
    report = closing()

    books: Sequence[tuple[BookKey, int]] = [
        (key, nano) for (key, _), nano in stores.costs().items() if key.billing_period == PERIOD
    ]
    for row in report.rows:
        owed = sum(nano for key, nano in books if key.issuer == row.issuer)
        assert row.payable_nano() == owed
    assert {row.issuer for row in report.rows} == {"anthropic", "openai"}
    assert "| anthropic | none on file |" in roll_up([report])


@only_sqlite
def test_a_month_that_has_not_ended_is_refused(after: Callable[[int], Stores]) -> None:
    after(1)

    with pytest.raises(PlanError, match="2026-11 has not ended yet"):
        periods_to_close("2026-11", LATER)
    assert periods_to_close(None, LATER) == [PERIOD]


class Gate:
    """Holds the night of another thread where it is about to book, until it is opened."""

    def __init__(self) -> None:
        self.passed = 0
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, name: str) -> None:
        if name == "night.begun" and threading.current_thread().name.startswith("night"):
            self.passed += 1
            self.reached.set()
            assert self.opened.wait(120)


@only_sqlite
@pytest.mark.usefixtures("_restating")
def test_a_night_that_a_close_overtakes_books_its_correction_in_the_open_period(
    after: Callable[[int], Stores], sandbox: Sandbox
) -> None:
    stores = after(2)
    ready = closing()
    sign(stores, ready)
    gate = Gate()

    sandbox.move_to(LATER)
    with watched(gate), ThreadPoolExecutor(1, thread_name_prefix="night") as pool:
        late = pool.submit(run, late_night())
        assert gate.reached.wait(120)
        done = closing()
        gate.opened.set()
        night = late.result()

    assert done.state is PeriodState.CLOSED
    assert gate.passed == 2, "computed again"
    assert night.causes == (("restated", 1),)
    assert {key.billing_period for key, _ in of_origin(stores)} == {"2026-11"}
    assert digest_of(stores) == ready.digest
    assert stores.causes()[-1] is Cause.RESTATED


@only_sqlite
@pytest.mark.usefixtures("_restating")
def test_a_correction_of_a_reopened_period_is_booked_in_it(
    after: Callable[[int], Stores], sandbox: Sandbox
) -> None:
    stores = after(2)
    sign(stores, closing())
    closing()
    reopen(stores)
    again = closing(LATER)
    assert [act.act for act in again.done] == [Act.REOPENED]
    assert closing(LATER).state is PeriodState.REOPENED
    assert night_looks_back_to(LATER) == OCTOBER[0]
    assert closing(LATER).signature is Signature.NONE, "the old line has acted"

    sandbox.move_to(LATER)
    run(late_night())

    assert of_origin(stores) == {}
    assert stores.causes()[-1] is Cause.RESTATED


@pytest.fixture(scope="module")
def client() -> Iterator[SyncPrefectClient]:
    with prefect_test_harness(server_startup_timeout=120), get_client(sync_client=True) as opened:
        yield opened


@only_sqlite
def test_through_prefect_and_the_command_the_answer_is_the_runs_name(
    client: SyncPrefectClient,
    after: Callable[[int], Stores],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stores = after(1)
    monkeypatch.setenv("GRADUAND_NOW", SOFT_CLOSE.isoformat())

    state = month_close(return_state=True)

    run_id = state.state_details.flow_run_id
    assert run_id is not None
    assert (state.name, state.is_completed()) == ("Completed", True), state.message
    assert client.read_flow_run(run_id).name == f"{PERIOD} · soft-closed · 2 things left"
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
    texts = {str(one.key): str(one.data) for one in client.read_artifacts(artifact_filter=of_run)}
    assert set(texts) == {"month-close", "month-close-owed"}
    assert texts["month-close"].startswith(f"# {PERIOD} is soft-closed: 2 things left")
    assert accruals(stores)

    assert main(["close", "--period", PERIOD]) == 1
    told = capsys.readouterr().out
    assert "not yet       every vendor's day of it is booked" in told
    assert f'- billing_period: "{PERIOD}"\n' in told
    assert f'digest: "{digest_of(stores)}"\n' in told
    assert main(["close", "--period", "2026-11"]) == 2
    assert main(["close", "--period", "November"]) == 2
    assert "2026-11 has not ended yet" in capsys.readouterr().err
    assert main(["explain", "posting", f"{len(stores.causes())}.0"]) == 0
    told = capsys.readouterr().out
    assert "metered and not billed yet at the soft close" in told
