"""What parsing needs to know about a repository, and what every parser keeps alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tasks.core.batches import Json
from tasks.core.identities import actor_kind
from tasks.core.work.work_items import github_item
from tasks.sources.github import payloads, texts

#: Stands for a state that GitHub added after this was written.
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Repo:
    """What parsing needs to know about the repository an answer is about.

    Attributes:
        name: `owner/name`; a keyed digest where the owner is a person.
        is_personal: The owner is a person's account.
        path: `/repos/owner/name` of the API; never stored or shown.
        default_branch: Its name; never stored or shown. None where the answer does not tell.
    """

    id: int
    name: str
    is_personal: bool
    path: str = field(repr=False)
    names: texts.Names
    prefixes: tuple[str, ...]
    incident_labels: frozenset[str]
    keyed_digest: Callable[[str], str]
    default_branch: str | None = field(default=None, repr=False)

    def item(self, number: int) -> str:
        """Key of an issue or pull request of this repository."""
        return github_item(self.id, number)


def repository_fields(repo: Repo) -> dict[str, Json]:
    """Give the fields that say where a row belongs."""
    return {"repository_id": repo.id, "repository": repo.name, "is_personal": repo.is_personal}


def label_names(labels: Sequence[payloads.Label] | None) -> list[str]:
    """List the names of labels, for looking up hints; never stored."""
    return [label.name for label in labels or () if label.name]


def actor_of(account: payloads.Account | None) -> str | None:
    """Say what kind of actor an account is; None where it is gone."""
    return actor_kind(account.id, account.type, account.login) if account else None
