"""Write an offered contract line into the text of `sources.yaml`, as a diff for people.

Only the line is added: comments, order, quoting and line ends of the file stay as they are.
"""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from difflib import unified_diff
from io import StringIO
from typing import cast

import yaml
from pydantic import ValidationError

from config.shapes.sources import ContractLine, Sources
from config.yaml_lines import parse_document
from tasks.core.errors import ConfigError
from tasks.core.reconciling.offers import ContractOffer

_WILDCARD = re.compile(r"([*?\[])")
# What reads as text without quotes, also between the braces of a flow mapping.
_PLAIN = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9.]*[a-z0-9])+", re.ASCII)
_LINE_END = re.compile(r"\r?\n")


def contract_line(offer: ContractOffer) -> str:
    """Spell an offer as the YAML of a contract line."""
    model = _glob(offer)
    spelled = model if _PLAIN.fullmatch(model) else json.dumps(model)
    return f'{{model: {spelled}, factor: "{offer.factor}", from: {offer.from_day.isoformat()}}}'


def with_contract_line(text: str, offer: ContractOffer) -> str:
    """Put an offered line first among the issuer's contract lines: there it is tried first.

    Args:
        text: Of a `sources.yaml` that could be loaded.
        offer: What to add.

    Raises:
        ConfigError: The text has no such issuer, or cannot be extended without rewriting it.
    """
    line = contract_line(offer)
    changed = _extended(text, offer, line)
    if not _is_only_added(text, changed, offer):
        message = (
            f"sources.yaml is written in a way that a line cannot be added to: put {line} first "
            f"in the contract of issuer {offer.issuer!r} by hand"
        )
        raise ConfigError(message)
    return changed


def contract_diff(
    text: str, offers: Iterable[ContractOffer], name: str = "config/sources.yaml"
) -> str:
    """Write offers as one unified diff of `sources.yaml`, as `git apply` takes it.

    Args:
        text: Of a `sources.yaml` that could be loaded.
        offers: At most one for an issuer and model.
        name: Path of the file, as the diff shall name it.

    Returns:
        Empty without any offer. One that the text cannot take is left out: it is no reason
        not to show the others.
    """
    changed = text
    for offer in sorted(offers, reverse=True):  # each goes on top: in the end they are in order
        with suppress(ConfigError):
            changed = with_contract_line(changed, offer)
    lines = unified_diff(
        [*StringIO(text, newline="\n")],
        [*StringIO(changed, newline="\n")],
        f"a/{name}",
        f"b/{name}",
    )
    ended = (
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
    return "".join(ended)


def _extended(text: str, offer: ContractOffer, line: str) -> str:
    """Add a line in the style in which the issuer, or its contract, is written."""
    issuer = _issuer(text, offer)
    keys = {key.value: (key, value) for key, value in issuer.value}
    key, contract = keys.get("contract", (None, None))
    if isinstance(contract, yaml.SequenceNode) and contract.flow_style:
        rest = ", " if contract.value else ""
        return _inserted(text, contract.start_mark.index + 1, f"{line}{rest}")
    if isinstance(contract, yaml.SequenceNode) and key is not None:
        # Above the comments of the line that was first so far, which are not about this one.
        return _with_line(text, key.end_mark.index, f"{' ' * contract.start_mark.column}- {line}")
    if contract is None and issuer.flow_style:
        return _inserted(text, issuer.start_mark.index + 1, f"contract: [{line}], ")
    if contract is None and issuer.value:
        first, last = issuer.value[0][0], issuer.value[-1][1]
        indent = " " * first.start_mark.column
        block = f"{indent}contract:\n{indent}  - {line}"
        return _with_line(text, last.end_mark.index, block)
    return text


def _issuer(text: str, offer: ContractOffer) -> yaml.MappingNode:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    top = {key.value: value for key, value in root.value} if root is not None else {}
    issuers = top.get("issuers")
    for issuer in issuers.value if issuers is not None else ():
        if any(key.value == "id" and value.value == offer.issuer for key, value in issuer.value):
            return cast("yaml.MappingNode", issuer)
    message = f"sources.yaml has no issuer {offer.issuer!r}: add it with its contract"
    raise ConfigError(message)


def _inserted(text: str, at: int, part: str) -> str:
    return f"{text[:at]}{part}{text[at:]}"


def _with_line(text: str, after: int, block: str) -> str:
    """Insert whole lines below the one that a place is on, ended as that one is."""
    end = _LINE_END.search(text, after)
    if end is None:
        return f"{text}\n{block}"
    block = block.replace("\n", end[0])
    return f"{text[: end.end()]}{block}{end[0]}{text[end.end() :]}"


def _is_only_added(text: str, changed: str, offer: ContractOffer) -> bool:
    """Tell whether a text says what it said, and the line, and nothing else."""
    line = ContractLine.model_validate(
        {"model": _glob(offer), "factor": str(offer.factor), "from": offer.from_day}
    )
    try:
        before, after = _read(text), _read(changed)
    except ValidationError:
        return False
    issuers = tuple(
        issuer.model_copy(update={"contract": (line, *issuer.contract)})
        if issuer.id == offer.issuer
        else issuer
        for issuer in before.issuers
    )
    return after == before.model_copy(update={"issuers": issuers})


def _read(text: str) -> Sources:
    return Sources.model_validate(parse_document("sources.yaml", text.encode()).value)


def _glob(offer: ContractOffer) -> str:
    """Write a glob that matches the model alone."""
    return _WILDCARD.sub(r"[\1]", offer.model)
