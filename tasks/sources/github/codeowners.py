"""Read a CODEOWNERS file for one thing: how much of the repository it gives owners."""

import base64
import binascii

#: GitHub takes the first of these that exists.
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")

_EVERYTHING = frozenset({"*", "**", "/**", "**/*", "/**/*"})
_CONFIG = frozenset({"config", "config/catalog.yaml", "catalog.yaml"})


def decoded(content: str) -> str:
    """Decode the content of a file as GitHub sends it.

    Raises:
        ValueError: It is not base64.
    """
    try:
        return base64.b64decode(content).decode(errors="replace")
    except binascii.Error as error:
        message = "content is not base64"
        raise ValueError(message) from error


def coverage(text: str) -> str:
    """Say what a file covers; its patterns and owners are forgotten.

    The last line that matches a file counts, and a line without an owner takes owners away.

    Returns:
        `covers_all`; `covers_config` if the configuration has owners, but not everything;
        `covers_part`.
    """
    has_everything = has_holes = has_config = False
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        has_owner = any("@" in word for word in words[1:])
        if words[0] in _EVERYTHING:
            has_everything, has_holes, has_config = has_owner, False, has_owner
        else:
            has_holes = has_holes or not has_owner
            if _is_config(words[0]):
                has_config = has_owner
    if has_everything and not has_holes:
        return "covers_all"
    return "covers_config" if has_config else "covers_part"


def _is_config(pattern: str) -> bool:
    return pattern.removesuffix("**").removesuffix("*").strip("/") in _CONFIG
