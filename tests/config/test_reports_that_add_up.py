"""Reports of one issuer add up only where they tell of different organisations."""

from typing import Any

import pytest

from config.shapes.sources import Sources
from config.source_checks import sources_misfits

FIRST = {
    "name": "first",
    "type": "anthropic",
    "base_url": "https://api.anthropic.com",
    "secret": "key",
    "issuer": "anthropic",
    "organization": "products",
}
SECOND = {**FIRST, "name": "second", "secret": "another", "organization": "research"}
BY_PRODUCT = {**FIRST, "name": "by-product", "type": "anthropic_enterprise", "secret": "other"}


def misfits(*sources: dict[str, Any]) -> list[tuple[str, str]]:
    shaped = Sources.model_validate(
        {"version": 1, "issuers": [{"id": "anthropic"}, {"id": "openai"}], "sources": sources}
    )
    return [(".".join(map(str, one.path)), one.message) for one in sources_misfits(shaped)]


def test_reports_of_two_organisations_add_up() -> None:
    assert misfits(FIRST, SECOND) == []


def test_one_report_need_not_say_whose_it_is() -> None:
    assert misfits({**FIRST, "organization": None}) == []


@pytest.mark.parametrize("nameless", [0, 1])
@pytest.mark.parametrize("kind", ["anthropic", "openai", "anthropic_enterprise"])
def test_two_reports_that_do_not_say_whose_they_are_are_refused(kind: str, nameless: int) -> None:
    pair: list[dict[str, Any]] = [{**FIRST, "type": kind}, {**SECOND, "type": kind}]
    pair[nameless]["organization"] = None

    ((path, message),) = misfits(*pair)

    assert path == "sources.1.issuer"
    assert "and `first` would both report what `anthropic` billed" in message
    assert "say in `organization` of each which one it reads" in message


def test_an_organisation_is_not_read_twice() -> None:
    ((path, message),) = misfits(FIRST, {**SECOND, "organization": "products"})

    assert path == "sources.1.issuer"
    assert "of one `organization`; remove one" in message


@pytest.mark.parametrize(
    "apart", [{"precedence": 101}, {"issuer": "openai"}, {"enabled": False}], ids=str
)
def test_what_does_not_add_up_need_not_say_whose_it_is(apart: dict[str, Any]) -> None:
    assert misfits(FIRST, {**SECOND, "organization": None, **apart}) == []


def test_each_report_is_held_against_all_before_it() -> None:
    third = {**SECOND, "name": "third", "secret": "one-more"}

    ((path, message),) = misfits(FIRST, SECOND, third)

    assert path == "sources.2.issuer"
    assert "`second`" in message


def test_two_kinds_of_reports_of_one_issuer_are_refused_unless_one_is_a_second_opinion() -> None:
    ((path, message),) = misfits(FIRST, SECOND, {**BY_PRODUCT, "precedence": 100})

    assert path == "sources.2.issuer"
    assert "would both report what" in message
    assert "files" not in message
    assert misfits(FIRST, SECOND, BY_PRODUCT) == []
