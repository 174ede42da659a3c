"""How commits came into the catalog: pull requests of a commit, and what people said of them."""

from collections.abc import Callable
from datetime import datetime

from sandbox import github_posted as views
from sandbox.catalog_repository import CatalogRepository, Review
from sandbox.github_desk import Desk
from sandbox.github_lists import error, not_found
from sandbox.people import Person
from sandbox.tickets_board import GITHUB
from sandbox.wire import Json, Reply, iso

STATES = ("approved", "changes_requested", "commented", "dismissed")


def add_review(
    catalog: CatalogRepository, number: int, state: str, author: Person, now: datetime
) -> None:
    """Have a person review a pull request as it stands.

    Raises:
        KeyError, ValueError: There is no such pull request, or no such state.
    """
    if state not in STATES:
        message = f"no review {state!r}; there are {', '.join(STATES)}"
        raise ValueError(message)
    pull = catalog.pulls[number]
    made = Review(len(pull.reviews) + 1, author, state.upper(), now, catalog.branches[pull.head])
    pull.reviews.append(made)


def pulls_of_commit(call: Desk) -> Reply:
    """List the merged pull request that brought a commit, or the open ones that hold it."""
    catalog, sha = call.board.catalog, call.parts[0]
    if sha not in catalog.commits:
        return error(422, f"No commit found for SHA: {sha}")
    shown: list[Json] = []
    for pull in catalog.pulls.values():
        posted = call.board.find(GITHUB, str(pull.number))
        is_its = pull.merge_sha == sha or (
            not pull.merge_sha and sha in {one.sha for one in catalog.history(pull.head)}
        )
        if posted is not None and is_its:
            head = catalog.branches.get(pull.head, "")
            shown.append(views.pull(pull, posted, head, call.request))
    return call.listed(shown)


def reviews(call: Desk) -> Reply:
    """List the reviews of a pull request, oldest first."""
    pull = call.board.catalog.pulls.get(int(call.parts[0]))
    if pull is None:
        return not_found()
    return call.listed([_review(call, one) for one in pull.reviews])


def _review(call: Desk, one: Review) -> Json:
    return {
        "id": one.id,
        "user": views.account(one.author, call.request.base_url),
        "body": "",
        "state": one.state,
        "submitted_at": iso(one.at),
        "commit_id": one.commit,
    }


#: (methods, path below the repository, handler)
ROUTES: tuple[tuple[str, str, Callable[[Desk], Reply]], ...] = (
    ("GET", r"commits/([0-9a-f]+)/pulls", pulls_of_commit),
    ("GET", r"pulls/(\d+)/reviews", reviews),
)
