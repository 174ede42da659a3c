"""The ledger's methods about billing periods: what is in one, and what was done to it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from tasks.core.errors import StaleNightError
from tasks.core.month_end.periods import PeriodAct, newest_number
from tasks.ledger import acts as act_rows
from tasks.ledger import booking
from tasks.ledger.connect import reading, writing
from tasks.ledger.door import Door
from tasks.ledger.periods import PeriodBooks, PeriodReading, read_nights_of, read_period

#: Moments of an act, in order; see `tasks.ledger.ledger.STEPS`.
ACT_STEPS = ("act.begun", "act.locked", "act.added", "act.committed")


class PeriodDoor(Door):
    """Reads of a period, and the acts that close and reopen it."""

    def period_books(self, period: str, *, issuers: Collection[str] | None = None) -> PeriodBooks:
        """Read what is booked in a billing period (`YYYY-MM`), and the head that proves it."""
        with reading(self._engine) as connection:
            return read_period(connection, period, issuers)

    def period_acts(self, *, by: datetime | None = None) -> list[PeriodAct]:
        """Read every act upon periods in order; those by an instant, or all."""
        with reading(self._engine) as connection:
            return act_rows.read_acts(connection, by)

    def nights_of_period(
        self, period: str, streams: Collection[tuple[str, str]] = ()
    ) -> PeriodReading:
        """Read the period's digest, and what nights that pulled `streams` said since its end."""
        with reading(self._engine) as connection:
            digest = act_rows.digest_of_period(connection, period)
            acts = act_rows.read_acts(connection)
            return read_nights_of(connection, period, digest, acts, streams)

    def soft_close(
        self, act: PeriodAct, accruals: booking.Booking | None, acts_seen: Sequence[PeriodAct]
    ) -> PeriodAct:
        """Record a soft close together with its accruals.

        Args:
            act: Of kind `soft_closed`.
            accruals: Booked as a night that measured nothing: its `held` must name every day of
                the period of every issuer and source. None if nothing accrues.
            acts_seen: All acts that the accruals were computed with.

        Returns:
            The act as recorded, now or before.

        Raises:
            StaleNightError: Newer books, snapshots, configuration or acts arrived meanwhile.
            LedgerError: The period was closed already, or the accruals are unsound.
        """
        self._steps("act.begun")
        with writing(self._engine) as connection:
            self._steps("act.locked")
            known = act_rows.read_acts(connection)
            same = act_rows.recorded_already(known, act)
            if same is not None:
                return same
            if newest_number(known) != newest_number(acts_seen):
                message = f"ledger: a period was acted upon before {act.period} was soft-closed"
                raise StaleNightError(message)
            if accruals is not None:
                booked = booking.book(connection, accruals, self._steps)
                act = replace(act, night=booked.reconciliation_id)
            recorded = act_rows.add_act(connection, act, act.as_of)
            self._steps("act.added")
        self._steps("act.committed")
        return recorded

    def record_act(self, act: PeriodAct) -> PeriodAct:
        """Record a close or a reopening; one that is the period's last act already stays.

        Raises:
            LedgerError: The period's state does not allow it.
            StaleNightError: A close names another digest than that of the books as they are now.
        """
        self._steps("act.begun")
        with writing(self._engine) as connection:
            self._steps("act.locked")
            recorded = act_rows.add_act(connection, act, act.as_of)
            self._steps("act.added")
        self._steps("act.committed")
        return recorded
