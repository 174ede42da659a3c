"""Hints of a logged request, as far as they may be kept: stamps, keys and repositories.

Text from outside ends here: a stamp is a short word or nothing, a key or a repository that
nobody declared becomes a keyed digest, because it may be a person's.
"""

import re
from collections.abc import Callable, Collection, Iterable
from urllib.parse import unquote

from tasks.core.globs import compiled

_STAMP = re.compile(r"[a-z0-9_.-]{1,64}", re.ASCII)
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,39}/[A-Za-z0-9_.-]{1,100}", re.ASCII)
# `https://host/owner/name.git`, `ssh://git@host/owner/name`, `git@host:owner/name.git`
_REMOTE = re.compile(r"(?:[a-z+]+://[^/]+/|[^/:@]+@[^/:]+:)(.+)", re.ASCII | re.IGNORECASE)


def stamp_of(text: str) -> str | None:
    """Read the value of an attribute or tag as a stamp; None where it is no short word.

    Args:
        text: As written; percent-encoded as `OTEL_RESOURCE_ATTRIBUTES` asks for.
    """
    stamp = unquote(text, errors="replace")
    return stamp if _STAMP.fullmatch(stamp) else None


def tagged(tags: Iterable[str], keys: Iterable[str]) -> list[str]:
    """List what tags like `workflow:<id>` or `workflow=<id>` say under any of the keys.

    In the order of the keys, then of the tags, each value once.
    """
    pairs: dict[str, list[str]] = {}
    for tag in tags:
        key, mark, value = _split(tag)
        if mark and value:
            pairs.setdefault(key, []).append(value)
    return list(dict.fromkeys(value for key in keys for value in pairs.get(key, ())))


def named_or_digest(
    value: str, declared: Collection[str], keyed_digest: Callable[[str], str]
) -> str:
    """Keep a vendor's id that is declared; any other becomes a keyed digest."""
    return value if value in declared else keyed_digest(value)


def repository_hint(
    text: str, declared: Iterable[str], keyed_digest: Callable[[str], str]
) -> str | None:
    """Name a repository as `owner/name` where it is declared, else by a keyed digest of that.

    Args:
        text: `owner/name`, or the address of a remote; credentials in it are dropped.
        declared: Globs of repositories that are kept by name.
        keyed_digest: Digest under the installation's own key.

    Returns:
        None where the text names no repository.
    """
    remote = _REMOTE.fullmatch(text.strip())
    path = remote.group(1) if remote else text.strip()
    parts = path.strip("/").removesuffix(".git").split("/")
    name = "/".join(parts[-2:])
    if _REPOSITORY.fullmatch(name) is None:
        return None
    return name if any(compiled(glob)(name) for glob in declared) else keyed_digest(name)


def _split(tag: str) -> tuple[str, str, str]:
    """Split a tag at its first `:` or `=`."""
    found = re.search(r"[:=]", tag)
    if found is None:
        return tag, "", ""
    return tag[: found.start()].strip(), found.group(), tag[found.end() :].strip()
