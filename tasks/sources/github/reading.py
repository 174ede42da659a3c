"""One pull of one stream: what is gathered, how it is cut into pieces, how it ends."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import ValidationError

from config.shapes.sources import GithubSource
from tasks.core.batches import Batch, Pulled, RawRow, Reject
from tasks.core.errors import SourceError, SourceUnavailableError, WaitUntilError
from tasks.core.instants import instant_text
from tasks.core.refusals import refused
from tasks.sources.github.context import Repo
from tasks.sources.github.progress import Progress
from tasks.transport.client import Client
from tasks.transport.errors import BodyError, DeadlineError, PagingError, StatusError
from tasks.transport.pacing import map_bounded
from tasks.transport.pages import link_pages

log = logging.getLogger(__name__)

T = TypeVar("T")

#: GitHub takes at most 100 at once from everybody who uses the credential.
CONCURRENCY = 32
#: What is lost at most when a limit ends the pull.
_CHUNK = 128
PAGE = 100
#: More lists of single items than this that fail with 5xx are an outage.
FAILED_PARTS = 10
FORBIDDEN = 403
#: A page of another shape than GitHub documents.
MALFORMED_PAGE = "malformed_page"
#: The repository or the part is gone, blocked, switched off, or not shown to this credential.
UNREADABLE = frozenset({FORBIDDEN, 404, 409, 410, 422, 451})


class UnreadableError(Exception):
    """A list could not be read and was refused; its caller decides what is unknown now.

    Attributes:
        cause: What the source answered.
    """

    def __init__(self, cause: SourceError) -> None:
        self.cause = cause
        super().__init__(str(cause))

    @property
    def is_fault(self) -> bool:
        """Tell a missing permission or a broken answer from a part that is switched off."""
        return not isinstance(self.cause, StatusError) or self.cause.status == FORBIDDEN


@dataclass(slots=True)
class Reading:
    """Everything that the fetching of one stream shares.

    Attributes:
        beginning: How far back a repository is read the first time.
        is_complete: No limit cut the pull short.
        failed_parts: Lists of single items that the server failed to give.
        unreadable: Repositories whose list could not be read, by id.
    """

    client: Client
    config: GithubSource
    keyed_digest: Callable[[str], str]
    now: datetime
    beginning: datetime
    progress: Progress
    rows: list[RawRow] = field(default_factory=list)
    rejects: dict[tuple[str, int, str], Reject] = field(default_factory=dict)
    is_complete: bool = True
    requests_before: int = 0
    failed_parts: int = 0
    unreadable: dict[int, UnreadableError] = field(default_factory=dict)

    def bodies(self, place: str, path: str, params: Mapping[str, str | int]) -> Iterator[object]:
        """Read a list page by page; one that cannot be read is refused.

        Args:
            place: Names the list in rejects, free of people's names.
            path: Of the API.
            params: Its query.

        Raises:
            UnreadableError: The list is refused to us.
            SourceError: The source is down, refuses the credential, or breaks off.
        """
        try:
            for response in link_pages(self.client, path, params={**params, "per_page": PAGE}):
                yield response.json
        except StatusError as error:
            if error.status not in UNREADABLE:
                raise
            self.refuse_whole(place, f"unreadable_{error.status}")
            raise UnreadableError(error) from None
        except (BodyError, PagingError) as error:
            self.refuse_whole(place, MALFORMED_PAGE)
            raise UnreadableError(error) from None

    def part(
        self, place: str, path: str, params: Mapping[str, str | int], items: str | None = None
    ) -> list[object] | None:
        """Read a whole list that belongs to one item; None, which is not empty, if refused.

        A few items whose lists the server fails to give do not stop the others; more of them
        are an outage.

        Args:
            place: As for `bodies`.
            path: As for `bodies`.
            params: As for `bodies`.
            items: As for `pages`.

        Raises:
            SourceUnavailableError: The source is down, or the time is over.
            WaitUntilError: The source is limited beyond the time given.
        """
        try:
            return [one for page in self.pages(place, path, params, items) for one in page]
        except UnreadableError:
            return None
        except DeadlineError:
            raise
        except SourceUnavailableError:
            self.failed_parts += 1
            if self.failed_parts > FAILED_PARTS:
                raise
            self.refuse_whole(place, "unavailable")
            return None

    def pages(
        self, place: str, path: str, params: Mapping[str, str | int], items: str | None = None
    ) -> Iterator[list[object]]:
        """As `bodies`, but the records of each page.

        Args:
            place: As for `bodies`.
            path: As for `bodies`.
            params: As for `bodies`.
            items: Member that holds the records; None where the body is the list.
        """
        for body in self.bodies(place, path, params):
            yield self.records(place, body, items)

    def records(self, place: str, body: object, items: str | None) -> list[object]:
        """Take the records out of a page.

        Raises:
            UnreadableError: The page has another shape than documented.
        """
        found = body.get(items) if items and isinstance(body, dict) else body
        if not isinstance(found, list):
            self.refuse_whole(place, MALFORMED_PAGE)
            detail = f"{place}: a page holds no list"
            raise UnreadableError(SourceError(self.config.name, detail))
        return found

    def parse(
        self, place: str, payloads: Sequence[object], parse: Callable[[object], T]
    ) -> list[T]:
        """Parse payloads one by one; a malformed one is refused and the others go on."""
        parsed: list[T] = []
        for position, payload in enumerate(payloads):
            try:
                parsed.append(parse(payload))
            except ValidationError as error:
                reject = refused(payload, error, place, position)
                self.rejects[place, position, reject.digest] = reject
        return parsed

    def refuse_whole(self, place: str, code: str) -> None:
        """Note that a whole list could not be read; once, however often it is tried."""
        reject = Reject(place=place, position=0, length=0, digest="", field_path="", code=code)
        self.rejects[place, 0, code] = reject

    def in_chunks(
        self,
        jobs: Sequence[T],
        work: Callable[[T], list[RawRow]],
        done: Callable[[T, list[RawRow]], None],
    ) -> None:
        """Work through jobs side by side; where a limit ends that, keep what is finished.

        Args:
            jobs: In the order in which progress may be recorded.
            work: Reads one job; runs in a thread.
            done: Records progress, in this thread, once a job's rows are safe.

        Raises:
            WaitUntilError: Nothing at all was finished.
            SourceUnavailableError: Likewise.
        """
        for start in range(0, len(jobs), _CHUNK):
            chunk = jobs[start : start + _CHUNK]
            try:
                found = map_bounded(work, chunk, CONCURRENCY)
            except (WaitUntilError, SourceUnavailableError) as error:
                if start == 0:
                    raise
                self.is_complete = False
                log.warning(
                    "source=%s stopped after %d of %d: %s",
                    self.config.name,
                    start,
                    len(jobs),
                    error,
                )
                return
            for job, rows in zip(chunk, found, strict=True):
                self.rows.extend(rows)
                done(job, rows)

    def finish(self, repos: Sequence[Repo]) -> Pulled:
        """Close the pull: one batch for the day of the pull, and the new watermark.

        Raises:
            SourceError: No repository could be read, for a reason that somebody must mend.
        """
        faults = [one for one in self.unreadable.values() if one.is_fault]
        if faults and len(self.unreadable) == len(repos):
            raise faults[0].cause
        observed_at = instant_text(self.now)
        newest: dict[tuple[object, object], RawRow] = {
            (row.get("record"), row["key"]): {**row, "observed_at": observed_at}
            for row in self.rows
        }
        batch = Batch(
            key=self.now.astimezone(UTC).date(),
            rows=list(newest.values()),
            rejects=[self.rejects[place] for place in sorted(self.rejects)],
            is_complete=self.is_complete,
        )
        return Pulled(
            batches=(batch,),
            watermark=self.progress.watermark(self.now, (repo.id for repo in repos)),
            requests=self.client.requests - self.requests_before,
        )


def beginning_of(config: GithubSource, start: datetime, now: datetime) -> datetime:
    """Say how far back to read what was never read: the backfill, or the window if older."""
    return min(start, now - timedelta(days=config.backfill_days))
