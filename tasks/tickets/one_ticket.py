"""One leased row of the outbox: what is due is done, and kept before anything further is sent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from tasks.core.errors import (
    AmbiguousWriteError,
    SourceError,
    SourceUnavailableError,
    WaitUntilError,
)
from tasks.core.review import delivery
from tasks.core.review.delivery import Act, OutboxRow, Progress, Standing
from tasks.core.review.ticket_content import TicketContent
from tasks.tickets.marker import marker_of, reference_of
from tasks.tickets.port import TicketPort
from tasks.tickets.wanted import Delivered, Outbox, Wanted, What
from tasks.transport.errors import StatusError

#: Longer than a write can take with its waits, so that no lease ends under one.
LEASE = timedelta(minutes=20)
_UNKNOWN_FATE = "a write got no answer; whether it happened is looked for before it is repeated"
_STANDS = {
    Standing.OPEN: (What.STANDS, ""),
    Standing.CLOSED: (What.CLOSED, "it is closed, and stays so"),
    Standing.GONE: (What.GONE, "it was deleted or cannot be seen; it is not created again"),
    Standing.FOREIGN: (What.FOREIGN, "it lost its marker; nothing is written to it any more"),
}


class Stop(NamedTuple):
    """Why a system is left alone for the rest of a run."""

    detail: str
    until: datetime | None = None


class OneTicket:
    """The work on one row.

    Attributes:
        creates: Creates that were tried.
        stop: Set when the system should be left alone.
    """

    def __init__(
        self,
        kind: str,
        leased: OutboxRow,
        system: str,
        port: TicketPort,
        wanted: Wanted | None,
        outbox: Outbox,
        digest: Callable[[str], str],
        now: Callable[[], datetime],
        holder: str,
    ) -> None:
        self._kind = kind
        self._key = leased.key
        self._progress = leased.progress
        self._system = system
        self._port = port
        self._wanted = wanted
        self._outbox = outbox
        self._digest = digest
        self._now = now
        self._holder = holder
        self._marker = marker_of(digest, place=port.place, kind=kind, key=leased.key)
        self._strangers = 0
        self._labels: tuple[str, ...] = ()
        self.creates = 0
        self.stop: Stop | None = None

    def advance(self, *, may_create: bool) -> Delivered:
        """Do what is due; a fault of the system is told, not raised."""
        try:
            return self._follow() if self._progress.ticket else self._open(may_create=may_create)
        except SourceError as error:
            what, stop = self._fault(error)
            # What is wrong with one ticket need not be wrong with the others.
            is_of_one = isinstance(error, StatusError) and error.reason == "refused"
            self.stop = None if is_of_one else stop
            return self._told(what, stop.detail, stop.until)

    def _open(self, *, may_create: bool) -> Delivered:
        while not self._progress.ticket:
            step = delivery.next_step(self._progress, self._now())
            if step.act is Act.WAIT:
                return self._told(What.PENDING, _UNKNOWN_FATE, step.until)
            if step.act is Act.SEARCH:
                self._search()
                continue
            if self._wanted is None or not may_create:
                return self._told(What.QUEUED, "it was not created, and nobody asks for it now")
            return self._create(self._wanted)
        if self._progress.standing is Standing.OPEN:
            return self._told(What.ADOPTED, "it had been created before")
        return self._told(*_STANDS[Standing.CLOSED])

    def _search(self) -> None:
        found = self._port.search(self._marker, since=self._progress.attempted_at)
        self._strangers = sum(not one.is_ours for one in found)
        after = delivery.after_search(self._progress, found, system=self._system, at=self._now())
        ours = next((one for one in found if one.is_ours and one.id == after.ticket), None)
        self._labels = ours.labels if ours else ()
        self._keep(after)

    def _create(self, wanted: Wanted) -> Delivered:
        if not self._renew():
            return self._told(What.TAKEN, "another run is at work on it")
        self.creates += 1
        announced = delivery.attempting(
            self._progress, system=self._system, digest=wanted.content.digest, at=self._now()
        )
        self._keep(announced)
        try:
            made = self._port.create(wanted.content, self._marker)
        except AmbiguousWriteError:
            # Most often it is there, and found at once.
            self._search()
            if self._progress.ticket:
                return self._told(What.ADOPTED, "it was created, but the answer was lost")
            raise
        except SourceError:
            self._keep(delivery.not_created(announced))
            raise
        self._keep(delivery.created(announced, made))
        return self._told(What.CREATED)

    def _follow(self) -> Delivered:
        seen = self._port.read(self._progress.ticket, self._marker)
        self._labels = seen.labels if seen else ()
        self._keep(delivery.after_read(self._progress, seen))
        wanted, now = self._wanted, self._now()
        if wanted is not None and wanted.change is not None:
            digest = wanted.content.digest
            if delivery.is_comment_due(self._progress, digest, now) and self._renew():
                return self._comment(replace(wanted.change, digest=digest))
        return self._told(*_STANDS[self._progress.standing or Standing.OPEN])

    def _comment(self, change: TicketContent) -> Delivered:
        before, ticket = self._progress, self._progress.ticket
        reference = reference_of(
            self._digest, place=self._port.place, key=self._key, evidence=change.digest
        )
        if reference in self._port.references(ticket, {reference}):
            self._keep(delivery.commented(before, change.digest))
            return self._told(*_STANDS[Standing.OPEN])
        self._keep(delivery.commenting(before, self._now()))
        try:
            self._port.comment(ticket, change, reference)
        except AmbiguousWriteError:
            raise
        except SourceError:
            self._keep(before)
            raise
        self._keep(delivery.commented(self._progress, change.digest))
        return self._told(What.COMMENTED)

    def _renew(self) -> bool:
        """Lease for longer before a write: waiting for a limit may have eaten the lease up."""
        now = self._now()
        leased = self._outbox.lease(self._kind, self._key, self._holder, now=now, until=now + LEASE)
        return leased is not None and leased.progress == self._progress

    def _keep(self, progress: Progress) -> None:
        if progress != self._progress:
            now = self._now()
            self._outbox.keep_progress(self._kind, self._key, self._holder, progress, now)
            self._progress = progress

    def _fault(self, error: SourceError) -> tuple[What, Stop]:
        if isinstance(error, WaitUntilError):
            return What.PENDING, Stop("the system is rate limited", error.wait_until)
        if isinstance(error, AmbiguousWriteError):
            until = delivery.next_step(self._progress, self._now()).until
            return What.PENDING, Stop(_UNKNOWN_FATE, until)
        if isinstance(error, SourceUnavailableError):
            return What.PENDING, Stop("the system does not answer")
        return What.REFUSED, Stop(f"the system refused or cannot be used: {error.detail}")

    def _told(self, what: What, detail: str = "", until: datetime | None = None) -> Delivered:
        return Delivered(
            self._key,
            what,
            self._progress.name,
            self._progress.told,
            self._labels,
            until,
            self._strangers,
            detail,
        )
