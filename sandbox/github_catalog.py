"""The catalog's repository for the accounts that write: its files, branches and commits."""

import base64
import binascii
from collections.abc import Callable

from sandbox import github_posted as views
from sandbox.catalog_repository import MAIN, REPOSITORY, blob_sha
from sandbox.github_desk import Desk, invalid
from sandbox.github_lists import error, not_found
from sandbox.github_views import repository
from sandbox.wire import Json, Reply, parse_moment


def about(call: Desk) -> Reply:
    """Describe the repository."""
    return Reply(200, repository(REPOSITORY, call.request.base_url, call.now))


def read_file(call: Desk) -> Reply:
    """Give a file at a ref."""
    ref = call.request.param("ref", MAIN)
    commit = call.board.catalog.at(ref)
    if commit is None:
        return error(404, f"No commit found for the ref {ref}")
    data = commit.files.get(call.parts[0])
    if data is None:
        return not_found()
    return Reply(200, views.content(call.parts[0], data, ref, call.request))


def write_file(call: Desk) -> Reply:
    """Write a file on a branch; the sha of what it replaces has to be named."""
    catalog, path = call.board.catalog, call.parts[0]
    branch = call.text("branch") or MAIN
    if branch not in catalog.branches:
        return error(404, f"Branch {branch} not found")
    old = catalog.commits[catalog.branches[branch]].files.get(path)
    fault = _write_fault(call, old)
    if fault is not None:
        return fault
    if branch == MAIN and catalog.protection in ("protected", "forbidden"):
        return error(
            409, "Repository rule violations found\n\nChanges must be made through a pull request."
        )
    data = base64.b64decode(call.text("content"))
    made = catalog.commit(branch, path, data, call.text("message"), call.actor, call.now)
    return Reply(
        201 if old is None else 200,
        {
            "content": views.content(path, data, branch, call.request),
            "commit": views.commit(made, call.request),
        },
    )


def _write_fault(call: Desk, old: bytes | None) -> Reply | None:
    try:
        base64.b64decode(call.text("content"))
    except binascii.Error:
        return error(422, "content is not valid Base64")
    if not call.text("message"):
        return invalid("Commit", "message", "missing_field")
    if old is None:
        return None
    if not call.text("sha"):
        return error(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if call.text("sha") != blob_sha(old):
        return error(409, f"{call.parts[0]} does not match {call.text('sha')}")
    return None


def read_ref(call: Desk) -> Reply:
    """Give a branch's ref."""
    sha = call.board.catalog.branches.get(call.parts[0])
    return Reply(200, _ref(call, call.parts[0], sha)) if sha else not_found()


def matching_refs(call: Desk) -> Reply:
    """List the branches that begin with a text."""
    return call.listed(
        [
            _ref(call, name, sha)
            for name, sha in sorted(call.board.catalog.branches.items())
            if name.startswith(call.parts[0])
        ]
    )


def create_ref(call: Desk) -> Reply:
    """Make a branch."""
    catalog, ref, sha = call.board.catalog, call.text("ref"), call.text("sha")
    name = ref.removeprefix("refs/heads/")
    if not ref.startswith("refs/heads/") or not name:
        return error(422, "Reference name must start with 'refs/heads/'")
    if sha not in catalog.commits:
        return error(422, "Object does not exist")
    if name in catalog.branches:
        return error(422, "Reference already exists")
    catalog.branches[name] = sha
    return Reply(201, _ref(call, name, sha))


def change_ref(call: Desk) -> Reply:
    """Move a branch (PATCH), or delete it."""
    catalog, name = call.board.catalog, call.parts[0]
    if name not in catalog.branches:
        return error(422, "Reference does not exist")
    if name == MAIN:
        return error(422, "Cannot update this protected ref.")
    if call.request.method == "DELETE":
        del catalog.branches[name]
        return Reply(204, b"")
    if call.text("sha") not in catalog.commits:
        return error(422, "Object does not exist")
    catalog.branches[name] = call.text("sha")
    return Reply(200, _ref(call, name, call.text("sha")))


def list_commits(call: Desk) -> Reply:
    """List commits that lead to a ref, newest first; `path` keeps those that changed a file."""
    since = call.request.param("since")
    catalog = call.board.catalog
    ref, path = call.request.param("sha", MAIN), call.request.param("path")
    found = []
    for item in catalog.history(ref):
        before = catalog.commits.get(item.parent)
        old = before.files if before else {}
        is_late = not since or item.at >= parse_moment(since)
        if is_late and (not path or item.files.get(path) != old.get(path)):
            found.append(views.commit(item, call.request))
    return call.listed(found)


def _ref(call: Desk, name: str, sha: str) -> Json:
    return {
        "ref": f"refs/heads/{name}",
        "url": call.url(f"git/refs/heads/{name}"),
        "object": {"type": "commit", "sha": sha, "url": call.url(f"git/commits/{sha}")},
    }


#: (methods, path below the repository, handler)
ROUTES: tuple[tuple[str, str, Callable[[Desk], Reply]], ...] = (
    ("GET", r"", about),
    ("GET", r"contents/(.+)", read_file),
    ("PUT", r"contents/(.+)", write_file),
    ("GET", r"git/refs?/heads/(.+)", read_ref),
    ("GET", r"git/matching-refs/heads/(.*)", matching_refs),
    ("POST", r"git/refs", create_ref),
    ("PATCH DELETE", r"git/refs/heads/(.+)", change_ref),
    ("GET", r"commits", list_commits),
)
