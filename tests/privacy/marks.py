"""Whom the byte search looks for: the sandbox's people, and some whose names are not ASCII."""

from collections.abc import Iterator

from sandbox.estate import cursor, devin_api, enterprise_api
from sandbox.people import PEOPLE, SEEDED_NAMES

#: Beside the sandbox's: accents, other scripts, names without a blank.
FURTHER = ("Zoë Müllerstein", "Nguyễn Văn Ánhtuyết", "Иван Петровскийчук", "李小龙飞鸿")

MARKS: tuple[str, ...] = (*SEEDED_NAMES, *FURTHER)


def identifiers() -> Iterator[str]:
    """Give all that people are known by, in spellings that a digest may be made of."""
    for index, person in enumerate(PEOPLE):
        known_as = (
            *(person.name, *person.name.split(), person.login, person.email, person.jira_id),
            *(person.email.partition("@")[0], f"@{person.login}", f"/home/{person.login}"),
            *(str(person.github_id), f"install-{person.github_id}"),
            *(cursor.user_id(index), devin_api.user_id(person)),
            enterprise_api.user_id(person.login),
        )
        for text in known_as:
            yield from {text, text.lower(), text.upper()}
    yield from FURTHER
