"""What the configuration declares may be kept by name: branches, repositories, keys, vendors.

A source knows only its own entry of `sources.yaml`; here it learns what the catalog and
the other sources have declared, so that nobody has to write it twice.
"""

from collections.abc import Sequence

from config.shapes.catalog import Catalog
from config.shapes.finance import Finance
from config.shapes.source_base import ReportSource
from config.shapes.source_logs import IssuerLine
from config.shapes.sources import (
    AgentLogSource,
    ChargeSource,
    CursorSource,
    DevinSource,
    GithubSource,
    PayablesFileSource,
    RequestLog,
    Source,
)

#: Globs that match any repository, and so declare none.
_ANYTHING = frozenset({"*", "*/*"})


def with_declared(
    source: Source, catalog: Catalog, sources: Sequence[Source], finance: Finance
) -> Source:
    """Add to a source what is declared elsewhere; sources without such hints stay as they are.

    Args:
        source: As `sources.yaml` has it.
        catalog: Its match rules, scopes and squads name prefixes and repositories; it lists keys.
        sources: All sources; those of GitHub name repositories, those of bills issuers.
        finance: It says how accounts payable spells vendors, and whose seats and credits we have.
    """
    declared: dict[str, object] = {}
    if isinstance(source, ReportSource | RequestLog):
        declared["api_keys"] = _keys(source, catalog)
    if isinstance(source, RequestLog):
        declared["issuers"] = _issuer_lines(source, catalog, sources, finance)
    if isinstance(source, PayablesFileSource):
        declared["payees"] = (*source.payees, *finance.payees)
    if isinstance(source, GithubSource):
        scopes = [glob for one in catalog.workflows for glob in one.scope.repositories]
        declared["controls"] = tuple(dict.fromkeys([*source.controls, *scopes]))
        declared["branch_prefixes"] = _prefixes(source.branch_prefixes, catalog)
    elif isinstance(source, AgentLogSource | RequestLog | CursorSource | DevinSource):
        declared["branch_prefixes"] = _prefixes(source.branch_prefixes, catalog)
        declared["repositories"] = _repositories(source.repositories, catalog, sources)
    return source.model_copy(update=declared) if declared else source


def _prefixes(own: Sequence[str], catalog: Catalog) -> tuple[str, ...]:
    prefixes = [*own]
    for workflow in catalog.workflows:
        prefixes += workflow.match.branch_prefixes
    return tuple(dict.fromkeys(prefixes))


def _repositories(
    own: Sequence[str], catalog: Catalog, sources: Sequence[Source]
) -> tuple[str, ...]:
    names = [*own]
    for workflow in catalog.workflows:
        names += [*workflow.match.repositories, *workflow.scope.repositories]
    for squad in catalog.squads:
        names += squad.repositories
    for other in sources:
        if isinstance(other, GithubSource):
            names += other.repositories
    return tuple(name for name in dict.fromkeys(names) if name not in _ANYTHING)


def _keys(source: ReportSource | RequestLog, catalog: Catalog) -> tuple[str, ...]:
    """List the keys of a report's own issuer; a log may see those of any."""
    issuer = source.issuer if isinstance(source, ReportSource) else None
    keys = [*source.api_keys]
    keys += [key.id for key in catalog.api_keys if issuer in {None, key.issuer}]
    for workflow in catalog.workflows:
        keys += workflow.match.api_keys
    return tuple(dict.fromkeys(keys))


def _issuer_lines(
    source: RequestLog, catalog: Catalog, sources: Sequence[Source], finance: Finance
) -> tuple[IssuerLine, ...]:
    """Let a provider that is called as an issuer be that issuer, after the source's own lines."""
    issuers = {one.issuer for one in sources if isinstance(one, ChargeSource)}
    issuers |= {one.issuer for one in catalog.accounts} | {one.issuer for one in catalog.api_keys}
    issuers |= {one.issuer for one in finance.seats} | {one.issuer for one in finance.prepaid}
    issuers |= source.default_accounts.keys()
    lines = (IssuerLine(provider=issuer, issuer=issuer) for issuer in sorted(issuers))
    return (*source.issuers, *lines)
