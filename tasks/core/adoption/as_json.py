"""The first day for programs: plain values, money as exact decimal text."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from tasks.core.adoption.adoption import Adoption


def adoption_json(adoption: Adoption) -> dict[str, Any]:
    """Give everything but the texts that are files: amounts in whole currency units, as text."""
    plain = asdict(adoption)
    for name in ("catalog", "diff"):
        del plain[name]
    value: dict[str, Any] = _plain(plain)
    return value


def _plain(value: Any, name: str = "") -> Any:  # noqa: ANN401 - whatever a dataclass may hold
    if isinstance(value, dict):
        return {key.removesuffix("_nano"): _plain(one, key) for key, one in value.items()}
    if name == "models":
        return [[model, _money(nano)] for model, nano in value]
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, int) and name.endswith("_nano"):
        return _money(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def _money(nano: int) -> str:
    return format(Decimal(nano).scaleb(-9), "f")
