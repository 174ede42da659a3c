"""Checks of sources and policy, and of what the three files say about each other."""

from collections.abc import Iterator

from config.catalog_checks import unknown_reference
from config.gate_checks import named_for_gate_misfits
from config.globs import covers
from config.misfits import CATALOG, POLICY, SOURCES, Misfit, not_ascending, repeated
from config.problems import Path, shown
from config.shapes.catalog import Catalog
from config.shapes.policy import Policy
from config.shapes.source_base import OrganizationReport, ReportSource
from config.shapes.sources import (
    AgentLogSource,
    ChargeSource,
    ContractLine,
    CopilotSource,
    DevinSource,
    FileSource,
    FocusFileSource,
    GithubSource,
    Issuer,
    JiraSource,
    RequestLog,
    Source,
    Sources,
)
from config.variable_names import name_misfits

_ISSUER = f"issuer of {SOURCES}"
_DEVIN_DAY_MINUTES = 8 * 60


def policy_misfits(policy: Policy) -> Iterator[Misfit]:
    """Check what the policy's own content can tell."""
    tiers = policy.risk_tiers
    yield from repeated(POLICY, "risk_tiers", tiers, lambda tier: tier.tier, "tier")
    entries = ((entry.issuer, entry.from_day) for entry in policy.matching.tolerances)
    yield from not_ascending(POLICY, ("matching", "tolerances"), entries)


def sources_misfits(sources: Sources) -> Iterator[Misfit]:
    """Check what the sources' own content can tell."""
    yield from repeated(SOURCES, "issuers", sources.issuers, lambda item: item.id, "id")
    yield from repeated(SOURCES, "sources", sources.sources, lambda item: item.name, "name")
    for position, issuer in enumerate(sources.issuers):
        yield from _day_offset(position, issuer, sources.sources)
        yield from _contract(("issuers", position, "contract"), issuer.contract)
    issuers = {issuer.id for issuer in sources.issuers}
    variables: dict[str, str] = {}
    for position, source in enumerate(sources.sources):
        path: Path = ("sources", position)
        yield from _source(path, source, issuers)
        yield from _variable_names(path, source, variables)
    yield from _read_twice(sources.sources)
    yield from _billed_twice(sources.sources)


def cross_file_misfits(catalog: Catalog, policy: Policy, sources: Sources) -> Iterator[Misfit]:
    """Check the references from one file to another."""
    issuers = {issuer.id for issuer in sources.issuers}
    for position, account in enumerate(catalog.accounts):
        if account.issuer not in issuers:
            path: Path = ("accounts", position, "issuer")
            yield unknown_reference(CATALOG, path, account.issuer, _ISSUER, issuers)
    for position, key in enumerate(catalog.api_keys):
        if key.issuer not in issuers:
            path = ("api_keys", position, "issuer")
            yield unknown_reference(CATALOG, path, key.issuer, _ISSUER, issuers)
    for position, tolerance in enumerate(policy.matching.tolerances):
        if tolerance.issuer is not None and tolerance.issuer not in issuers:
            path = ("matching", "tolerances", position, "issuer")
            yield unknown_reference(POLICY, path, tolerance.issuer, _ISSUER, issuers)
    tiers = {tier.tier for tier in policy.risk_tiers}
    for position, workflow in enumerate(catalog.workflows):
        if tiers and workflow.risk_tier not in tiers:
            path = ("workflows", position, "risk_tier")
            message = f"{workflow.risk_tier} is not in `risk_tiers` of {POLICY}; add it there."
            yield Misfit(CATALOG, path, message)
    yield from named_for_gate_misfits(catalog, policy)


def _contract(path: Path, lines: tuple[ContractLine, ...]) -> Iterator[Misfit]:
    for position, line in enumerate(lines):
        place = (*path, position)
        if (line.per_million is None) == (line.factor is None):
            message = "needs exactly one of `per_million` and `factor`."
            yield Misfit(SOURCES, place, message)
        if line.to_day is not None and line.to_day < line.from_day:
            yield Misfit(SOURCES, (*place, "to"), f"must not be before `from` ({line.from_day}).")
        for earlier_position, earlier in enumerate(lines[:position]):
            if _replaces_wholly(earlier, line):
                message = (
                    f"never applies, because contract[{earlier_position}] comes first and holds "
                    "for the same models, kinds and days; narrow that one or remove this one."
                )
                yield Misfit(SOURCES, place, message)
                break


def _replaces_wholly(earlier: ContractLine, line: ContractLine) -> bool:
    is_as_long = earlier.to_day is None or (
        line.to_day is not None and line.to_day <= earlier.to_day
    )
    return (
        earlier.from_day <= line.from_day
        and is_as_long
        and earlier.kind in {line.kind, "*"}
        and covers(earlier.model, line.model)
    )


def _source(path: Path, source: Source, issuers: set[str]) -> Iterator[Misfit]:
    if isinstance(source, AgentLogSource):
        yield from _agent_log(path, source, issuers)
    elif isinstance(source, ChargeSource):
        if source.issuer not in issuers:
            yield unknown_reference(SOURCES, (*path, "issuer"), source.issuer, _ISSUER, issuers)
        yield from _vendor(path, source)
    elif isinstance(source, RequestLog):
        yield from _request_log(path, source, issuers)
    elif isinstance(source, GithubSource) and source.auth == "app":
        for field in ("app_id", "installation_id"):
            if getattr(source, field) is None:
                yield Misfit(SOURCES, (*path, field), "is missing; `auth: app` needs it.")
    elif isinstance(source, JiraSource) and source.deployment == "cloud" and source.user is None:
        message = "is missing; Jira Cloud needs the name of the secret with the account's login."
        yield Misfit(SOURCES, (*path, "user"), message)


