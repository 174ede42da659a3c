"""Load the configuration files into one frozen object, or say all that is wrong."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from config.catalog_checks import catalog_misfits
from config.errors import ConfigError
from config.explain import validate_document
from config.finance_checks import finance_misfits
from config.match_checks import match_misfits
from config.misfits import CATALOG, FINANCE, POLICY, SOURCES, TICKETS, Misfit
from config.problems import Problem
from config.shapes.base import Shape
from config.shapes.catalog import Catalog
from config.shapes.finance import Finance
from config.shapes.policy import Policy
from config.shapes.sources import Sources
from config.shapes.tickets import Tickets
from config.source_checks import cross_file_misfits, policy_misfits, sources_misfits
from config.tickets_checks import tickets_misfits
from config.yaml_lines import Document, parse_document, read_document

ShapeT = TypeVar("ShapeT", bound=Shape)


@dataclass(frozen=True, slots=True)
class Config:
    """What the organisation has agreed on, checked as a whole.

    Attributes:
        finance: What finance signs; without anything if there is no such file.
        digests: SHA-256 hex of each file's canonical form, by `catalog`, `policy`, `sources`
            and `finance`. Comments, quoting, key order and written-out defaults do not
            change it; the order of lists does, because rules are tried in file order.
    """

    catalog: Catalog
    policy: Policy
    sources: Sources
    finance: Finance
    digests: Mapping[str, str]

    def bodies(self) -> dict[str, str]:
        """Write out what each digest stands for, as canonical JSON text."""
        return {
            "catalog": canonical_text(self.catalog),
            "policy": canonical_text(self.policy),
            "sources": canonical_text(self.sources),
            "finance": canonical_text(self.finance),
        }


def load_config(folder: Path) -> Config:
    """Read catalog.yaml, policy.yaml, sources.yaml and, if there is one, finance.yaml.

    Raises:
        ConfigError: Anything at all is wrong; it lists every problem with its file,
            line and key, and repeats no value that may be a secret or name a person.
    """
    names = [CATALOG, POLICY, SOURCES]
    if (folder / FINANCE).exists():
        names.append(FINANCE)
    documents = {name: read_document(folder / name) for name in names}
    problems = [problem for document in documents.values() for problem in document.problems]
    catalog = _shaped(documents[CATALOG], Catalog, problems)
    policy = _shaped(documents[POLICY], Policy, problems)
    sources = _shaped(documents[SOURCES], Sources, problems)
    signed = documents.get(FINANCE)
    finance = _shaped(signed, Finance, problems) if signed else Finance()
    problems += [
        documents[misfit.file].problem(misfit.path, misfit.message)
        for misfit in _misfits(catalog, policy, sources, finance)
    ]
    if problems or catalog is None or policy is None or sources is None or finance is None:
        what = f"the configuration in {folder}"
        raise ConfigError.listing(what, problems)
    shapes: dict[str, Shape] = {
        "catalog": catalog,
        "policy": policy,
        "sources": sources,
        "finance": finance,
    }
    digests = {name: digest_of(shape) for name, shape in shapes.items()}
    return Config(catalog, policy, sources, finance, digests)


def catalog_from_text(text: str) -> Catalog:
    """Read a catalog by itself, as `load_config` reads catalog.yaml.

    Raises:
        ConfigError: The text is no catalog, or one that does not fit itself.
    """
    document = parse_document(CATALOG, text.encode())
    problems = list(document.problems)
    catalog = _shaped(document, Catalog, problems)
    if catalog is not None:
        misfits = (*catalog_misfits(catalog), *match_misfits(catalog))
        problems += [document.problem(misfit.path, misfit.message) for misfit in misfits]
    if problems or catalog is None:
        what = "the catalog"
        raise ConfigError.listing(what, problems)
    return catalog


def load_tickets(folder: Path, catalog: Catalog) -> Tickets:
    """Read tickets.yaml, if there is one; without it no ticket goes anywhere.

    Args:
        folder: Of the configuration.
        catalog: As loaded; routes name its portfolios.

    Raises:
        ConfigError: As `load_config`.
    """
    if not (folder / TICKETS).exists():
        return Tickets(version=1)
    document = read_document(folder / TICKETS)
    problems = list(document.problems)
    tickets = _shaped(document, Tickets, problems)
    if tickets is not None:
        problems += [
            document.problem(misfit.path, misfit.message)
            for misfit in tickets_misfits(tickets, catalog)
        ]
    if problems or tickets is None:
        what = f"the ticket systems in {folder}"
        raise ConfigError.listing(what, problems)
    return tickets


def config_from_bodies(bodies: Mapping[str, tuple[str, str]]) -> Config:
    """Read back what `Config.bodies` wrote and a store kept.

    Only shapes are checked: what was agreed on then is not held against today's checks.

    Args:
        bodies: (digest, canonical JSON text) by `catalog`, `policy`, `sources` and `finance`;
            without `finance` nothing was signed.

    Raises:
        ConfigError: A text is not what its digest says, or has a shape that is no longer read.
    """
    catalog = _recorded("catalog", bodies["catalog"], Catalog)
    policy = _recorded("policy", bodies["policy"], Policy)
    sources = _recorded("sources", bodies["sources"], Sources)
    signed = bodies.get("finance")
    finance = _recorded("finance", signed, Finance) if signed else Finance()
    digests = {kind: digest for kind, (digest, _) in bodies.items()}
    digests.setdefault("finance", digest_of(finance))
    return Config(catalog, policy, sources, finance, digests)


def digest_of(shape: Shape) -> str:
    """Digest the canonical form of a configuration object, as SHA-256 hex."""
    return _digest(canonical_text(shape))


def canonical_text(shape: Shape) -> str:
    """Write a configuration object one way, as JSON text: what its digest stands for."""
    # Defaults are left out: a version that adds a key moves no digest.
    plain = shape.model_dump(mode="python", by_alias=True, exclude_defaults=True)
    return json.dumps(
        plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_canonical
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _recorded(kind: str, version: tuple[str, str], shape: type[ShapeT]) -> ShapeT:
    digest, body = version
    if _digest(body) != digest:
        message = (
            f"the recorded {kind} {digest[:12]} is not what its digest says: "
            "run `graduand check --deep`"
        )
        raise ConfigError(message)
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        message = (
            f"the recorded {kind} {digest[:12]} has {error.error_count()} values that this version "
            "of graduand does not read: compute that moment with the version that recorded it"
        )
        raise ConfigError(message) from None


def _shaped(document: Document, shape: type[ShapeT], problems: list[Problem]) -> ShapeT | None:
    if document.value is None and document.problems:
        return None
    shaped, found = validate_document(document, shape)
    # A value that is refused as text is not refused a second time for its shape.
    refused = {problem.key for problem in document.problems}
    problems += [problem for problem in found if problem.key not in refused]
    return shaped


def _misfits(
    catalog: Catalog | None,
    policy: Policy | None,
    sources: Sources | None,
    finance: Finance | None,
) -> Iterator[Misfit]:
    """Run every check whose files have their shape, so that one start shows all problems."""
    if catalog is not None:
        yield from catalog_misfits(catalog)
        yield from match_misfits(catalog)
    if policy is not None:
        yield from policy_misfits(policy)
    if sources is not None:
        yield from sources_misfits(sources)
    if catalog is not None and policy is not None and sources is not None:
        yield from cross_file_misfits(catalog, policy, sources)
    if finance is not None and sources is not None:
        yield from finance_misfits(finance, sources)


def _canonical(value: object) -> str:
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)
