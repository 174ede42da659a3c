"""Parse pull requests, reviews and commits into raw rows; texts end here as hints.

Kept: numeric ids, states, instants, hashes of commits, names of repositories of
organisations, workflow stamps, ticket keys, declared branch prefixes, keyed digests.
"""

from collections.abc import Callable

from tasks.core.batches import Json, RawRow
from tasks.core.identities import agent_of_email
from tasks.core.instants import instant_text
from tasks.core.work.branches import branch_hint
from tasks.core.work.hand_tags import hand_tags
from tasks.core.work.work_items import LinkType
from tasks.sources.github import payloads, texts
from tasks.sources.github.context import OTHER, Repo, actor_of, label_names, repository_fields

_REVIEW_STATES = frozenset({"approved", "changes_requested", "commented", "dismissed", "pending"})


def parse_pull_request(payload: object, repo: Repo) -> RawRow:
    """Reduce a pull request of the list form.

    Raises:
        pydantic.ValidationError: A key or an instant is missing or malformed.
    """
    pull = payloads.PullRequest.model_validate(payload)
    title, body = pull.title or "", pull.body or ""
    branch = branch_hint(pull.head.ref or "", repo.prefixes, repo.keyed_digest)
    labels = label_names(pull.labels)
    stamps, tags = texts.label_stamps(labels), hand_tags(labels)
    closes = texts.closing_links(body, repo.names)
    tickets = texts.mentioned_tickets(pull.head.ref or "", title, body)
    reverts = texts.reverted_items(body, repo.names)
    links: list[Json] = [{"type": LinkType.CLOSES.value, "ref": ref} for ref in closes]
    links += [{"type": LinkType.MENTIONS.value, "ref": ref} for ref in tickets]
    return {
        "record": "pull_request",
        "key": repo.item(pull.number),
        **repository_fields(repo),
        "number": pull.number,
        "state": pull.state,
        "is_draft": bool(pull.draft),
        "created_at": instant_text(pull.created_at),
        "updated_at": instant_text(pull.updated_at),
        "closed_at": instant_text(pull.closed_at) if pull.closed_at else None,
        "merged_at": instant_text(pull.merged_at) if pull.merged_at else None,
        # Of an unmerged pull request this is a trial merge, which changes with its base.
        "merge_commit": pull.merge_commit_sha if pull.merged_at else None,
        "author": actor_of(pull.user),
        "head": pull.head.sha,
        "is_fork": pull.head.repo is None or pull.head.repo.id != repo.id,
        "branch_prefix": branch.prefix,
        "branch_item": branch.ticket,
        "branch_digest": branch.digest,
        "stamps": list(stamps.ids),
        "malformed_stamps": stamps.malformed,
        "tags": [tag.value for tag in tags.tags],
        "malformed_tags": tags.malformed,
        "links": links,
        "is_revert": bool(reverts) or texts.is_revert(title),
        "reverts": list(reverts),
        "reviews": None,
        "commits": None,
        **_signed(body),
        **_sessions(body, repo.keyed_digest),
    }


def parse_review(payload: object) -> RawRow:
    """Reduce a review; its text is never read.

    Raises:
        pydantic.ValidationError: A key or an instant is missing or malformed.
    """
    review = payloads.Review.model_validate(payload)
    state = review.state.lower()
    return {
        "id": review.id,
        "state": state if state in _REVIEW_STATES else OTHER,
        "submitted_at": instant_text(review.submitted_at) if review.submitted_at else None,
        "actor": actor_of(review.user),
    }


def parse_commit(payload: object, keyed_digest: Callable[[str], str]) -> RawRow:
    """Reduce a commit of a pull request to hints: agents, sessions, stamps, reverted commits.

    Raises:
        pydantic.ValidationError: A key or an instant is missing or malformed.
    """
    commit = payloads.Commit.model_validate(payload)
    message, author, committer = (
        commit.commit.message,
        commit.commit.author,
        commit.commit.committer,
    )
    agents = texts.signing_agents(message)
    written_by = actor_of(commit.author) if commit.author else None
    for agent in (written_by, agent_of_email((author.email if author else "") or "")):
        if agent and agent.startswith("agent:"):
            agents.add(agent)
    stamps = texts.trailer_stamps([message])
    at = (committer.date if committer else None) or (author.date if author else None)
    return {
        "sha": commit.sha,
        "committed_at": instant_text(at) if at else None,
        "agents": sorted(agents),
        "stamps": list(stamps.ids),
        "malformed_stamps": stamps.malformed,
        "reverts": list(texts.reverted_commits(message)),
        **_sessions(message, keyed_digest),
    }


def _signed(body: str) -> RawRow:
    """Keep which agents signed a body; few did, and rows of the others stay as they were."""
    found = texts.signing_agents(body)
    return {"agents": sorted(found)} if found else {}


def _sessions(text: str, keyed_digest: Callable[[str], str]) -> RawRow:
    """Keep what sessions a text names; few do, and rows of the others stay as they were."""
    found = texts.agent_sessions(text)
    return {"sessions": [keyed_digest(one) for one in found]} if found else {}
