"""The first day: what was read becomes a drafted catalog and the steps that come next.

Nothing is booked, and nothing outside is written: what was pulled stays in lake and ledger, so
that the first night starts from it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from config.load import Config, catalog_from_text
from config.settings import Settings
from config.shapes.catalog import Catalog
from tasks.core.adoption.account_money import AccountMoney, account_money
from tasks.core.adoption.adoption import Adoption, pulls_of, taken_by
from tasks.core.adoption.agent_work import AgentWork, agent_work
from tasks.core.adoption.connected import unbilled_agents
from tasks.core.adoption.draft_catalog import PORTFOLIO, Additions, NewAccount, drafted_catalog
from tasks.core.adoption.drafts import Drafts, drafts_of
from tasks.core.adoption.next_steps import ranked_steps
from tasks.core.adoption.stamp_names import StampedRuns
from tasks.core.attribution import WorkItemRules
from tasks.core.budgeting.catalog_diff import CATALOG_PATH
from tasks.core.cells import Dimension
from tasks.core.digests import keyed_digest
from tasks.core.night import Books
from tasks.core.plan import Failure, Plan
from tasks.core.promotion.terms import DEFAULTS, terms_of
from tasks.core.reconciling.reconcile import reconcile
from tasks.core.work.item_incidents import incident_moments, untyped_incident_items
from tasks.core.work.item_outcomes import judge_item
from tasks.core.work.item_states import ItemState, current_items
from tasks.core.work.outcomes import references
from tasks.core.work.work_items import ItemType
from tasks.core.yaml_places import text_diff
from tasks.lake.queries import Queries
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.night_inputs import Gathered, gather
from tasks.sources.registry import enabled_sources

#: What every tier's default is; a draft that proves worth it is raised by its owner.
_USUAL_TIER = 1
_VENDOR_ID = re.compile(r"[A-Za-z0-9_.:/-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Work:
    """Pull requests of agents, and those among them that no workflow claims yet."""

    every: int
    by_agents: tuple[AgentWork, ...]
    unclaimed: tuple[AgentWork, ...]


def adopt(
    plan: Plan,
    config: Config,
    present: str | None,
    lake: Lake,
    ledger: Ledger,
    settings: Settings,
    failures: Sequence[Failure],
) -> Adoption:
    """Draft a catalog from everything that was read, and rank what to do next.

    Args:
        plan: Its window is that of the money.
        config: In force; its catalog may be empty.
        present: Text of the catalog that stands; None where there is none.
        lake: The lake.
        ledger: Of the same installation.
        settings: For the digest key.
        failures: What could not be read, to be told with the result.

    Raises:
        LakeError: A file cannot be read.
        ConfigError: The drafted catalog does not fit what was read.
    """
    tier = _tier(config)
    work = _work(plan, config, ledger, settings, tier)
    gathered = gather(plan, config, lake, ledger)
    logged = _stamped_runs(plan, config.catalog, gathered, lake)
    drafts = drafts_of(work.unclaimed, taken_by(config.catalog), logged)
    before = reconcile(gathered.inputs)
    additions = _additions(config.catalog, drafts, _accounts(gathered, before), tier)
    is_new = bool(additions.drafts or additions.accounts)
    text = drafted_catalog(present or "", additions) if is_new or present is None else present
    drafted = replace(config, catalog=catalog_from_text(text))
    gathered = gather(plan, drafted, lake, ledger)
    after = reconcile(gathered.inputs)
    inputs = gathered.inputs
    accounts = account_money(after.desired, inputs.charges, inputs.usage, inputs.runs)
    pulls = pulls_of(
        work.every,
        work.by_agents,
        claimed=len(work.by_agents) - len(work.unclaimed),
        too_few=drafts.too_few,
        rare_stamps=len(drafts.rare),
    )
    return Adoption(
        start=plan.start,
        end=plan.end,
        pulls=pulls,
        drafts=drafts.drafts,
        accounts=accounts,
        before=before.coverage,
        after=after.coverage,
        steps=ranked_steps(
            before.coverage,
            after.coverage,
            accounts,
            workflows={one.id: one.match.accounts for one in drafted.catalog.workflows},
            unbilled=unbilled_agents(dict(pulls.agents), enabled_sources(config.sources)),
            without_invoice=_without_invoice(gathered, accounts),
        ),
        catalog=text,
        diff=_diff(present, text),
        failures=tuple(failures),
        missing=after.missing,
    )


def _tier(config: Config) -> int:
    known = {one.tier for one in config.policy.risk_tiers}
    return _USUAL_TIER if not known or _USUAL_TIER in known else min(known)


def _work(plan: Plan, config: Config, ledger: Ledger, settings: Settings, tier: int) -> _Work:
    """Read every pull request, and what became of it."""
    states = current_items(ledger.item_events(observed_by=plan.as_of))
    labels = ledger.labels("work_item")
    terms = terms_of(config.policy, tier) or DEFAULTS[tier]
    names = references(labels, keyed_digest(settings.digest_key.get_secret_value()))
    incidents = incident_moments(states, names)
    untyped = untyped_incident_items(states, names)
    judged = {
        key: judge_item(
            state,
            incidents=incidents.get(key, ()),
            is_untyped_incident=key in untyped,
            cancelled_by=config.policy.gate.cancelled_by,
        )
        for key, state in states.items()
    }
    repositories = {key: name.rpartition("#")[0] for key, name in labels.items()}
    found = agent_work(
        states, judged, repositories, now=plan.as_of, maturation_days=terms.maturation_days
    )
    pulls = sum(state.item_type is ItemType.PULL_REQUEST for state in states.values())
    return _Work(pulls, found, _unclaimed(found, states, config.catalog))


def _unclaimed(
    work: Sequence[AgentWork], states: Mapping[str, ItemState], catalog: Catalog
) -> tuple[AgentWork, ...]:
    rules = WorkItemRules(catalog)
    return tuple(
        one
        for one in work
        if rules.workflow_of(states[one.item].stamps, states[one.item].branch_prefix) is None
    )


def _stamped_runs(
    plan: Plan, catalog: Catalog, gathered: Gathered, lake: Lake
) -> list[StampedRuns]:
    """List the stamps of logged runs that no workflow claims."""
    rules = WorkItemRules(catalog)
    return [
        # A log without starts and ends is of the window, and no earlier.
        StampedRuns(one.value, one.runs, one.first_start or plan.start, one.last_start or plan.end)
        for one in Queries(lake).run_hints(gathered.standing.runs, ())
        if one.dimension is Dimension.STAMP and rules.workflow_of([one.value], None) is None
    ]


def _accounts(gathered: Gathered, books: Books) -> set[tuple[str, str]]:
    """List the accounts that were billed or that runs name, each with its issuer."""
    seen = {(key.issuer, key.account) for key in books.desired}
    return seen | {(run.issuer, run.account) for run in gathered.inputs.runs if run.account}


def _additions(
    catalog: Catalog, drafts: Drafts, accounts: set[tuple[str, str]], tier: int
) -> Additions:
    known = {account.id for account in catalog.accounts}
    new: dict[str, NewAccount] = {}
    for issuer, account in sorted(accounts):
        # Ids are unique over all issuers; an id that no catalog can spell stays undeclared.
        if account not in known and _VENDOR_ID.fullmatch(account):
            new.setdefault(account, NewAccount(account, issuer))
    families = {draft.family for draft in drafts.drafts} - {one.id for one in catalog.families}
    return Additions(
        drafts=drafts.drafts,
        families=tuple(sorted(families)),
        accounts=tuple(sorted(new.values(), key=lambda one: (one.issuer, one.id))),
        risk_tier=tier,
        has_portfolio=any(one.id == PORTFOLIO for one in catalog.portfolios),
    )


def _without_invoice(gathered: Gathered, accounts: Sequence[AccountMoney]) -> set[str]:
    invoiced = {one.issuer for one in gathered.inputs.finance.invoices}
    return {one.key.issuer for one in accounts} - invoiced


def _diff(present: str | None, text: str) -> str:
    if present is not None:
        return text_diff(present, text, CATALOG_PATH)
    return text_diff("", text, CATALOG_PATH).replace(f"--- a/{CATALOG_PATH}", "--- /dev/null", 1)
