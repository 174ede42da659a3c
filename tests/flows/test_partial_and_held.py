"""What cannot be read holds nothing else up, reduces nothing, and is named; then it heals."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import tasks.reconcile
import tasks.validate
from config.shapes.sources import Issuer, Source
from sandbox.server import Sandbox
from tasks.core.batches import Conformed, RawRow, Stream
from tasks.core.night import Books, NightInputs
from tasks.core.night_report import NightReport
from tasks.core.reconciling.reconcile import reconcile as reconcile_books
from tasks.report import end_state
from tasks.sources.registry import Adapter
from tasks.sources.registry import adapter_of as real_adapter
from tests.flows.nights import FIRST, SOME, THIRD, WINDOW, Night, run
from tests.flows.stores import Stores, by_day

EARLIER, LATER = WINDOW
#: Both days of the first night, and one that no night has read before.
WIDER = (EARLIER, date(2026, 11, 7))
NEW_DAY = WIDER[1]

NewStores = Callable[..., Stores]
Use = Callable[[Stores], Stores]


class HurriedClock:
    """Tells the time, and lets every pause pass at once."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def sleep(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.pull.SystemClock", HurriedClock)
    # A source that keeps silent is given up at once, instead of after a minute.
    monkeypatch.setattr("tasks.transport.wire._READ_S", 0.2)


def name_of(night: NightReport) -> str:
    return end_state(night).name or ""


@pytest.mark.parametrize(
    ("database_kind", "mode"),
    # How a source fails is no matter of the database.
    [("sqlite", "500"), ("sqlite", "garbage"), ("sqlite", "timeout"), ("postgresql", "500")],
    indirect=["database_kind"],
)
def test_a_source_that_fails_stops_no_other_and_its_days_are_named(
    stores: Stores, sandbox: Sandbox, mode: str
) -> None:
    sandbox.move_to(THIRD)
    sandbox.faults.fail("openai", mode)
    before = stores.costs()

    night = run(Night(THIRD, window=WIDER))

    after = stores.costs()
    assert (night.status, name_of(night)) == ("partial", "Partial")
    assert {(one.source, one.stream) for one in night.failures} == {
        ("openai", "usage"),
        ("openai", "costs"),
    }
    assert night.books.missing == (f"openai {NEW_DAY}",)
    assert any(f"openai {NEW_DAY}" in reason for reason in night.reasons)
    assert night.books.completeness_ppm < 1_000_000
    # What was known of the silent source stays; the other one is booked, corrections included.
    known = {place: nano for place, nano in before.items() if place[0].issuer == "openai"}
    assert {place: nano for place, nano in after.items() if place[0].issuer == "openai"} == known
    assert {key.issuer for key, _ in by_day(after, NEW_DAY)} == {"anthropic"}
    assert dict(night.causes).keys() == {"new", "restated"}
    stores.verified()


def test_the_night_after_a_partial_one_heals(
    sandbox: Sandbox, new_stores: NewStores, use: Use
) -> None:
    sandbox.move_to(THIRD)
    calm = use(new_stores())
    run(Night(THIRD, window=WIDER))

    stores = use(new_stores())
    sandbox.faults.fail("anthropic", "500")
    failed = run(Night(THIRD, window=WIDER))
    sandbox.faults.fail("anthropic", "ok")
    healed = run(Night(THIRD, window=WIDER))

    assert (failed.status, healed.status) == ("partial", "tied")
    assert (stores.sums(), stores.breaks()) == (calm.sums(), calm.breaks())
    assert stores.digest() == calm.digest()


def test_all_sources_failing_books_nothing_and_reduces_nothing(
    stores: Stores, sandbox: Sandbox
) -> None:
    for source in ("jira", "anthropic", "openai"):
        sandbox.faults.fail(source, "garbage")
    before = stores.sums()

    night = run(Night(FIRST, only=("jira", "anthropic", "openai")))

    assert name_of(night) == "Partial"
    assert len(night.failures) == 5
    assert night.causes == ()
    assert stores.sums() == before


@pytest.mark.parametrize(
    ("damage", "source", "table", "held"),
    [
        ("missing", "anthropic", "charges", {"anthropic"}),
        ("short", "agent-logs", "runs", {"anthropic", "openai"}),
    ],
)
def test_a_damaged_file_holds_its_day_and_leaves_it_as_booked(
    stores: Stores, damage: str, source: str, table: str, held: set[str]
) -> None:
    before, digest = stores.sums(), stores.digest()
    (file,) = stores.files_of("conformed", source, EARLIER, table)
    whole = file.read_bytes()
    hurt(file, damage)

    night = run(Night(FIRST))

    assert (night.status, name_of(night)) == ("held", "Held")
    assert all(f"{issuer} {EARLIER}" in " ".join(night.reasons) for issuer in held)
    assert str(LATER) not in " ".join(night.reasons)
    assert night.causes == ()
    assert stores.sums() == before

    file.write_bytes(whole)
    assert run(Night(FIRST)).status == "tied"
    assert stores.digest() == digest


