"""What the first day brings, as plain data: the terminal, the report and JSON are made of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from config.shapes.catalog import Catalog
from tasks.core.adoption.account_money import AccountMoney
from tasks.core.adoption.agent_work import AgentWork, Signal
from tasks.core.adoption.drafts import Draft, Taken
from tasks.core.adoption.next_steps import Step
from tasks.core.plan import Failure
from tasks.core.totals import Coverage


@dataclass(frozen=True, slots=True)
class Pulls:
    """Pull requests, by what is known of them.

    Attributes:
        every: All that were read.
        by_agents: Of these, at least so many were made by agents.
        claimed: Of `by_agents`: a workflow of the present catalog claims them already.
        too_few: Of `by_agents`: too few of their shape to draft a workflow from.
        rare_stamps: Stamps that only a few logged runs carry, and no pull request.
        agents: (agent, pull requests), most first; those of which only a stamp tells count nowhere.
        nameless: Of `by_agents`: without a stamp, on a branch of which only a digest was kept, and
            known by no author.
    """

    every: int
    by_agents: int
    claimed: int
    too_few: int
    rare_stamps: int
    agents: tuple[tuple[str, int], ...]
    nameless: int


@dataclass(frozen=True, slots=True)
class Adoption:
    """A first day.

    Attributes:
        start, end: First and last vendor day of the money; pull requests go as far back as
            their source reads.
        accounts: With the drafted catalog, most unexplained first.
        before, after: Coverage as things are, and with the drafted catalog; by currency.
        steps: Most dollars first.
        catalog: Text of the drafted catalog; the present one where nothing is new.
        diff: From the present catalog to it; empty where nothing is new.
        failures: What could not be read; figures lack it.
        missing: Source-days that are not there, as `source day`.
    """

    start: date
    end: date
    pulls: Pulls
    drafts: tuple[Draft, ...]
    accounts: tuple[AccountMoney, ...]
    before: tuple[Coverage, ...]
    after: tuple[Coverage, ...]
    steps: tuple[Step, ...]
    catalog: str
    diff: str
    failures: tuple[Failure, ...]
    missing: tuple[str, ...]


def pulls_of(
    every: int, work: Iterable[AgentWork], *, claimed: int, too_few: int, rare_stamps: int
) -> Pulls:
    """Count pull requests.

    Args:
        every: All that were read.
        work: Those that agents made.
        claimed: Of `work`, by the present catalog.
        too_few: Of `work`, as `drafts_of` counts them.
        rare_stamps: As `drafts_of` counts them.
    """
    found = list(work)
    agents = Counter(one.vendor for one in found if one.vendor)
    return Pulls(
        every=every,
        by_agents=len(found),
        claimed=claimed,
        too_few=too_few,
        rare_stamps=rare_stamps,
        agents=tuple(sorted(agents.items(), key=lambda pair: (-pair[1], pair[0]))),
        nameless=sum(
            not (one.stamp or one.prefix or Signal.AUTHOR in one.signals) for one in found
        ),
    )


def taken_by(catalog: Catalog) -> Taken:
    """List what a catalog claims already."""
    matches = [workflow.match for workflow in catalog.workflows]
    return Taken(
        ids=frozenset(workflow.id for workflow in catalog.workflows),
        stamps=frozenset(stamp for match in matches for stamp in match.stamps),
        prefixes=frozenset(
            prefix.removesuffix("*") for match in matches for prefix in match.branch_prefixes
        ),
        bots=frozenset(bot for match in matches for bot in match.bots),
    )
