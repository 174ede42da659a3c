"""The ledger: one object over the database, each method one transaction.

The rules stand in the modules beside this one; here is only which of them share a
transaction, and the named moments between them.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, insert, select

from tasks.core.batches import Reject, Stream, Watermark
from tasks.core.books import BookKey, DayBasis, Destination, Label, Night, Snapshot
from tasks.core.budgeting.pool_days import PoolDay
from tasks.core.errors import LedgerError
from tasks.core.work.work_items import ItemEvent
from tasks.ledger import (
    booking,
    configs,
    intake,
    memos,
    quarantine,
    reads,
    snapshots,
    tables,
)
from tasks.ledger.breaks import AgedBreak, read_current, read_first_seen
from tasks.ledger.connect import open_engine, reading, writing
from tasks.ledger.door import no_step
from tasks.ledger.gate_door import GateDoor
from tasks.ledger.guards import assert_guards
from tasks.ledger.outbox import Message
from tasks.ledger.outbox_door import OutboxDoor
from tasks.ledger.period_door import PeriodDoor
from tasks.ledger.pools import read_pool_days
from tasks.ledger.proof_door import ProofDoor
from tasks.ledger.quarantine import Place, Quarantined
from tasks.ledger.reads import Booked, FamilyTotal, Reconciled
from tasks.ledger.snapshots import Choice, Which
from tasks.ledger.upgrade import current_revision
from tasks.ledger.waits import LedgerWaits

#: Moments, in order, at which a kill must leave the books as they were or as they should be.
STEPS = (
    *("pull.begun", "pull.snapshots", "pull.rejects", "pull.watermark", "pull.committed"),
    *("conform.begun", "conform.snapshots", "conform.rejects", "conform.events"),
    *("conform.labels", "conform.committed"),
    *("night.begun", "night.locked", "night.verified", "night.reconciled", "night.posted"),
    *("night.observed", "night.chained", "night.queued", "night.committed"),
)


class Ledger(ProofDoor, PeriodDoor, GateDoor, OutboxDoor):
    """An open ledger database, of this code's own revision and bound to one lake.

    Attributes:
        waits: The store of waits for the transport.
    """

    def __init__(self, engine: Engine, steps: Callable[[str], None] = no_step) -> None:
        super().__init__(engine, steps)
        self.waits = LedgerWaits(engine)

    @classmethod
    def open(cls, url: str, *, lake_id: str, steps: Callable[[str], None] = no_step) -> Self:
        """Open a ledger that `tasks.ledger.upgrade.upgrade` has prepared; never migrates.

        Args:
            url: Of the database; never repeated in an error.
            lake_id: Identity of the lake in use; the first one a ledger sees is its own.
            steps: Called at each of `STEPS`.

        Raises:
            LedgerError: The revision is another, a guard is missing, the lake is another one, or
                the database does not answer.
        """
        engine = open_engine(url)
        try:
            _refuse_other_revision(engine)
            with reading(engine) as connection:
                assert_guards(connection)
                known = _bound_lake(connection)
            if known is None:
                known = _bind_lake(engine, lake_id)
            _refuse_other_lake(known, lake_id)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, steps)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        """Use as a context; closes at its end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    @contextmanager
    def history(self) -> Iterator[Connection]:
        """Open one moment's view for the reads of `tasks.ledger.history`."""
        with reading(self._engine) as connection:
            yield connection

    # --- pulls

    def last_pull(self, source: str, stream: str) -> int:
        """Give the number of the newest pull of a stream, to be the next one's `basis`."""
        with reading(self._engine) as connection:
            return intake.last_pull(connection, source, stream)

    def watermark(self, source: str, stream: str) -> Watermark | None:
        """Read how far a stream has been read; None if never."""
        with reading(self._engine) as connection:
            return intake.read_watermark(connection, source, stream)

    def record_pull(
        self,
        source: str,
        stream: Stream,
        *,
        snapshots: Sequence[Snapshot],
        rejects: Mapping[date, Sequence[Reject]],
        watermark: Watermark | None,
        recorded_at: datetime,
        basis: int | None = None,
    ) -> tuple[int, ...]:
        """Record one pull: snapshots, rejects and watermark. See `tasks.ledger.intake.Pull`."""
        pull = intake.Pull(source, stream, snapshots, rejects, watermark, recorded_at, basis)
        self._steps("pull.begun")
        with writing(self._engine) as connection:
            numbers = intake.add_pull(connection, pull, self._steps)
        self._steps("pull.committed")
        return numbers

    # --- conforming

    def record_conformed(
        self,
        conformed: Sequence[Snapshot],
        *,
        rejects: Mapping[tuple[str, str, date], Sequence[Reject]],
        events: Sequence[Mapping[str, object]] = (),
        labels: Sequence[Label] = (),
        recorded_at: datetime,
        basis: int | None = None,
    ) -> tuple[int, ...]:
        """Record what was conformed and checked.

        Args:
            conformed: Snapshots of the conformed layer.
            rejects: By (source, stream, day), what checks refused; empty ones clear a day.
            events: Rows of the conformed table `work_item_events`; known ones are left out.
            labels: Names of items, replacing older ones.
            recorded_at: Aware UTC; a label.
            basis: `newest_seq` as read before the raw files were chosen; None to not look.

        Returns:
            One sequence number a snapshot; one equal to the newest of its key keeps that number.

        Raises:
            StaleNightError: One of the days has newer raw content than `basis`.
        """
        self._steps("conform.begun")
        with writing(self._engine) as connection:
            if basis is not None:
                intake.refuse_newer_raw(connection, rejects, basis)
            numbers = snapshots.add_snapshots(connection, conformed, accumulates=False)
            self._steps("conform.snapshots")
            for (source, stream, day), refused in sorted(rejects.items()):
                place = Place(source, stream, "conformed", day)
                quarantine.add_rejects(
                    connection, place, refused, adds=False, recorded_at=recorded_at
                )
            self._steps("conform.rejects")
            intake.add_events(connection, events)
            self._steps("conform.events")
            intake.put_labels(connection, labels)
            self._steps("conform.labels")
        self._steps("conform.committed")
        return numbers

    # --- what is known

    def newest_seq(self) -> int:
        """Give the newest sequence number of snapshots and quarantine; 0 if there is none."""
        with reading(self._engine) as connection:
            return snapshots.newest_seq(connection)

    def seq_as_of(self, instant: datetime) -> int:
        """Give the newest sequence number recorded by an instant; 0 if there is none."""
        with reading(self._engine) as connection:
            return snapshots.seq_as_of(connection, instant)

    def snapshots_as_of(
        self,
        seq: int,
        *,
        layer: str,
        which: Which = Which.NEWEST,
        table: str | None = None,
        source: str | None = None,
        stream: str | None = None,
        start: date | None = None,
        end: date | None = None,
    ) -> list[Snapshot]:
        """Read snapshots as of a sequence number, oldest first. See `Which`."""
        choice = Choice(layer, which, table, source, stream, start, end)
        with reading(self._engine) as connection:
            return snapshots.choose_snapshots(connection, seq, choice)

    def rejects_as_of(
        self, seq: int, *, start: date | None = None, end: date | None = None
    ) -> list[Quarantined]:
        """Read what was in quarantine as of a sequence number."""
        with reading(self._engine) as connection:
            return quarantine.rejects_as_of(connection, seq, start, end)

    def item_events(
        self, items: Sequence[str] | None = None, *, observed_by: datetime | None = None
    ) -> list[ItemEvent]:
        """Read events of work items in order of occurrence. See `tasks.core.work.item_states`."""
        with reading(self._engine) as connection:
            return intake.read_events(connection, items, observed_by)

    def item_stamps(self, *, observed_by: datetime | None = None) -> dict[str, str]:
        """Read the stamps, by name, of the work items that carry a workflow's stamp themselves."""
        with reading(self._engine) as connection:
            return intake.read_item_stamps(connection, observed_by)

    def labels(self, kind: str, keys: Sequence[str] | None = None) -> dict[str, str]:
        """Read names by key; unknown keys are left out."""
        with reading(self._engine) as connection:
            return intake.read_labels(connection, kind, keys)

    # --- configuration

    def store_config_version(
        self, kind: str, digest: str, body: str, recorded_at: datetime
    ) -> None:
        """Record a configuration or rates (catalog, policy, sources, card, fx) as newest."""
        with writing(self._engine) as connection:
            configs.add_version(connection, kind, digest, body, recorded_at)

    def newest_config(self, kind: str) -> str | None:
        """Give the digest of the newest version of a kind; None if there is none."""
        with reading(self._engine) as connection:
            return configs.newest_version(connection, kind)

    def config_body(self, kind: str, digest: str) -> str:
        """Read what a digest stands for; LedgerError if it was never recorded."""
        with reading(self._engine) as connection:
            return configs.version_body(connection, kind, digest)

    # --- books

    def books_at(self, as_of: datetime | None = None) -> int:
        """Give the number of the newest night; read it before `posted` and `last_bases`."""
        with reading(self._engine) as connection:
            return reads.read_books_at(connection, as_of)

    def posted(
        self, start: date, end: date, *, books_at: int | None = None
    ) -> dict[tuple[BookKey, Destination], int]:
        """Sum what is posted for days from `start` to `end`, in nano, by the night `books_at`."""
        with reading(self._engine) as connection:
            return reads.read_posted(connection, start, end, None, books_at)

    def last_bases(
        self, start: date, end: date, *, books_at: int | None = None
    ) -> dict[tuple[str, date], DayBasis]:
        """Read what the books of each (issuer, day) were last made of, by the night `books_at`."""
        with reading(self._engine) as connection:
            return reads.read_last_bases(connection, start, end, books_at)

    def book_night(
        self,
        night: Night,
        *,
        books_at: int,
        bases: Sequence[DayBasis],
        recorded_at: datetime,
        held: Collection[tuple[str, date]] = (),
        configs: Mapping[str, str] | None = None,
        messages: Sequence[Message] = (),
        acts_at: int = 0,
    ) -> Booked:
        """Book a night, or nothing. See `tasks.ledger.booking`.

        Raises:
            StaleNightError: Newer snapshots, quarantine, configuration, books or acts upon periods
                arrived meanwhile.
            LedgerError: The night is unsound, or would change a closed period.
        """
        order = booking.Booking(
            *(night, books_at, bases, recorded_at, held, configs or {}, messages, acts_at)
        )
        self._steps("night.begun")
        with writing(self._engine) as connection:
            booked = booking.book(connection, order, self._steps)
        self._steps("night.committed")
        return booked

    def last_reconciliation(
        self, start: date | None = None, end: date | None = None
    ) -> Reconciled | None:
        """Read the newest night by business time, of one exact window or of any."""
        with reading(self._engine) as connection:
            return reads.read_last_reconciliation(connection, start, end)

    def family_totals(self, start: date, end: date) -> list[FamilyTotal]:
        """Sum postings by billing period and destination for charge days in a window."""
        with reading(self._engine) as connection:
            return reads.read_family_totals(connection, start, end)

    def pool_days(self, start: date, end: date, *, books_at: int | None = None) -> list[PoolDay]:
        """Sum what is booked for each budget pool, by charge day from `start` to `end`."""
        with reading(self._engine) as connection:
            return read_pool_days(connection, start, end, books_at)

    def breaks_current(self, start: date | None = None, end: date | None = None) -> list[AgedBreak]:
        """Read the breaks that stand now, with their age."""
        with reading(self._engine) as connection:
            return read_current(connection, start, end)

    def breaks_first_seen(
        self, start: date, end: date, *, by: datetime | None = None
    ) -> dict[str, datetime]:
        """Read since when breaks of a window are known, by id, whether they stand or not."""
        with reading(self._engine) as connection:
            return read_first_seen(connection, start, end, by)

    # --- memos

    def record_memo(self, key: str, digest: str, recorded_at: datetime) -> None:
        """Record the digest of what is kept in the lake. See `tasks.ledger.memos`."""
        with writing(self._engine) as connection:
            memos.add_memo(connection, key, digest, recorded_at)

    def knows_memo(self, key: str, digest: str) -> bool:
        """Tell whether this ledger recorded exactly this memo."""
        with reading(self._engine) as connection:
            return memos.knows_memo(connection, key, digest)


def _refuse_other_revision(engine: Engine) -> None:
    found = current_revision(engine)
    if found != tables.REVISION:
        message = (
            f"ledger: the database is at revision {found or 'none'}, this code needs"
            f" {tables.REVISION}: run `graduand migrate`; flows never do"
        )
        raise LedgerError(message)


def _bound_lake(connection: Connection) -> str | None:
    meta = tables.meta
    return connection.execute(select(meta.c.value).where(meta.c.key == "lake_id")).scalar()


def _bind_lake(engine: Engine, lake_id: str) -> str:
    """Make the first lake that a ledger sees its own; give the one it has."""
    with writing(engine) as connection:
        known = _bound_lake(connection)  # of two first openers, the other may have won
        if known is None:
            connection.execute(insert(tables.meta).values(key="lake_id", value=lake_id))
        return known or lake_id


def _refuse_other_lake(known: str, lake_id: str) -> None:
    if known != lake_id:
        message = (
            f"ledger: it belongs to lake {known!r}, the lake in use is {lake_id!r}: point both"
            " settings at stores of the same installation"
        )
        raise LedgerError(message)
