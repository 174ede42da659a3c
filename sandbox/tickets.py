"""Generate Jira's side of the work: tickets, their histories, incidents and typed links."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from sandbox import script
from sandbox.organisation import INCIDENT_TYPE, PROJECTS
from sandbox.people import Person, someone
from sandbox.pulls import FIRST_OPENED
from sandbox.records import Change, Comment, Ticket, TicketLink

BASE_TICKETS = 40
FEWEST_TICKETS = 14

#: Status id -> (name as the site shows it, category key). One name is localised on purpose.
STATUSES = {
    "10000": ("To Do", "new"),
    "10001": ("In Bearbeitung", "indeterminate"),
    "10002": ("Done", "done"),
    "10003": ("Rejected", "done"),
}
#: Resolution id -> name.
RESOLUTIONS = {"10100": "Done", "10101": "Won't Do"}
#: Link type id -> (name, inward, outward).
LINK_TYPES = {
    "10200": ("Cause", "is caused by", "causes"),
    "10201": ("Agent use", "is used in", "uses"),
    "10202": ("Relates", "relates to", "relates to"),
}


def make_tickets(seed: int, scale: float) -> tuple[Ticket, ...]:
    """Make every ticket, in order of creation; two incidents come last."""
    total = max(FEWEST_TICKETS, round(BASE_TICKETS * scale))
    span = (script.LAST_DAY - FIRST_OPENED).days * 24 * 60
    numbers = dict.fromkeys(PROJECTS, 0)
    change_ids = count(61_000)
    tickets = []
    for index in range(total):
        rng = random.Random(f"{seed}:ticket:{index}")
        project = PROJECTS[index % 3 == 2]  # noqa: PLR2004  # two of three are OPS
        numbers[project] += 1
        created = datetime.combine(FIRST_OPENED, datetime.min.time(), UTC) + timedelta(
            minutes=index * span // total + rng.randrange(40)
        )
        tickets.append(_ticket(rng, index, project, numbers[project], created, change_ids))
    tickets[3] = _reopened(tickets[3], change_ids)
    incidents = _incidents(tickets, numbers, change_ids)
    back = {
        link.other: replace(
            link, other=incident.key, other_id=incident.id, is_inward=not link.is_inward
        )
        for incident in incidents
        for link in incident.links
    }
    linked = (
        replace(ticket, links=(back[ticket.key],)) if ticket.key in back else ticket
        for ticket in tickets
    )
    return (*linked, *incidents)


def _ticket(
    rng: random.Random,
    index: int,
    project: str,
    number: int,
    created: datetime,
    change_ids: Iterator[int],
) -> Ticket:
    reporter, assignee = someone(rng.randrange(99)), someone(rng.randrange(99))
    started = created + timedelta(hours=rng.randint(1, 30))
    finished = started + timedelta(hours=rng.randint(2, 120))
    changes = [
        Change(
            next(change_ids),
            created + timedelta(minutes=20),
            reporter,
            "assignee",
            None,
            None,
            assignee.jira_id,
            assignee.name,
        ),
        _moved(change_ids, started, assignee, "10000", "10001"),
    ]
    if rng.random() < 0.75:  # noqa: PLR2004  # three of four get finished
        rejected = rng.random() < 0.12  # noqa: PLR2004  # how often, in this made-up world
        changes.extend(_closed(change_ids, finished, assignee, rejected=rejected))
    return Ticket(
        id=20_000 + index,
        key=f"{project}-{number}",
        project=project,
        issue_type="Task",
        summary=f"{project} request from {reporter.name}",
        body=f"Call {reporter.name} at {reporter.email} before closing.",
        reporter=reporter,
        assignee=assignee,
        labels=(f"asked-by-{reporter.login}",),
        severity=None,
        created_at=created,
        changes=tuple(changes),
        comments=(
            Comment(
                71_000 + index,
                assignee,
                f"Done for {reporter.name}.",
                started + timedelta(minutes=5),
            ),
        ),
        links=(),
    )


def _moved(
    change_ids: Iterator[int], at: datetime, author: Person | None, before: str, after: str
) -> Change:
    return Change(
        next(change_ids),
        at,
        author,
        "status",
        before,
        STATUSES[before][0],
        after,
        STATUSES[after][0],
    )


def _closed(
    change_ids: Iterator[int], at: datetime, author: Person, *, rejected: bool
) -> tuple[Change, Change]:
    """Finish a ticket: one moment, two changed fields."""
    resolution = "10101" if rejected else "10100"
    return (
        Change(
            next(change_ids),
            at,
            author,
            "resolution",
            None,
            None,
            resolution,
            RESOLUTIONS[resolution],
        ),
        _moved(change_ids, at, author, "10001", "10003" if rejected else "10002"),
    )


def _reopened(ticket: Ticket, change_ids: Iterator[int]) -> Ticket:
    """Have a ticket done early, and open again by somebody whose account is gone since."""
    author = someone(2)
    done_at = max(ticket.created_at + timedelta(hours=40), script.REOPENED_AT - timedelta(days=9))
    first = tuple(change for change in ticket.changes if change.to_id == "10001")
    again = (
        Change(
            next(change_ids),
            script.REOPENED_AT,
            None,
            "resolution",
            "10100",
            RESOLUTIONS["10100"],
            None,
            None,
        ),
        _moved(change_ids, script.REOPENED_AT, None, "10002", "10001"),
    )
    return replace(
        ticket,
        changes=(*first, *_closed(change_ids, done_at, author, rejected=False), *again),
    )


def _incidents(
    tickets: list[Ticket], numbers: dict[str, int], change_ids: Iterator[int]
) -> tuple[Ticket, Ticket]:
    """Make one incident that an item caused and one that an item was used in."""
    done = [
        ticket
        for ticket in tickets
        if ticket.project == "OPS" and any(change.to_id == "10002" for change in ticket.changes)
    ]
    made = []
    for index, (link_type, opened_at, severity) in enumerate(
        (
            ("10200", script.INCIDENT_CAUSED_AT, "SEV-2"),
            ("10201", script.INCIDENT_USED_AT, "SEV-3"),
        )
    ):
        numbers["OPS"] += 1
        fixer = someone(11 + index)
        link = TicketLink(
            81_000 + index,
            link_type,
            done[index].key,
            done[index].id,
            # The incident is caused by an item, but it uses one.
            is_inward=link_type == "10200",
            at=opened_at + timedelta(hours=1),
        )
        made.append(
            Ticket(
                id=9_000_000 + index,
                key=f"OPS-{numbers['OPS']}",
                project="OPS",
                issue_type=INCIDENT_TYPE,
                summary=f"Claims desk down, {fixer.name} on call",
                body=f"Bridge opened by {fixer.email}.",
                reporter=fixer,
                assignee=someone(13 + index),
                labels=("major",),
                severity=severity,
                created_at=opened_at,
                changes=(
                    _moved(change_ids, opened_at + timedelta(minutes=9), fixer, "10000", "10001"),
                    *_closed(change_ids, opened_at + timedelta(hours=5), fixer, rejected=False),
                ),
                comments=(),
                links=(link,),
            )
        )
    return made[0], made[1]