def _day_offset(position: int, issuer: Issuer, sources: tuple[Source, ...]) -> Iterator[Misfit]:
    """Report a start of the day that is not the vendor's own."""
    read = [one for one in sources if isinstance(one, ChargeSource) and one.issuer == issuer.id]
    if any(isinstance(one, DevinSource) for one in read):
        due, why = _DEVIN_DAY_MINUTES, "Devin's day starts at 08:00 UTC all year"
    else:
        due, why = 0, "this vendor counts its days in UTC"
    if issuer.day_offset_minutes != due:
        path = ("issuers", position, "day_offset_minutes")
        yield Misfit(SOURCES, path, f"must be {due}: {why}.")


def _request_log(path: Path, source: RequestLog, issuers: set[str]) -> Iterator[Misfit]:
    for issuer in source.default_accounts:
        if issuer not in issuers:
            place = (*path, "default_accounts", issuer)
            yield unknown_reference(SOURCES, place, issuer, _ISSUER, issuers)
    for position, line in enumerate(source.issuers):
        if line.issuer not in issuers:
            place = (*path, "issuers", position, "issuer")
            yield unknown_reference(SOURCES, place, line.issuer, _ISSUER, issuers)


def _vendor(path: Path, source: ChargeSource) -> Iterator[Misfit]:
    if isinstance(source, CopilotSource):
        yield from _copilot(path, source)
    elif isinstance(source, DevinSource):
        days = ((None, entry.from_day) for entry in source.acu_prices)
        yield from not_ascending(SOURCES, (*path, "acu_prices"), days)


def _copilot(path: Path, source: CopilotSource) -> Iterator[Misfit]:
    if (source.organization is None) == (source.enterprise is None):
        yield Misfit(SOURCES, path, "needs exactly one of `organization` and `enterprise`.")
    if source.cost_centers and source.enterprise is None:
        message = "need `enterprise`: an organisation has none."
        yield Misfit(SOURCES, (*path, "cost_centers"), message)


def _read_twice(sources: tuple[Source, ...]) -> Iterator[Misfit]:
    """Report vendors whose reports two sources would read: their money would be booked twice."""
    seen: dict[tuple[str, str, str], str] = {}
    for position, source in enumerate(sources):
        if not (source.enabled and isinstance(source, ReportSource)):
            continue
        name = seen.setdefault((source.type, str(source.base_url), source.secret), source.name)
        if name != source.name:
            message = (
                f"and {shown(name)} read the same reports with the same secret, and their money "
                "would be booked twice; remove one."
            )
            yield Misfit(SOURCES, ("sources", position, "name"), message)


def _billed_twice(sources: tuple[Source, ...]) -> Iterator[Misfit]:
    """Report issuers whose charges would add up although they may be the same.

    Two forms of report name accounts and skus each their way. Two reports of one form add up,
    as those of two organisations do, where each says which one it tells of: what a vendor
    bills without a workspace has no name by which it could be known again.
    """
    seen: dict[tuple[str, int], list[ChargeSource]] = {}
    for position, source in enumerate(sources):
        if not (source.enabled and isinstance(source, ChargeSource)):
            continue
        others = seen.setdefault((source.issuer, source.precedence), [])
        message = next(filter(None, (_same_money(other, source) for other in others)), None)
        others.append(source)
        if message is not None:
            yield Misfit(SOURCES, ("sources", position, "issuer"), message)


def _same_money(first: ChargeSource, second: ChargeSource) -> str | None:
    """Say why two reports of one issuer and rank cannot be added up; None where they can."""
    opinion = "or make one a second opinion by a higher `precedence`."
    both = f"and {shown(first.name)} would both report what {shown(second.issuer)} billed; "
    if type(first) is not type(second):
        return f"{both}give what another vendor bills its own issuer, {opinion}"
    if isinstance(second, FocusFileSource):
        return (
            f"{both}put all files into one source, give what another vendor bills its own issuer,"
            f" {opinion}"
        )
    if not (isinstance(first, OrganizationReport) and isinstance(second, OrganizationReport)):
        return None
    if first.organization is None or second.organization is None:
        return f"{both}say in `organization` of each which one it reads, {opinion}"
    if first.organization == second.organization:
        return f"{both}of one `organization`; remove one, {opinion}"
    return None


def _agent_log(path: Path, source: AgentLogSource, issuers: set[str]) -> Iterator[Misfit]:
    for issuer in source.default_accounts:
        if issuer not in issuers:
            place = (*path, "default_accounts", issuer)
            yield unknown_reference(SOURCES, place, issuer, _ISSUER, issuers)
    if source.work_item_key is not None and source.work_item_key not in source.input_keys:
        message = "must be one of `input_keys`; only those are kept."
        yield Misfit(SOURCES, (*path, "work_item_key"), message)


def _variable_names(path: Path, source: Source, seen: dict[str, str]) -> Iterator[Misfit]:
    """Report names that would become the same or an ambiguous environment variable."""
    names = [("name", "BASE_URL_", source.name)]
    if not isinstance(source, FileSource):
        names.append(("secret", "SECRET_", source.secret))
    if isinstance(source, JiraSource) and source.user is not None:
        names.append(("user", "SECRET_", source.user))
    yield from name_misfits(SOURCES, path, names, seen)
