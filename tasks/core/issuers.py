"""Which issuer bills a request, from what its log calls provider and model."""

import re
from collections.abc import Collection, Iterable

from config.shapes.source_logs import IssuerLine, RequestLog
from tasks.core.globs import compiled
from tasks.core.models import split_model

#: Issuer of a request where nothing settles it.
UNKNOWN_ISSUER = "unknown"

# Makers of models by the names they give them; then how `sources.yaml` may call the maker.
_FAMILIES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"claude-"), ("anthropic",)),
    (re.compile(r"(?:chat)?gpt-|o[134](?:-|$)|codex-|text-embedding-"), ("openai",)),
    (re.compile(r"gemini-"), ("google", "gemini", "google-gemini")),
    (re.compile(r"(?:mistral|codestral|devstral|magistral)-"), ("mistral",)),
    (re.compile(r"grok-"), ("xai", "x-ai", "x_ai")),
    (re.compile(r"deepseek-"), ("deepseek",)),
)
# Makers that sell their own models, under the names that logs have for them.
_MAKERS = frozenset(
    {
        "anthropic",
        "openai",
        "gcp.gemini",
        "gcp.gen_ai",
        "gemini",
        "google",
        "mistral",
        "mistral_ai",
        "x_ai",
        "xai",
        "deepseek",
    }
)


def known_issuers(log: RequestLog) -> frozenset[str]:
    """List the issuers that a log knows of: its lines, with what is declared elsewhere added."""
    return frozenset({line.issuer for line in log.issuers} | log.default_accounts.keys())


def issuer_of(
    provider: str | None,
    model: str,
    lines: Iterable[IssuerLine],
    known_issuers: Collection[str],
) -> str:
    """Name the issuer of a request.

    The first line that fits holds; then a provider that is an issuer; then the maker of the model.
    A model that somebody else serves (Bedrock, Vertex, Azure, a reseller) is never billed by its
    maker: without a line for it, its issuer is unknown.

    Args:
        provider: As the log calls it; None or empty where it does not. A prefix of the model
            (`openai/gpt-5`, `openai:gpt-5`) stands in for it.
        model: As the log calls it.
        lines: Of the source, in file order; globs, against lower case.
        known_issuers: Ids of `sources.yaml`.
    """
    named = model.strip().lower()
    vendor, bare = split_model(named)
    path, _, last = bare.rpartition("/")
    said = (provider or "").strip().lower() or vendor or path.partition("/")[0]
    for line in lines:
        if _fits(line.provider, said) and _fits(line.model, named):
            return line.issuer
    if said in known_issuers:
        return said
    if said and said not in _MAKERS:
        return UNKNOWN_ISSUER
    for family, names in _FAMILIES:
        if family.match(last):
            return next((name for name in names if name in known_issuers), UNKNOWN_ISSUER)
    return UNKNOWN_ISSUER


def _fits(glob: str, text: str) -> bool:
    return compiled(glob.lower())(text) is not None
