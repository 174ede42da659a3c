"""One request of an account that writes, to the repository of the tickets and the catalog."""

from collections.abc import Sequence

from sandbox.catalog_repository import REPOSITORY
from sandbox.github_lists import DOCS, Call
from sandbox.organisation import ORG
from sandbox.people import Person
from sandbox.records import World
from sandbox.tickets_board import GITHUB, Board, Posted
from sandbox.wire import Json, Reply, Request

FULL_NAME = f"{ORG}/{REPOSITORY.name}"


class Desk(Call):
    """What a handler needs: the request, the board, and who asks."""

    def __init__(  # the request of a call, and its desk
        self,
        world: World,
        request: Request,
        parts: Sequence[str],
        cap: int,
        board: Board,
        actor: Person,
    ) -> None:
        super().__init__(world, request, REPOSITORY, parts, cap)
        self.board = board
        self.actor = actor
        self.body = request.json()

    def posted(self) -> Posted | None:
        """Find the issue whose number the path names, also a deleted one."""
        for one in self.board.all(GITHUB):
            if one.key == self.parts[0]:
                return one
        return None

    def url(self, path: str) -> str:
        """Build an address below the repository."""
        return f"{self.request.base_url}/repos/{FULL_NAME}/{path}"

    def text(self, name: str) -> str:
        """Read a text of the body; empty if it is none."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""


def invalid(resource: str, field: str, code: str = "invalid", message: str = "") -> Reply:
    """Refuse a body the way GitHub's validation does."""
    fault: dict[str, Json] = {"resource": resource, "code": code, "field": field}
    if message:
        fault["message"] = message
    return Reply(
        422,
        {
            "message": "Validation Failed",
            "errors": [fault],
            "documentation_url": DOCS,
            "status": "422",
        },
    )
