"""What happened at Meridian Freight, as plain records: the facts that every answer is made of.

Instants are aware UTC, days are UTC days (both vendors bill by them), money is integer
nano-USD. A record says when it became visible; an answer at some moment shows what was.
"""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sandbox.estate.records import Estate
from sandbox.people import Person


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What a vendor metered for one day, at its finest grain.

    Attributes:
        api_key: None for the vendor's own console.
        model: As the vendor spells it, release date included.
        tokens: By kind (`sandbox.prices.KINDS`).
        web_searches: Server-side searches in these requests.
        requests: Number of model requests.
    """

    issuer: str
    account: str
    day: date
    api_key: str | None
    model: str
    tier: str
    context: str
    tokens: dict[str, int]
    web_searches: int = 0
    requests: int = 1


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One line of a vendor's cost report.

    Attributes:
        category: `usage`, `credit`, `tax`, `purchase` or `adjustment`.
        model: As the vendor spells it; None for a line without a model.
        cost_type: `tokens`, `web_search`, `code_execution`, or None for a credit.
        amount_nano: Billed, rounded half-even from what the wire says.
        quantity: Billed tokens; None where the vendor does not say (Anthropic).
        exact_nano: What the wire says, where that is no whole number of nano units.
        currency: What it was billed in.
        sku: As the vendor names what it sold, where model, tier and context do not.
        run: Session that the line names; empty: none.
    """

    issuer: str
    account: str
    day: date
    category: str
    model: str | None
    tier: str | None
    context: str | None
    kind: str | None
    cost_type: str | None
    amount_nano: int
    quantity: int | None = None
    exact_nano: Fraction | None = None
    currency: str = "USD"
    sku: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """One state of an (issuer, day) report, visible from a moment on.

    Attributes:
        rows: None: the vendor leaves the day out; empty: it shows an empty day.
    """

    visible_from: datetime
    rows: tuple[ChargeRow, ...] | None


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One run as its own log tells it; None where the line does not say."""

    run_id: str | None
    process_id: str | None
    issuer: str
    model: str
    ended_at: datetime
    started_at: datetime | None
    tokens: dict[str, int | None]
    account: str | None
    repo: str | None
    branch: str | None
    work_item: str | None
    purpose: str | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log file.

    Attributes:
        file: Name within the folder.
        written_at: From when the whole line is there.
        half_from: From when its first half is there, without an end of line.
        record: None for a line that nobody can parse.
    """

    file: str
    written_at: datetime
    text: str
    record: LogRecord | None
    half_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A review; `author` None for a deleted user."""

    id: int
    author: Person | None
    state: str
    submitted_at: datetime
    dismissed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A check run of a head commit, or a commit status where `is_status`."""

    id: int
    name: str
    sha: str
    started_at: datetime
    completed_at: datetime | None
    conclusion: str
    is_status: bool = False


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of a pull request; its message carries trailers."""

    sha: str
    message: str
    author: Person | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a pull request, an issue or a ticket."""

    id: int
    author: Person | None
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment of a merged commit with its final state."""

    id: int
    repository: int
    sha: str
    environment: str
    at: datetime
    finished_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request over its whole life.

    Attributes:
        workflow: Whose work it is; empty for a person's.
        author: None for a deleted user.
        bot: Login of the bot that opened it; empty for a person.
        closings: Moments it was closed without merging; each but the last was reopened.
        reopenings: Moments it was reopened.
        merge_sha: Commit of the merge; empty if it never merges.
        reverts: Number of the pull request that it takes back; 0 for none.
        from_deleted_fork: `head.repo` is null.
    """

    repository: int
    number: int
    id: int
    title: str
    body: str
    branch: str
    workflow: str
    author: Person | None
    bot: str
    created_at: datetime
    merged_at: datetime | None
    closings: tuple[datetime, ...]
    reopenings: tuple[datetime, ...]
    labels: tuple[str, ...]
    commits: tuple[Commit, ...]
    reviews: tuple[Review, ...]
    checks: tuple[Check, ...]
    comments: tuple[Comment, ...]
    merge_sha: str = ""
    reverts: int = 0
    from_deleted_fork: bool = False

    def head_sha(self) -> str:
        """Name the last commit."""
        return self.commits[-1].sha


@dataclass(frozen=True, slots=True)
class GitHubIssue:
    """An issue on GitHub, such as an incident; relations name items as `owner/name#n`."""

    repository: int
    number: int
    id: int
    title: str
    body: str
    labels: tuple[str, ...]
    author: Person
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a ticket's history: a field moved from one value to another."""

    id: int
    at: datetime
    author: Person | None
    field: str
    from_id: str | None
    from_text: str | None
    to_id: str | None
    to_text: str | None


@dataclass(frozen=True, slots=True)
class TicketLink:
    """A typed link as seen from one ticket; `is_inward` says at which end it stands."""

    id: int
    type_id: str
    other: str
    other_id: int
    is_inward: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Ticket:
    """A Jira issue over its whole life; its state follows from its changes."""

    id: int
    key: str
    project: str
    issue_type: str
    summary: str
    body: str
    reporter: Person
    assignee: Person | None
    labels: tuple[str, ...]
    severity: str | None
    created_at: datetime
    changes: tuple[Change, ...]
    comments: tuple[Comment, ...]
    links: tuple[TicketLink, ...]


@dataclass(frozen=True)
class World:
    """Everything that happens between the first and the last generated day.

    Attributes:
        log_outages: First and last moment, aware UTC, between which no log file is there.
        estate: Further agents, gateways and telemetry; None: there are none.
    """

    seed: int
    scale: float
    first_day: date
    last_day: date
    usage: tuple[UsageRow, ...]
    missing_usage: frozenset[tuple[str, date]]
    charges: dict[tuple[str, date], tuple[Published, ...]]
    lines: tuple[LogLine, ...]
    pulls: tuple[PullRequest, ...]
    issues: tuple[GitHubIssue, ...]
    deployments: tuple[Deployment, ...]
    tickets: tuple[Ticket, ...]
    log_outages: tuple[tuple[datetime, datetime], ...] = ()
    estate: Estate | None = None

    def has_logs(self, now: datetime) -> bool:
        """Tell whether log files are there at a moment."""
        return not any(start <= now <= end for start, end in self.log_outages)
