"""What a scope allows: repositories, squads, kinds of work."""

from typing import Any

import pytest

from config.shapes.catalog import Catalog, Scope
from tasks.core.promotion.scopes import is_all_of, repositories_allowed, squads_allowed, within

CATALOG = Catalog.model_validate(
    {
        "version": 1,
        "squads": [
            {"id": "routing", "title": "R", "repositories": ["acme/planner", "acme/tracking"]},
            {"id": "infra", "title": "I", "repositories": ["acme/infra-*"]},
            {"id": "payments", "title": "P", "projects": ["PAY"]},
        ],
    }
)


@pytest.mark.parametrize(
    ("scope", "squads"),
    [
        ({}, 3),
        ({"repositories": ["acme/planner"]}, 1),
        ({"repositories": ["acme/planner", "acme/tracking"]}, 1),
        ({"repositories": ["acme/planner", "acme/infra-live"]}, 2),
        ({"repositories": ["acme/*"]}, 2),
        ({"repositories": ["other/*"]}, 0),
        ({"tickets": ["PAY-*"]}, 1),
        ({"tickets": ["PAY"], "repositories": ["acme/planner"]}, 2),
        ({"task_classes": ["bump"]}, 3),
    ],
)
def test_a_scope_reaches_the_squads_whose_work_it_names(scope: dict[str, Any], squads: int) -> None:
    assert squads_allowed(CATALOG, Scope.model_validate(scope)) == squads


@pytest.mark.parametrize(
    ("repositories", "allowed"),
    [([], None), (["acme/*"], None), (["a/b"], 1), (["a/b", "a/c"], 2), (["a/b", "a/*"], None)],
)
def test_repositories_are_counted_where_all_are_named(
    repositories: list[str], allowed: int | None
) -> None:
    assert repositories_allowed(Scope(repositories=tuple(repositories))) == allowed


def test_kinds_of_work_are_kept_by_class_repository_or_project() -> None:
    sizes = {"bump": 3, "acme/web": 2, "PAY": 1}

    assert within(Scope(), sizes) == sizes
    assert within(Scope(task_classes=("bump",)), sizes) == {"bump": 3}
    assert within(Scope(repositories=("acme/*",)), sizes) == {"acme/web": 2}
    assert within(Scope(tickets=("PAY-*",)), sizes) == {"PAY": 1}
    assert is_all_of(Scope(tickets=("PAY-*",)), "PAY")
    assert not is_all_of(Scope(repositories=("acme/*",)), "acme/web")
