"""Find the configured repositories by id: names change, ids stay."""

from collections.abc import Iterable

from tasks.core.errors import SourceError
from tasks.core.work.work_items import github_repository
from tasks.sources.github import payloads
from tasks.sources.github.context import Repo
from tasks.sources.github.reading import CONCURRENCY, MALFORMED_PAGE, Reading, UnreadableError
from tasks.sources.github.texts import Names
from tasks.transport.pacing import map_bounded

_ALL = "/*"
_ORGANIZATION = "Organization"
_NOT_FOUND = 404


def find_repositories(reading: Reading) -> list[Repo]:
    """Resolve every configured repository, each once, by id.

    A renamed or transferred repository answers under its new name (301) with the same id.
    One that is gone or hidden is refused, and the others go on.

    Raises:
        SourceError: The source is down or refuses the credential, or there is no repository.
    """
    names = reading.config.repositories
    single = [(place, name) for place, name in enumerate(names) if not name.endswith(_ALL)]
    found: list[tuple[str, payloads.Repository]] = []
    for (_, name), repository in zip(
        single,
        map_bounded(lambda job: _one(reading, *job), single, CONCURRENCY),
        strict=True,
    ):
        found += [(name, one) for one in repository]
    for place, name in enumerate(names):
        if name.endswith(_ALL):
            owner = name.removesuffix(_ALL)
            found += [(one.full_name or "", one) for one in _all_of(reading, place, owner)]
    if not found:
        raise SourceError(reading.config.name, _why_none(reading))
    return _repos(reading, found)


def _why_none(reading: Reading) -> str:
    if any(one.code == MALFORMED_PAGE for one in reading.rejects.values()):
        return (
            "what answers is not GitHub's API; see whether `base_url` is (https://api.github.com,"
            " or https://HOST/api/v3), and whether a login page or a proxy stands in between"
        )
    return (
        "none of its configured repositories can be read; check their names, and that the"
        " credential may see them"
    )


def _one(reading: Reading, place: int, name: str) -> list[payloads.Repository]:
    label = f"repositories[{place}]"
    response = reading.client.get(f"/repos/{name}", accept=(403, _NOT_FOUND, 451))
    if response.json is None:
        reading.refuse_whole(label, f"unreadable_{response.status}")
        return []
    return reading.parse(label, [response.json], payloads.Repository.model_validate)


def _all_of(reading: Reading, place: int, owner: str) -> Iterable[payloads.Repository]:
    label = f"repositories[{place}]"
    lists: list[tuple[str, str | None]]
    if reading.config.auth == "app":
        lists = [("/installation/repositories", "repositories")]
    else:
        lists = [(f"/orgs/{owner}/repos", None), (f"/users/{owner}/repos", None)]
    for path, items in lists:
        before = dict(reading.rejects)
        try:
            pages = list(reading.pages(label, path, {}, items))
        except UnreadableError:
            if path.startswith("/orgs/"):  # the owner is a person, not an organisation
                reading.rejects = before
                continue
            return []
        repositories = reading.parse(
            label, [one for page in pages for one in page], payloads.Repository.model_validate
        )
        return [one for one in repositories if _owner(one).lower() == owner.lower()]
    return []


def _owner(repository: payloads.Repository) -> str:
    return (repository.full_name or "").partition("/")[0]


def _repos(reading: Reading, found: list[tuple[str, payloads.Repository]]) -> list[Repo]:
    """Give each repository once, with the names of all of them for resolving references."""
    ids = {name.lower(): one.id for name, one in found if name}
    ids |= {one.full_name.lower(): one.id for _, one in found if one.full_name}
    config = reading.config
    repos: dict[int, Repo] = {}
    for name, one in found:
        full_name = one.full_name or name
        # What is not known to be an organisation may be a person.
        is_personal = one.owner is None or one.owner.type != _ORGANIZATION
        repos[one.id] = Repo(
            id=one.id,
            name=reading.keyed_digest(full_name.lower()) if is_personal else full_name,
            is_personal=is_personal,
            path=f"/repos/{full_name}",
            names=Names(home=one.id, ids=ids, keyed_digest=reading.keyed_digest),
            prefixes=config.branch_prefixes,
            incident_labels=frozenset(config.incident_labels),
            keyed_digest=reading.keyed_digest,
            default_branch=one.default_branch,
        )
    return list(repos.values())


def place_of(repo: Repo, what: str) -> str:
    """Name a list of a repository in rejects, free of names."""
    return f"{github_repository(repo.id)}/{what}"