def hurt(file: Path, damage: str) -> None:
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-1])


def test_a_held_day_takes_no_correction_and_the_others_do(stores: Stores, sandbox: Sandbox) -> None:
    sandbox.move_to(THIRD)
    (file,) = stores.files_of("conformed", "agent-logs", EARLIER)
    file.unlink()
    before = stores.costs()

    # Anthropic restates the held day; the day after is seen for the first time.
    night = run(Night(THIRD, window=WIDER))

    after = stores.costs()
    assert night.status == "held"
    assert by_day(after, EARLIER) == by_day(before, EARLIER)
    assert {key.issuer for key, _ in by_day(after, NEW_DAY)} == {"anthropic", "openai"}


def test_a_first_report_that_is_gone_holds_its_restated_day(
    stores: Stores, sandbox: Sandbox
) -> None:
    sandbox.move_to(THIRD)
    (first,) = stores.files_of("conformed", "anthropic", EARLIER, "charges")
    first.unlink()
    before = stores.costs()

    night = run(Night(THIRD))

    assert night.status == "held"
    assert f"anthropic {EARLIER}" in " ".join(night.reasons)
    assert by_day(stores.costs(), EARLIER) == by_day(before, EARLIER)


def test_a_batch_that_fails_its_checks_holds_its_day_until_it_is_mended(
    stores: Stores, sandbox: Sandbox
) -> None:
    sandbox.move_to(THIRD)
    before = stores.costs()

    def misread(
        stream: Stream,
        config: Source,
        rows: Sequence[RawRow],
        key: date,
        issuers: Mapping[str, Issuer],
    ) -> Conformed:
        conformed = real_adapter(config).conform(stream, config, rows, key, issuers)
        return replace(conformed, rows=[{**row, "currency": "dollars"} for row in conformed.rows])

    def misreading(source: Source) -> Adapter:
        adapter = real_adapter(source)
        return replace(adapter, conform=misread) if source.name == "anthropic" else adapter

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks.validate, "adapter_of", misreading)
        night = run(Night(THIRD))  # Anthropic restates the earlier day

    assert (night.status, name_of(night)) == ("held", "Held")
    reasons = " ".join(night.reasons)
    assert "rows fail their checks" in reasons
    assert f"anthropic {EARLIER}" in reasons
    assert stores.costs() == before

    assert run(Night(THIRD)).causes == (("restated", 1),)


def test_a_difference_that_nothing_explains_holds_the_night_and_books_nothing(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stores.sums()

    def misled(inputs: NightInputs) -> Books:
        books = reconcile_books(inputs)
        (key, lines), *others = books.desired.items()
        swapped = {replace(to, workflow="nobody"): nano for to, nano in lines.items()}
        return replace(books, desired={key: swapped, **dict(others)})

    monkeypatch.setattr(tasks.reconcile, "reconcile_books", misled)
    shutil.rmtree(stores.lake / "aggregates")  # or the memo of the same night would be served

    night = run(Night(FIRST))

    assert name_of(night) == "Held"
    assert "nothing they are made of did" in night.reasons[0]
    assert not night.is_booked
    assert stores.sums() == before


def test_a_file_that_is_no_log_is_refused_and_the_money_is_booked(
    sandbox: Sandbox, new_stores: NewStores, use: Use
) -> None:
    stores = use(new_stores(is_empty=True))
    (sandbox.folder / "agent-logs" / "core.ndjson").write_bytes(bytes(range(256)) * 64)

    night = run(Night(FIRST, only=SOME))

    (failure,) = night.failures
    assert (failure.source, name_of(night)) == ("agent-logs", "Partial")
    assert {key.issuer for key, _ in stores.costs()} == {"anthropic", "openai"}
    assert stores.verified().entries == len(stores.causes())


def test_a_log_that_is_not_there_is_told_and_takes_nothing_away(
    stores: Stores, sandbox: Sandbox
) -> None:
    before = stores.sums()
    for file in (sandbox.folder / "agent-logs").iterdir():
        file.unlink()

    night = run(Night(FIRST))

    assert name_of(night) == "Partial"
    assert [(one.source, one.stream) for one in night.failures] == [("agent-logs", "runs")]
    assert stores.sums() == before
