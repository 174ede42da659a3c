"""Who a workflow, an account and a key belong to, on a given day, by the catalog."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from config.shapes.base import Pool, Stage
from config.shapes.catalog import Catalog, Workflow
from tasks.core.books import Strength
from tasks.core.cells import StageSpan

_POOL_OF_STAGE = {
    Stage.EXPLORATION: Pool.EXPLORATION,
    Stage.PROVISIONAL: Pool.PRODUCTION,
    Stage.GOLDEN: Pool.PRODUCTION,
    Stage.SUNSET: Pool.PRODUCTION,
}


@dataclass(frozen=True, slots=True)
class Owner:
    """The one workflow that owns an account or key on a day, and what that entitles it to."""

    workflow: str
    pool: str
    strength: Strength


class Ownership:
    """Answers, from the catalog alone, whose money is whose.

    Every answer is for one UTC day; a workflow owns nothing on a day without a stage.
    """

    def __init__(self, catalog: Catalog) -> None:
        families = {family.id: family.portfolio for family in catalog.families}
        self._home = {
            workflow.id: (families[workflow.family], workflow.family)
            for workflow in catalog.workflows
        }
        self._spans: dict[str, list[StageSpan]] = {}
        for span in stage_spans(catalog):
            self._spans.setdefault(span.workflow, []).append(span)
        self._by_account = _claims(catalog.workflows, "accounts")
        self._by_key = _claims(catalog.workflows, "api_keys")
        self._accounts = {(account.issuer, account.id): account for account in catalog.accounts}
        self._keys = {(key.issuer, key.id): key for key in catalog.api_keys}

    def home(self, workflow: str) -> tuple[str, str]:
        """Name the portfolio and family of a workflow of the catalog."""
        return self._home[workflow]

    def portfolio(self, issuer: str, account: str) -> str:
        """Name the portfolio that the catalog gives an account; empty for the organisation."""
        found = self._accounts.get((issuer, account))
        return found.portfolio or "" if found else ""

    def paid_from(self, issuer: str, account: str, api_key: str | None) -> str:
        """Name the pool that pays: the key's if declared, else the account's, else empty."""
        key = self._keys.get((issuer, api_key)) if api_key is not None else None
        if key is not None and key.paid_from is not None:
            return key.paid_from
        found = self._accounts.get((issuer, account))
        return found.paid_from or "" if found else ""

    def key_owner(self, api_key: str | None, day: date) -> Owner | None:
        """Find the workflow that owns a key on a day."""
        claimed_by = self._by_key.get(api_key, ()) if api_key is not None else ()
        return self._first_in_force(claimed_by, day, Strength.API_KEY)

    def account_owner(self, account: str, day: date) -> Owner | None:
        """Find the workflow that owns a whole account on a day."""
        return self._first_in_force(self._by_account.get(account, ()), day, Strength.ACCOUNT)

    def _first_in_force(
        self, workflows: Iterable[str], day: date, strength: Strength
    ) -> Owner | None:
        for workflow in workflows:
            for span in self._spans[workflow]:
                if span.from_day <= day and (span.to_day is None or day <= span.to_day):
                    return Owner(workflow, span.pool, strength)
        return None


def stage_spans(catalog: Catalog) -> tuple[StageSpan, ...]:
    """Turn dated stage entries into spans: from an entry to the day before the next one.

    An entry's `until` ends its span earlier; the days after it have no stage.
    """
    families = {family.id: family.portfolio for family in catalog.families}
    spans: list[StageSpan] = []
    for workflow in catalog.workflows:
        entries = sorted(workflow.stages, key=lambda entry: entry.from_day)
        nexts = [entry.from_day - timedelta(days=1) for entry in entries[1:]]
        for entry, day_before_next in zip(entries, [*nexts, None], strict=True):
            ends = [day for day in (entry.until, day_before_next) if day is not None]
            to_day = min(ends) if ends else None
            if to_day is not None and to_day < entry.from_day:
                continue
            spans.append(
                StageSpan(
                    workflow=workflow.id,
                    from_day=entry.from_day,
                    to_day=to_day,
                    pool=_POOL_OF_STAGE[entry.stage],
                    family=workflow.family,
                    portfolio=families[workflow.family],
                )
            )
    return tuple(spans)


def _claims(workflows: Iterable[Workflow], what: str) -> dict[str, list[str]]:
    """List, by account or key, the workflows that claim it, in file order."""
    claims: dict[str, list[str]] = {}
    for workflow in workflows:
        for claimed in getattr(workflow.match, what):
            claims.setdefault(claimed, []).append(workflow.id)
    return claims
