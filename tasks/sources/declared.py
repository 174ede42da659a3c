"""What the configuration declares may be kept by name: branches, repositories, keys, vendors.

A source knows only its own entry of `sources.yaml`; here it learns what the catalog and
the other sources have declared, so that nobody has to write it twice.
"""

from collections.abc import Sequence

from config.shapes.catalog import Catalog
from config.shapes.finance import Finance
from config.shapes.sources import (
    AgentLogSource,
    AnthropicSource,
    GithubSource,
    OpenAISource,
    PayablesFileSource,
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
        sources: All sources; those of GitHub name repositories.
        finance: It says how accounts payable spells vendors.
    """
    if isinstance(source, AnthropicSource | OpenAISource):
        return source.model_copy(update={"api_keys": _keys(source, catalog)})
    if isinstance(source, PayablesFileSource):
        return source.model_copy(update={"payees": (*source.payees, *finance.payees)})
    if not isinstance(source, AgentLogSource | GithubSource):
        return source
    prefixes = [*source.branch_prefixes]
    for workflow in catalog.workflows:
        prefixes += workflow.match.branch_prefixes
    declared: dict[str, object] = {"branch_prefixes": tuple(dict.fromkeys(prefixes))}
    if isinstance(source, GithubSource):
        scopes = [glob for one in catalog.workflows for glob in one.scope.repositories]
        declared["controls"] = tuple(dict.fromkeys([*source.controls, *scopes]))
    else:
        names = [*source.repositories]
        for workflow in catalog.workflows:
            names += [*workflow.match.repositories, *workflow.scope.repositories]
        for squad in catalog.squads:
            names += squad.repositories
        for other in sources:
            if isinstance(other, GithubSource):
                names += other.repositories
        declared["repositories"] = tuple(
            name for name in dict.fromkeys(names) if name not in _ANYTHING
        )
    return source.model_copy(update=declared)


def _keys(source: AnthropicSource | OpenAISource, catalog: Catalog) -> tuple[str, ...]:
    keys = [*source.api_keys]
    keys += [key.id for key in catalog.api_keys if key.issuer == source.issuer]
    for workflow in catalog.workflows:
        keys += workflow.match.api_keys
    return tuple(dict.fromkeys(keys))
