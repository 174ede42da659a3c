"""The door that identifiers of people come to: what becomes of them, and that they end there.

A parse function hands a person's identifier to the door and gets a squad or nothing back.
The identifier itself goes no further: it is not stored, logged or digested.
"""

import unicodedata
from collections.abc import Callable, Mapping


class Door:
    """What parse functions may ask about text that must not be kept.

    Called with text, it gives the text's keyed digest: for branches, sessions, keys and
    repositories, never for people.

    Args:
        digest: Keyed digest of this installation.
        squads: Squad by a person's identifier, as `normal` spells it; empty without a directory.
    """

    __slots__ = ("_digest", "_squads")

    def __init__(
        self, digest: Callable[[str], str], squads: Mapping[str, str] | None = None
    ) -> None:
        self._digest = digest
        self._squads = dict(squads or {})

    def __call__(self, text: str) -> str:
        """Give the keyed digest of a text."""
        return self._digest(text)

    def __repr__(self) -> str:
        """Tell nothing of what it holds."""
        return f"{type(self).__name__}()"

    @property
    def has_directory(self) -> bool:
        """Whether anybody is known at all."""
        return bool(self._squads)

    def squad_of(self, *identifiers: str | None) -> str | None:
        """Name the squad of a person by the first of several identifiers that is known."""
        for identifier in identifiers:
            squad = self._squads.get(normal(identifier)) if identifier else None
            if squad is not None:
                return squad
        return None


def normal(identifier: str) -> str:
    """Spell an e-mail address, login or account id as the directory is asked for it."""
    return unicodedata.normalize("NFC", identifier.strip()).casefold()
