"""What a delivery needs of a ticket system; Jira and GitHub are two of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from tasks.core.review.delivery import Sighting
from tasks.core.review.ticket_content import TicketContent
from tasks.tickets.marker import Marker


class TicketPort(Protocol):
    """One place that tickets are written to: a project, a repository.

    Reads raise the faults of `Client.get`, writes those of `Writer.write`.
    """

    @property
    def place(self) -> str:
        """Name the system as tickets.yaml does; markers hold for it alone."""
        ...

    def search(self, marker: Marker, *, since: datetime | None) -> Sequence[Sighting]:
        """Find every ticket that carries the marker's label, open or closed, oldest first.

        Args:
            marker: Of the row.
            since: If a create may have happened: when it was announced, aware UTC. Then also
                look where no search index has to have caught up.
        """
        ...

    def read(self, ticket: str, marker: Marker) -> Sighting | None:
        """Read a recorded ticket by its id; None if it is gone."""
        ...

    def create(self, content: TicketContent, marker: Marker) -> Sighting:
        """Create a ticket with its marker, in one request."""
        ...

    def references(self, ticket: str, wanted: Collection[str]) -> frozenset[str]:
        """Tell which of these marks stand in comments of our own below a ticket."""
        ...

    def comment(self, ticket: str, content: TicketContent, reference: str) -> None:
        """Add a comment that carries its mark; the content's title is its first line."""
        ...
